"""What an app can remind the calling patient of, in the order of time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from heapq import heapify, heappop, heappush
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, full_scope, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action, parse_scopes
from integration_api.journal.clock import zone_of
from integration_api.measures.due import Plan
from integration_api.reminders.preferences import read_preferences
from integration_api.reminders.sources import AHEAD, SOURCES, Asked, Reminder
from integration_api.reminders.times import Quiet, on_day, out_of_quiet
from models import Page, PageRequest, page_of_list

# Where the things lie that one reminder tells of together.
LISTS = {
    "preparation": "/v1/sessions?status=planned",
    "commitment": "/v1/commitments?status=open",
    "measure": "/v1/me/measures-due",
}
_NAMES = UUID("01a21ac9-6fb7-7265-9bac-0171b3c5d001")  # the space that the ids of reminders are named in


@dataclass(frozen=True, slots=True)
class Wish:
    """What reminders are asked for: the app's time zone, if it says so, and the clinic's schedule of measures."""

    timezone: str | None
    schedule: Sequence[Plan] = ()


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A reminder as the app schedules it. Its id stays when it moves; when it is gone, so is its cause.

    `count` says how many things wait that it tells of.
    """

    id: UUID
    patient_id: UUID
    reminder: Reminder
    due_at: datetime
    count: int = 1


def list_reminders(
    db_session: DbSession, caller: Principal, wish: Wish, page: PageRequest, at: datetime
) -> Page[Scheduled]:
    """List what is still to come, the earliest first, in the zone that is asked for or known of the patient."""
    reach(caller, Resource.REMINDER, Action.SEARCH)
    me = replace(caller, scopes=parse_scopes(full_scope(caller.role)))  # what is told shows nothing but times and ids
    wanted = read_preferences(db_session, me)
    zone = ZoneInfo(wish.timezone) if wish.timezone else zone_of(db_session, wanted.patient_id, at)
    asked = Asked(me, wanted.patient_id, at, zone, wish.schedule)
    drafts = (each for source in SOURCES for each in source(db_session, asked) if wanted.kinds[each.kind])
    found = sorted(_together(drafts, asked, wanted.quiet), key=_place)
    return page_of_list(found, _place, page)


def _place(scheduled: Scheduled) -> tuple[datetime, UUID]:
    return scheduled.due_at, scheduled.id


def _together(drafts: Iterable[Reminder], asked: Asked, quiet: Quiet) -> Iterator[Scheduled]:
    """Schedule reminders. Those that would say the same in the same minute are one, which says how many things wait.

    It comes as often as the one of them that comes most often; what goes on when that is over is reminded of from then.
    """
    waiting = [_placed(each) for draft in drafts for each in _scheduled(draft, asked.at, asked, quiet)]
    heapify(waiting)
    while waiting:
        alike = [heappop(waiting)]
        while waiting and waiting[0][:2] == alike[0][:2]:
            alike.append(heappop(waiting))
        first, *others = sorted((each[-1] for each in alike), key=lambda each: each.reminder.every_days or 0)
        yield _of_several(first, len(alike))
        over_at = first.reminder.window.closes_at
        for other in others:
            if other.reminder.every_days is not None:
                for each in _scheduled(other.reminder, over_at, asked, quiet):
                    heappush(waiting, _placed(each))


def _placed(scheduled: Scheduled) -> tuple[datetime, str, UUID, Scheduled]:
    return scheduled.due_at, scheduled.reminder.says, scheduled.id, scheduled


def _of_several(first: Scheduled, count: int) -> Scheduled:
    if count == 1:
        return first
    return replace(
        first, reminder=replace(first.reminder, link=LISTS.get(first.reminder.kind, first.reminder.link)), count=count
    )


def _scheduled(draft: Reminder, after: datetime, asked: Asked, quiet: Quiet) -> Iterator[Scheduled]:
    """Say when a reminder comes next after a moment, unless that is never, or too far ahead to be told of."""
    due_at = _coming(draft, after, asked.zone, quiet)
    if due_at is not None and after < due_at <= min(draft.window.closes_at, asked.at + AHEAD):
        name = f"{asked.patient_id}|{draft.kind}|{draft.step}|{draft.record_id}"
        yield Scheduled(uuid5(_NAMES, name), asked.patient_id, draft, due_at)


def _coming(draft: Reminder, after: datetime, zone: tzinfo, quiet: Quiet) -> datetime | None:
    """Give when a reminder is due, out of quiet hours; of one that comes again the next time after a moment.

    It comes at the same time of day, also when the clock was changed. What waits for the end of quiet hours still waits
    when the hour that it was meant for is past.
    """
    meant = draft.due_at
    due_at = out_of_quiet(meant, draft.window, quiet, zone)
    until = min(after, draft.window.closes_at)
    while draft.every_days and due_at is not None and due_at <= until:
        local = meant.astimezone(zone)
        meant = on_day(local.date() + timedelta(days=draft.every_days), local.time(), zone)
        due_at = out_of_quiet(meant, draft.window, quiet, zone)
    return due_at
