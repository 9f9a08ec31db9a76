"""Who is in the clinic: the caller, patients, clinicians, care teams."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Fault, Invalid, NotAllowed, NotFound
from integration_api.people.births import require_born
from integration_api.people.leaving import set_access
from models import (
    CareTeam,
    CareTeamMember,
    Clinician,
    Erasure,
    Extent,
    Order,
    Organization,
    Page,
    PageRequest,
    Patient,
    Reach,
    Role,
    User,
    care_teams_within,
    clinicians_within,
    hold,
    new_id,
    page_of,
    patients_within,
)


@dataclass(frozen=True, slots=True)
class Me:
    """The caller, as the caller may know it."""

    user: User
    organization: Organization
    principal: Principal
    name: str | None


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """A person in care, as told by the clinic's admin. With a `username` the person has an account."""

    name: str
    birth_date: date | None = None
    retain_until: date | None = None
    username: str | None = None
    id: UUID | None = None
    is_active: bool | None = None  # None: as it is


@dataclass(frozen=True, slots=True)
class ClinicianDraft:
    """A person who gives care, as told by the clinic's admin."""

    name: str
    role: str
    username: str | None = None
    id: UUID | None = None
    is_active: bool | None = None  # None: as it is


def read_me(db_session: DbSession, caller: Principal) -> Me:
    """Tell the caller who it is to us."""
    reach(caller, Resource.ME, Action.READ)
    user = db_session.get_one(User, caller.user_id)
    person: Patient | Clinician | None = None
    if caller.patient_id is not None:
        person = db_session.get_one(Patient, caller.patient_id)
    elif caller.clinician_id is not None:
        person = db_session.get_one(Clinician, caller.clinician_id)
    organization = db_session.get_one(Organization, caller.organization_id)
    return Me(user, organization, caller, person.name if person else None)


