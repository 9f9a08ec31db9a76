"""What there is to remind a patient of. Each source gives its reminders; `SOURCES` lists them: a new one is one line.

Times are our own, with their reasons in docs/prompts.md, and to be reviewed by a clinician.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.progress import follow
from integration_api.action.use_cases import STALLS_AFTER
from integration_api.measures.due import Plan
from integration_api.measures.use_cases import due_and_coming_for
from integration_api.reminders.times import Window, local_day, on_day
from models import (
    Commitment,
    Intention,
    JournalEntry,
    Session,
    journal_entries_within,
    resolves_within,
    sessions_within,
)

AHEAD = timedelta(days=60)  # an app asks again long before
SETTLED = timedelta(hours=6)  # after a dosing began
SAME_EVENING = timedelta(hours=12)
MORNING, AFTERNOON, EVENING = time(10), time(17), time(18)
NEXT_DAY, THIRD_DAY, A_WEEK, WEEKLY_FROM = 1, 3, 7, 14  # days after a dosing
WEEK = timedelta(days=7)
WEEKS_ON = 12  # so long after a dosing the weekly reminder goes on
DAY = timedelta(days=1)
CALENDAR = ("dosing", "integration", "preparation", "psychotherapy")  # sessions to get ready for


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom, when and where reminders are asked for."""

    me: Principal
    patient_id: UUID
    at: datetime
    zone: tzinfo
    schedule: Sequence[Plan] = ()  # when the clinic asks for its measures


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder, before quiet hours. `step` and `record_id` name it for good, whenever it is due."""

    kind: str
    step: str
    record_id: UUID
    due_at: datetime
    window: Window
    link: str
    every_days: int | None = None  # again, so often, until the window closes
    words: str | None = None  # its wording, where not that of its kind

    @property
    def says(self) -> str:
        """The name of its wording."""
        return self.words or self.kind


Source = Callable[[DbSession, Asked], Iterable[Reminder]]


def writing(db_session: DbSession, asked: Asked) -> Iterator[Reminder]:
    """Remind of writing after each dosing session, held or planned, as long as no other one has begun since."""
    dosings = _sessions(db_session, asked, ("dosing",), asked.at - WEEKS_ON * WEEK)
    written = _written(db_session, asked, dosings[0].starts_at if dosings else asked.at)
    for number, session in enumerate(dosings):
        following = dosings[number + 1].starts_at if number + 1 < len(dosings) else None
        for each in _after(session, asked.zone):
            is_over = following is not None and each.due_at >= following - DAY
            is_done = any(each.window.opens_at <= at < each.window.closes_at for at in written)
            if not is_over and (each.every_days or not is_done):
                yield each
        yield _weekly(session, following, asked.zone)


def preparation(db_session: DbSession, asked: Asked) -> Iterator[Reminder]:
    """Remind of what is in the calendar, on the day before; of a dosing's intention two days before, if it has none."""
    coming = [each for each in _sessions(db_session, asked, CALENDAR, asked.at) if each.status == "planned"]
    visible = resolves_within(Intention, reach(asked.me, Resource.INTENTION, Action.SEARCH))
    own = visible.where(Intention.patient_id == asked.patient_id, Intention.session_id.is_not(None))
    intended = {each.session_id for each in db_session.scalars(own)}
    for session in coming:
        day = local_day(session.starts_at, asked.zone)
        window = Window(on_day(day - 2 * DAY, MORNING, asked.zone), session.starts_at)
        link = f"/v1/sessions/{session.id}"
        due_at = on_day(day - DAY, AFTERNOON, asked.zone)
        yield Reminder("preparation", "day_before", session.id, due_at, window, link)
        if session.kind == "dosing" and session.id not in intended and not session.intention:
            due_at = on_day(day - 2 * DAY, AFTERNOON, asked.zone)
            yield Reminder("preparation", "intention", session.id, due_at, window, link, words="intention")


