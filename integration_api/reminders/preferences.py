"""Which reminders a patient wants: kinds, quiet hours, time zone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotFound
from integration_api.reminders.times import Quiet
from models import ReminderSettings

KINDS = ("writing", "preparation", "commitment", "measure")


@dataclass(frozen=True, slots=True)
class Preferences:
    """A patient's settings; without any of their own, everything is on and the night is quiet."""

    patient_id: UUID
    kinds: dict[str, bool]
    quiet: Quiet = field(default_factory=Quiet)
    timezone: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class PreferencesDraft:
    """Settings as they are sent."""

    kinds: dict[str, bool]
    quiet: Quiet
    timezone: str | None


def read_preferences(db_session: DbSession, caller: Principal, action: Action = Action.READ) -> Preferences:
    """Read the calling patient's settings; raise `NotFound` for an account of nobody."""
    patient_id = reach(caller, Resource.REMINDER, action).patient_id
    if patient_id is None:
        raise NotFound("The account belongs to no patient.")
    row = _row(db_session, patient_id)
    if row is None:
        return Preferences(patient_id, dict.fromkeys(KINDS, True))
    return _preferences(row)


def change_preferences(
    db_session: DbSession, caller: Principal, merge: Callable[[Preferences], PreferencesDraft]
) -> Preferences:
    """Change the calling patient's settings."""
    before = read_preferences(db_session, caller, Action.UPDATE)
    draft = merge(before)
    row = _row(db_session, before.patient_id)
    if row is None:
        row = ReminderSettings(organization_id=caller.organization_id, patient_id=before.patient_id)
        db_session.add(row)
    row.off = sorted(kind for kind, is_on in draft.kinds.items() if not is_on)
    row.quiet_from, row.quiet_until = _written(draft.quiet.since), _written(draft.quiet.until)
    row.timezone = draft.timezone
    db_session.flush()
    return _preferences(row)


def _row(db_session: DbSession, patient_id: UUID) -> ReminderSettings | None:
    own = select(ReminderSettings).where(ReminderSettings.patient_id == patient_id)
    return db_session.scalars(own).one_or_none()


def _preferences(row: ReminderSettings) -> Preferences:
    kinds = {kind: kind not in row.off for kind in KINDS}
    found = Preferences(row.patient_id, kinds, timezone=row.timezone, version=row.version)
    return replace(found, quiet=Quiet(time.fromisoformat(row.quiet_from), time.fromisoformat(row.quiet_until)))


def _written(at: time) -> str:
    return at.isoformat("minutes")
