"""CareTeam: who cares for a patient."""

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, meta, moment, own_identifier, period, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, of_patient
from integration_api.fhir.resources.practitioner import role
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import CareTeam, CareTeamMember, care_teams_within

STATUS = {"system": "http://hl7.org/fhir/care-team-status", "code": "active"}


def make(row: CareTeam, known: Known) -> Json:
    """Write a care team, with the patient as its first member."""
    return present(
        resourceType="CareTeam",
        id=str(row.id),
        meta=meta(row.version, row.updated_at),
        identifier=[own_identifier(row.id)],
        status=STATUS["code"],
        subject=reference("Patient", row.patient_id),
        participant=[_participant(each, known) for each in row.members],
        managingOrganization=[reference("Organization", row.organization_id)],
    )


def _participant(member: CareTeamMember, known: Known) -> Json:
    return present(
        role=[role(member.clinician.role, known)],
        member=reference("Practitioner", member.clinician_id),
        onBehalfOf=reference("Organization", member.organization_id),
        period=period(moment(member.since), None),
    )


TYPE = ResourceType(
    name="CareTeam",
    resource=Resource.CARE_TEAM,
    sources=(
        Rows(
            within=care_teams_within,
            id=CareTeam.id,
            updated=CareTeam.updated_at,
            make=make,
            parameters={**of_patient(CareTeam.patient_id), "status": always(STATUS)},
        ),
    ),
    parameters={"patient": "reference", "subject": "reference", "status": "token"},
    references={
        "patient": SUBJECT,
        "subject": SUBJECT,
        "participant": Link("participant.member", ("Practitioner",)),
    },
    summary=("identifier", "status", "subject", "managingOrganization"),
    is_about="a patient's care team",
)