def commitments(db_session: DbSession, asked: Asked) -> Iterator[Reminder]:
    """Remind of what is due, on its day; of what has no day, when nothing was written of it for two weeks."""
    visible = resolves_within(Commitment, reach(asked.me, Resource.COMMITMENT, Action.SEARCH))
    is_open = (Commitment.patient_id == asked.patient_id, Commitment.status == "open")
    today = local_day(asked.at, asked.zone)  # of any other day nothing is told, and no clock may reach it
    is_near = or_(Commitment.due_on.is_(None), Commitment.due_on.between(today - DAY, today + AHEAD + DAY))
    for each in follow(db_session, asked.me, db_session.scalars(visible.where(*is_open, is_near)), asked.at):
        due_on = each.resolve.due_on
        if due_on is None:
            day = local_day((each.last_spoken_of or each.resolve.created_at) + STALLS_AFTER, asked.zone)
            due_at, step = on_day(day, AFTERNOON, asked.zone), "quiet"
        else:
            due_at, step = on_day(due_on, MORNING, asked.zone), "due"
        window = Window(due_at, due_at + WEEK)
        yield Reminder("commitment", step, each.id, due_at, window, f"/v1/commitments/{each.id}")


def measures(db_session: DbSession, asked: Asked) -> Iterator[Reminder]:
    """Remind of a questionnaire from when it is due until it is answered: weekly, or daily where a dosing is near.

    Also of one that is only coming: an app lays its reminders out ahead, and may not ask again on the very day.
    """
    limits = reach(asked.me, Resource.MEASURE_DUE, Action.SEARCH)
    for each in due_and_coming_for(db_session, limits, asked.patient_id, asked.schedule, asked.at):
        due_at = _evening_from(each.since, asked.zone)
        # From now on, and not from when it was due: that may be long past where a course is taken up again. Counted in
        # whole weeks, so that who asks twice is told the same.
        closes_at = each.until or due_at + (max((asked.at - due_at) // WEEK, 0) + WEEKS_ON) * WEEK
        window, step = Window(due_at, closes_at), f"{each.measure}.{each.reason}"
        link, every_days = f"/v1/measures/{each.measure}", 7 if each.until is None else 1
        yield Reminder("measure", step, asked.patient_id, due_at, window, link, every_days=every_days)


def _evening_from(since: datetime, zone: tzinfo) -> datetime:
    """Give the first evening that is not before a moment."""
    evening = on_day(local_day(since, zone), EVENING, zone)
    return evening if since <= evening else on_day(local_day(since, zone) + DAY, EVENING, zone)


SOURCES: tuple[Source, ...] = (writing, preparation, commitments, measures)


def _after(session: Session, zone: tzinfo) -> Iterator[Reminder]:
    """Lay the steps after one dosing: once it has settled, the next morning, the third day, a week on."""
    start = session.starts_at
    day = local_day(start, zone)
    steps: Sequence[tuple[str, datetime, Window]] = (
        ("settled", start + SETTLED, Window(start, start + SAME_EVENING)),
        *(
            (name, on_day(day + days * DAY, at, zone), _days(day + days * DAY, count, zone))
            for name, days, at, count in (
                ("next_day", NEXT_DAY, MORNING, 1),
                ("third_day", THIRD_DAY, EVENING, 2),
                ("week", A_WEEK, EVENING, 3),
            )
        ),
    )
    for step, due_at, window in steps:
        yield Reminder("writing", step, session.id, due_at, window, "/v1/prompts")


def _weekly(session: Session, following: datetime | None, zone: tzinfo) -> Reminder:
    """Go on once a week until the next dosing, or for some months."""
    day = local_day(session.starts_at, zone)
    first, last = (on_day(day + days * DAY, EVENING, zone) for days in (WEEKLY_FROM, WEEKS_ON * 7))
    window = Window(first, last if following is None else min(last, following - DAY))
    return Reminder("writing", "weekly", session.id, first, window, "/v1/prompts", every_days=7)


def _days(day: Any, count: int, zone: tzinfo) -> Window:
    return Window(on_day(day, time(0), zone), on_day(day + count * DAY, time(0), zone))


def _sessions(db_session: DbSession, asked: Asked, kinds: tuple[str, ...], since: datetime) -> list[Session]:
    """Read a patient's sessions that were not cancelled, the earliest first."""
    visible = sessions_within(reach(asked.me, Resource.SESSION, Action.SEARCH))
    held = visible.where(
        Session.patient_id == asked.patient_id,
        Session.kind.in_(kinds),
        Session.status != "cancelled",
        Session.starts_at > since,
    )
    return list(db_session.scalars(held.order_by(Session.starts_at, Session.id)))


def _written(db_session: DbSession, asked: Asked, since: datetime) -> list[datetime]:
    visible = journal_entries_within(reach(asked.me, Resource.JOURNAL_ENTRY, Action.SEARCH))
    own = visible.where(JournalEntry.patient_id == asked.patient_id, JournalEntry.written_at >= since)
    return list(db_session.scalars(own.with_only_columns(JournalEntry.written_at)))
