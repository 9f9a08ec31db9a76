"""Group: the patients in care whom the caller may see, all of them, and those of each clinician."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from integration_api.access.policy import Resource, full_scope, reach
from integration_api.access.scopes import Action, parse_scopes
from integration_api.fhir.elements import Json, own_identifier, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.resources.listed import versioned
from integration_api.fhir.sources import Link, Listed, ResourceType
from models import CareTeam, CareTeamMember, Clinician, Patient, Reach, patients_within


def members_of(known: Known, limits: Reach) -> Mapping[UUID, Sequence[UUID]]:
    """Give the members of every group: the clinic's has its id, a clinician's has the clinician's.

    The clinic's is always there, also while nobody has agreed; a clinician's is where somebody is in it.
    """
    there = _in_care(limits)
    found: dict[UUID, list[UUID]] = {known.organization_id: list(known.db_session.scalars(there.order_by(Patient.id)))}
    of_teams = (
        select(CareTeamMember.clinician_id, CareTeam.patient_id)
        .join(CareTeam, CareTeam.id == CareTeamMember.care_team_id)
        .where(CareTeam.patient_id.in_(there))
        .order_by(CareTeamMember.clinician_id, CareTeam.patient_id)
    )
    for clinician_id, patient_id in known.db_session.execute(of_teams):
        found.setdefault(clinician_id, []).append(patient_id)
    return found


def groups_to_export(known: Known) -> Mapping[UUID, Sequence[UUID]]:
    """Give the members of every group that the account may see, also where its token may not read groups.

    A group says whose records are exported, scopes say what of them. Clients ask for the scopes of the types that they
    export and for no other (smart-fetch 1.0.3), and the servers that they know want no more.
    """
    caller = known.caller
    unscoped = replace(caller, scopes=parse_scopes(full_scope(caller.role)))
    return members_of(known, reach(unscoped, Resource.GROUP, Action.READ))


def _in_care(limits: Reach) -> Select[Any]:
    return patients_within(limits).where(Patient.erased_at.is_(None)).with_only_columns(Patient.id)


def _groups(known: Known, limits: Reach) -> Sequence[Json]:
    members = members_of(known, limits)
    of_clinic = (Clinician.organization_id == known.organization_id, Clinician.id.in_(members))
    names = {row.id: row.name for row in known.db_session.scalars(select(Clinician).where(*of_clinic))}
    names[known.organization_id] = known.organization.name
    return [_group(group_id, names[group_id], ids, known) for group_id, ids in members.items()]


def _group(group_id: UUID, name: str, members: Sequence[UUID], known: Known) -> Json:
    is_clinic = group_id == known.organization_id
    written = present(
        resourceType="Group",
        id=str(group_id),
        identifier=[own_identifier(group_id)],
        active=True,
        type="person",
        actual=True,
        name=f"Patients of {name}",
        managingEntity=reference("Organization" if is_clinic else "Practitioner", group_id),
        member=[{"entity": reference("Patient", each)} for each in members],
    )
    return versioned(written | {"quantity": len(members)})


def _ways_to_say(found: Json | None) -> tuple[str, ...]:
    """Name what a reference points to as a search may: with its type or without."""
    return () if found is None else (found["reference"], found["reference"].partition("/")[2])


TYPE = ResourceType(
    name="Group",
    resource=Resource.GROUP,
    sources=(
        Listed(
            make=_groups,
            parameters={
                "member": lambda found: [
                    name for each in found.get("member", ()) for name in _ways_to_say(each["entity"])
                ],
                "managing-entity": lambda found: _ways_to_say(found["managingEntity"]),
            },
            tokens={
                "identifier": lambda found: (found["identifier"][0]["system"], found["identifier"][0]["value"]),
                "type": lambda found: ("http://hl7.org/fhir/group-type", found["type"]),
            },
        ),
    ),
    parameters={"identifier": "token", "member": "reference", "managing-entity": "reference", "type": "token"},
    references={
        "member": Link("member.entity", ("Patient",)),
        "managing-entity": Link("managingEntity", ("Organization", "Practitioner")),
    },
    summary=("identifier", "active", "type", "actual", "name", "quantity", "managingEntity"),
    mandatory=("type", "actual"),
    is_about="the patients in care: all who share their record, and each clinician's",
)
