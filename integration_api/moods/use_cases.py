"""Mood check-ins: made in a moment, listed, read, taken back. What needs words is an entry."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.use_cases import session_of
from integration_api.errors import Invalid, NotFound
from models import (
    Between,
    MoodCheckIn,
    Page,
    PageRequest,
    latest_session,
    mood_check_ins_within,
    narrowed,
    new_id,
    offset_minutes_of,
    page_in_time,
    time_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInDraft:
    """A check-in as it is sent. Without a session it is tied to the latest one before it."""

    valence: int
    arousal: int
    at: datetime | None = None
    session_id: UUID | None = None
    visibility: str = "private"
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInFilter(Between):
    """Which to list, by when they were; None: whichever."""

    patient_id: UUID | None = None
    session_id: UUID | None = None
    visibility: str | None = None


def list_check_ins(
    db_session: DbSession, caller: Principal, wanted: CheckInFilter, page: PageRequest, at: datetime
) -> Page[MoodCheckIn]:
    """List the check-ins that the caller may read, the latest first; one dated far ahead stands where it came."""
    visible = mood_check_ins_within(reach(caller, Resource.MOOD_CHECK_IN, Action.SEARCH))
    equal = (
        (MoodCheckIn.patient_id, wanted.patient_id),
        (MoodCheckIn.session_id, wanted.session_id),
        (MoodCheckIn.visibility, wanted.visibility),
    )
    found = narrowed(visible, equal, MoodCheckIn.at, wanted)
    return page_in_time(db_session, found, MoodCheckIn.at, page, at)


def read_check_in(
    db_session: DbSession, caller: Principal, check_in_id: UUID, action: Action = Action.READ
) -> MoodCheckIn:
    """Read one; raise `NotFound`."""
    visible = mood_check_ins_within(reach(caller, Resource.MOOD_CHECK_IN, action))
    found = db_session.scalars(visible.where(MoodCheckIn.id == check_in_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such check-in.")
    return found


def check_in(db_session: DbSession, caller: Principal, draft: CheckInDraft, now: datetime) -> MoodCheckIn:
    """Keep how a patient feels. `now` is when it arrived, for who gives no time."""
    limits = reach(caller, Resource.MOOD_CHECK_IN, Action.CREATE)
    if limits.patient_id is None:
        raise Invalid.at("", "The account belongs to no patient.")
    at = draft.at or now
    made = MoodCheckIn(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        patient_id=limits.patient_id,
        at=at,
        offset_minutes=offset_minutes_of(at),
        valence=draft.valence,
        arousal=draft.arousal,
        visibility=draft.visibility,
        is_session_given=draft.session_id is not None,
    )
    made.session_id = (
        db_session.scalar(select(latest_session(made.patient_id, time_of(at, now, now))))
        if draft.session_id is None
        else session_of(db_session, caller, draft.session_id, made.patient_id)
    )
    db_session.add(made)
    db_session.flush()
    return made


def take_back(db_session: DbSession, caller: Principal, check_in_id: UUID, match: Callable[[Any], Any]) -> None:
    """Take a check-in back."""
    found = read_check_in(db_session, caller, check_in_id, Action.DELETE)
    match(found)
    db_session.delete(found)
    db_session.flush()