def list_patients(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[Patient]:
    """List the patients the caller may see, by name."""
    visible = patients_within(reach(caller, Resource.PATIENT, Action.SEARCH))
    return page_of(db_session, visible, Order((Patient.name, Patient.id)), page)


def read_patient(db_session: DbSession, caller: Principal, patient_id: UUID, action: Action = Action.READ) -> Patient:
    """Read one patient; raise `NotFound`."""
    return patient_within(db_session, reach(caller, Resource.PATIENT, action), patient_id)


def patient_within(db_session: DbSession, limits: Reach, patient_id: UUID) -> Patient:
    """Find a patient; raise `NotFound` for one out of reach."""
    patient = db_session.scalars(patients_within(limits).where(Patient.id == patient_id)).one_or_none()
    if patient is None:
        raise NotFound("There is no such patient.")
    return patient


def register_patient(db_session: DbSession, caller: Principal, draft: PatientDraft, at: datetime) -> Patient:
    """Take a person into care, with an empty care team."""
    _by_staff(reach(caller, Resource.PATIENT, Action.CREATE))
    require_born(draft.birth_date, at)
    patient = Patient(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        name=draft.name,
        birth_date=draft.birth_date,
        retain_until=draft.retain_until,
        user=_account(caller, draft.username, Role.PATIENT),
    )
    db_session.add(patient)
    db_session.flush()
    db_session.add(CareTeam(organization_id=caller.organization_id, patient_id=patient.id))
    db_session.flush()
    return patient


def _by_staff(limits: Reach) -> None:
    """Keep record systems to their own door: there they name whom they put in by their own identifier."""
    if limits.extent is Extent.PUT_IN:
        raise NotAllowed("A record system puts people in at /fhir/R4.")


def change_patient(
    db_session: DbSession, caller: Principal, patient_id: UUID, merge: Callable[[Patient], PatientDraft], at: datetime
) -> Patient:
    """Change what is known of a patient. An account, once given, keeps its name; it may be switched off, and on."""
    _by_staff(reach(caller, Resource.PATIENT, Action.UPDATE))
    patient = read_patient(db_session, caller, patient_id, Action.UPDATE)
    if patient.erased_at is not None:
        raise _forgotten()
    draft = merge(patient)
    if draft.birth_date != patient.birth_date:  # what was put in for an unknown one before this was refused may stay
        require_born(draft.birth_date, at)
    if draft.name != patient.name:
        patient.family = patient.given = None  # its parts are of the name before
    patient.name, patient.birth_date, patient.retain_until = draft.name, draft.birth_date, draft.retain_until
    hold(db_session, patient.id, draft.retain_until)
    _give_account(caller, patient, draft.username, Role.PATIENT)
    if draft.is_active is not None:
        set_access(db_session, patient, at, is_active=draft.is_active)
    db_session.flush()
    return patient


def list_clinicians(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[Clinician]:
    """List the organization's clinicians, by name."""
    visible = clinicians_within(reach(caller, Resource.CLINICIAN, Action.SEARCH))
    found = page_of(db_session, visible, Order((Clinician.name, Clinician.id)), page)
    for each in found.items:
        _show_to(caller, each)
    return found


def _show_to(caller: Principal, clinician: Clinician) -> None:
    """Patients know who cares for them by name, and not by what they sign in with."""
    if caller.role == Role.PATIENT:
        clinician.show_without_account()


def read_clinician(
    db_session: DbSession, caller: Principal, clinician_id: UUID, action: Action = Action.READ
) -> Clinician:
    """Read one clinician; raise `NotFound`."""
    visible = clinicians_within(reach(caller, Resource.CLINICIAN, action))
    clinician = db_session.scalars(visible.where(Clinician.id == clinician_id)).one_or_none()
    if clinician is None:
        raise NotFound("There is no such clinician.")
    _show_to(caller, clinician)
    return clinician


def register_clinician(db_session: DbSession, caller: Principal, draft: ClinicianDraft) -> Clinician:
    """Take a clinician into the organization."""
    reach(caller, Resource.CLINICIAN, Action.CREATE)
    clinician = Clinician(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        name=draft.name,
        role=draft.role,
        user=_account(caller, draft.username, Role(draft.role)),
    )
    db_session.add(clinician)
    db_session.flush()
    return clinician


def change_clinician(
    db_session: DbSession,
    caller: Principal,
    clinician_id: UUID,
    merge: Callable[[Clinician], ClinicianDraft],
    at: datetime,
) -> Clinician:
    """Change what is known of a clinician; the account follows the role, and is switched off when somebody leaves."""
    clinician = read_clinician(db_session, caller, clinician_id, Action.UPDATE)
    draft = merge(clinician)
    clinician.name, clinician.role = draft.name, draft.role
    _give_account(caller, clinician, draft.username, Role(draft.role))
    if clinician.user is not None:
        clinician.user.role = draft.role
    if draft.is_active is not None:
        set_access(db_session, clinician, at, is_active=draft.is_active)
    db_session.flush()
    return clinician


def read_care_team(
    db_session: DbSession, caller: Principal, patient_id: UUID, action: Action = Action.READ
) -> CareTeam:
    """Read who cares for a patient; raise `NotFound` where the caller may not see the patient."""
    visible = care_teams_within(reach(caller, Resource.CARE_TEAM, action))
    team = db_session.scalars(visible.where(CareTeam.patient_id == patient_id)).one_or_none()
    if team is None:
        raise NotFound("There is no such patient.")
    return team


def replace_care_team(
    db_session: DbSession,
    caller: Principal,
    patient_id: UUID,
    match: Callable[[CareTeam], object],
    clinician_ids: Sequence[UUID],
) -> CareTeam:
    """Say who cares for a patient from now on. Those who stay keep the day they came.

    Nobody does any more for who has asked to be forgotten: what came into the record then, nothing would erase.
    """
    team = read_care_team(db_session, caller, patient_id, Action.UPDATE)
    match(team)
    if clinician_ids and db_session.scalar(select(Erasure.id).where(Erasure.patient_id == patient_id)):
        raise _forgotten()
    found = _held(db_session, caller, clinician_ids)
    faults = [
        _why_not(found.get(clinician_id), pointer=f"/members/{place}/clinician_id")
        for place, clinician_id in enumerate(clinician_ids)
        if clinician_id not in found or not found[clinician_id].is_active
    ]
    if faults:
        raise Invalid(*faults)
    before = {member.clinician_id: member for member in team.members}
    team.consist_of(
        before.get(clinician_id) or CareTeamMember(organization_id=team.organization_id, clinician=found[clinician_id])
        for clinician_id in dict.fromkeys(clinician_ids)
    )
    db_session.flush()
    return team


def _held(db_session: DbSession, caller: Principal, clinician_ids: Sequence[UUID]) -> dict[UUID, Clinician]:
    """Find clinicians, whose accounts nobody switches off before this is kept: who leaves would be left in the team."""
    staff = clinicians_within(reach(caller, Resource.CLINICIAN, Action.SEARCH))
    found = {one.id: one for one in db_session.scalars(staff.where(Clinician.id.in_(clinician_ids)))}
    accounts = select(User).where(User.id.in_([one.user_id for one in found.values()])).order_by(User.id)
    held = accounts.with_for_update(key_share=True).execution_options(populate_existing=True)
    db_session.scalars(held).all()
    return found


def _forgotten() -> Conflict:
    return Conflict("This patient has asked to be forgotten. The record stays closed.")


def _why_not(clinician: Clinician | None, pointer: str) -> Fault:
    if clinician is None:
        return Fault("There is no such clinician.", pointer=pointer)
    return Fault("The account of this clinician is switched off.", pointer=pointer)


def _account(caller: Principal, username: str | None, role: Role) -> User | None:
    if username is None:
        return None
    return User(organization_id=caller.organization_id, username=username, role=role)


def _give_account(caller: Principal, person: Patient | Clinician, username: str | None, role: Role) -> None:
    """Give an account to somebody who has none; one that is there is neither renamed nor taken away here."""
    current = person.user.username if person.user else None
    if username == current:
        return
    if current is not None:
        raise Invalid.at("/username", "An account that was given keeps its name.")
    person.user = _account(caller, username, role)
