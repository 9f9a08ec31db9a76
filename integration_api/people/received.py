"""Patients that a record system puts in, each under the system's own identifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Invalid, NotFound
from integration_api.people.births import require_born
from models import CareTeam, Identifier, Patient, new_id, now, patients_within

Named = tuple[str, str]  # system and value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPatient:
    """A person as a record system knows them."""

    name: str
    identifiers: Sequence[Named]
    family: str | None = None
    given: str | None = None
    gender: str | None = None
    birth_date: date | None = None


def receive_patient(db_session: DbSession, caller: Principal, told: ReceivedPatient, at: datetime) -> Patient:
    """Take a person into care whom a record system names, with an empty care team."""
    reach(caller, Resource.PATIENT, Action.CREATE)
    patient = Patient(id=new_id(), organization_id=caller.organization_id)
    _describe(patient, told, at)
    db_session.add(patient)
    db_session.flush()
    db_session.add(CareTeam(organization_id=caller.organization_id, patient_id=patient.id))
    name_record(db_session, caller, told.identifiers, patient_id=patient.id)
    db_session.flush()
    return patient


def change_received_patient(
    db_session: DbSession,
    caller: Principal,
    patient_id: UUID,
    told: ReceivedPatient,
    match: Callable[[Patient], Any],
    at: datetime,
) -> Patient:
    """Change what is known of a person whom the caller has put in; raise `NotFound`."""
    visible = patients_within(reach(caller, Resource.PATIENT, Action.UPDATE)).where(Patient.id == patient_id)
    # Held, so that changes which name no version come one after the other, and none is told that it came too late.
    held = visible.with_for_update(of=Patient, key_share=True).execution_options(populate_existing=True)
    patient = db_session.scalars(held).one_or_none()
    if patient is None:
        raise NotFound("There is no such patient.")
    match(patient)
    _describe(patient, told, at)
    if name_record(db_session, caller, told.identifiers, patient_id=patient.id):
        patient.updated_at = now()  # a change of names alone would not count as a change of the person
    db_session.flush()
    return patient


def _describe(patient: Patient, told: ReceivedPatient, at: datetime) -> None:
    """Refuse a birth date that has not come; what stood for an unknown one before that was refused may stay."""
    if told.birth_date != patient.birth_date:
        require_born(told.birth_date, at, "birthDate")
    patient.name, patient.family, patient.given = told.name, told.family, told.given
    patient.gender, patient.birth_date = told.gender, told.birth_date


def name_record(
    db_session: DbSession,
    caller: Principal,
    wanted: Sequence[Named],
    *,
    patient_id: UUID,
    session_id: UUID | None = None,
) -> bool:
    """Have a patient, or a session of theirs, go by these names of the caller's; tell whether that changes anything.

    Nothing is flushed. Names that others have given stay. Raise `Invalid` where there is none, `Conflict` where one
    is another record's.
    """
    if not wanted:
        raise Invalid.at("identifier", "It needs an identifier of the record system, with system and value.")
    kind = "patient" if session_id is None else "session"
    with db_session.no_autoflush:  # so that the record itself is stored once, with its names
        return _name(db_session, caller, wanted, kind, (patient_id, session_id))


def _name(
    db_session: DbSession, caller: Principal, wanted: Sequence[Named], kind: str, ids: tuple[UUID, UUID | None]
) -> bool:
    patient_id, session_id = ids
    of_record = (Identifier.patient_id == patient_id, Identifier.session_id == session_id, Identifier.kind == kind)
    there = {(each.system, each.value): each for each in db_session.scalars(select(Identifier).where(*of_record))}
    fresh = [each for each in dict.fromkeys(wanted) if each not in there]
    stale = [row for named, row in there.items() if row.owner_id == caller.user_id and named not in set(wanted)]
    for system, value in fresh:
        _require_free(db_session, kind, session_id or patient_id, system, value)
        db_session.add(
            Identifier(
                organization_id=caller.organization_id,
                patient_id=patient_id,
                session_id=session_id,
                owner_id=caller.user_id,
                kind=kind,
                system=system,
                value=value,
            )
        )
    for row in stale:
        db_session.delete(row)
    return bool(fresh or stale)


def names_of(db_session: DbSession, patient: Patient) -> Sequence[Identifier]:
    """List what record systems call a patient and the patient's sessions."""
    of_patient = select(Identifier).where(Identifier.patient_id == patient.id)
    return db_session.scalars(of_patient.order_by(Identifier.created_at, Identifier.id)).all()


def _require_free(db_session: DbSession, kind: str, record_id: UUID, system: str, value: str) -> None:
    named = (Identifier.kind == kind, Identifier.system == system, Identifier.value == value)
    found = db_session.scalars(select(Identifier).where(*named)).one_or_none()
    if found is not None and found.record_id != record_id:
        raise Conflict("Another record has this identifier already.")
