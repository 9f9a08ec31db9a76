"""When somebody leaves, or a telephone is stolen: an account is switched off and all that it holds open ends.

It can be switched on again. What the person wrote stays, with their name on it, and so does the trail; of a patient the
record, the care team and the consents stay as well. What ended does not come back by itself: the sign-ins, what clients
were allowed, a clinician's places in care teams, a record system's Subscriptions.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.access.use_cases import user_named
from integration_api.errors import Invalid, NotFound
from models import (
    BreakGlass,
    CareTeam,
    CareTeamMember,
    Clinician,
    Credential,
    Deed,
    Invitation,
    Patient,
    User,
    append_deeds,
    end_subscriptions,
    revoke_grants,
)


def set_access(db_session: DbSession, person: Patient | Clinician, at: datetime, *, is_active: bool) -> None:
    """Switch a person's account off or on, where that is not how it stands; raise `Invalid` where there is none."""
    if is_active == person.is_active:
        return
    if person.user is None:
        raise Invalid.at("/is_active", "There is no account to switch off.")
    if is_active:
        _set(person.user, person, at, is_active=True)
    else:
        _switch_off(db_session, person.user, person, at)


def switch_off_by_name(db_session: DbSession, username: str, at: datetime) -> None:
    """Switch any account off; for the command line, where nobody is logged in. Raises `NotFound`."""
    user = user_named(db_session, username)
    patients = _switch_off(db_session, user, _person_of(db_session, user), at)
    _tell_trail(db_session, user, "switchOffAccount", patients, at)


def switch_on_by_name(db_session: DbSession, username: str, at: datetime) -> None:
    """Let an account in again; for the command line. Raises `NotFound`, also of a patient who was forgotten."""
    found = select(User).where(User.username == username, ~User.is_active)
    user = db_session.scalar(found.where(~User.id.in_(_erased())))
    if user is None:
        raise NotFound("There is no account of that name that is switched off.")
    _set(user, _person_of(db_session, user), at, is_active=True)
    _tell_trail(db_session, user, "switchOnAccount", (), at)


def _person_of(db_session: DbSession, user: User) -> Patient | Clinician | None:
    patient = db_session.scalar(select(Patient).where(Patient.user_id == user.id))
    return patient or db_session.scalar(select(Clinician).where(Clinician.user_id == user.id))


def _switch_off(db_session: DbSession, user: User, person: Patient | Clinician | None, at: datetime) -> set[UUID]:
    """Let an account in no more, and end what it holds open; give the patients whose record it was close to."""
    _set(user, person, at, is_active=False)
    db_session.flush()
    revoke_grants(db_session, user.id, at)
    end_subscriptions(db_session, user.id)
    # A cookie or a link from before is worth nothing, even if the account is switched on again.
    db_session.execute(update(Credential).where(Credential.user_id == user.id).values(sign_ins_since=at))
    db_session.execute(delete(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None)))
    if not isinstance(person, Clinician):
        return set()
    patients = _leave_care_teams(db_session, person.id) | _end_openings(db_session, person.id, at)
    db_session.flush()
    return patients


def _set(user: User, person: Patient | Clinician | None, at: datetime, *, is_active: bool) -> None:
    user.is_active = is_active
    if person is not None:
        person.updated_at = at  # a change of the account alone would not count as a change of the person


def _leave_care_teams(db_session: DbSession, clinician_id: UUID) -> set[UUID]:
    mine = select(CareTeamMember.care_team_id).where(CareTeamMember.clinician_id == clinician_id)
    teams = db_session.scalars(select(CareTeam).where(CareTeam.id.in_(mine)).order_by(CareTeam.id)).all()
    for team in teams:
        team.consist_of(each for each in team.members if each.clinician_id != clinician_id)
    return {team.patient_id for team in teams}


def _end_openings(db_session: DbSession, clinician_id: UUID, at: datetime) -> set[UUID]:
    still = select(BreakGlass).where(BreakGlass.clinician_id == clinician_id, BreakGlass.expires_at > at)
    openings = db_session.scalars(still.order_by(BreakGlass.id)).all()
    for opening in openings:
        opening.expires_at = at
    return {opening.patient_id for opening in openings}


def _erased() -> Select[UUID | None]:
    """Select the accounts of patients who were forgotten. Who has asked for it reads the own record until then."""
    return select(Patient.user_id).where(Patient.user_id.is_not(None), Patient.erased_at.is_not(None))


def _tell_trail(db_session: DbSession, user: User, operation: str, patients: Iterable[UUID], at: datetime) -> None:
    """Tell the organization's trail of the account, and that of each patient whose record it was close to."""
    of_account = db_session.scalar(select(Patient.id).where(Patient.user_id == user.id))
    deeds = [
        Deed.by_command_line(operation, "Account", "update", each, user.id) for each in (of_account, *sorted(patients))
    ]
    append_deeds(db_session, user.organization_id, at, deeds)
