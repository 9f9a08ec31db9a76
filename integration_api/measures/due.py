"""Which measures are due: pure, from a clinic's schedule, what was answered, and the dosing sessions."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from integration_api.measures.catalogue import measures

USUAL = Path(__file__).with_name("schedule.toml")
MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When one measure is asked for, in days. None: not for this reason."""

    measure: str
    every_days: int | None = None
    before_dosing_days: int | None = None
    after_dosing_days: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A measure that is to be answered. `since` is when it became due; `reason`: first, before_dosing, ...

    `until`: from when on an answer would be too late for the reason; None: it never is.
    """

    measure: str
    reason: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Care:
    """What a patient's care has seen so far, and what is planned in it.

    `answered` holds the times of each measure's responses, `dosings` those of dosing sessions, held or planned;
    `started_at` is when the care began: before that nothing was due.
    """

    answered: Mapping[str, Sequence[datetime]]
    dosings: Sequence[datetime]
    started_at: datetime


@cache
def load_schedule(path: Path | None) -> tuple[Plan, ...]:
    """Read a clinic's schedule, None: the usual one; raise `ValueError` for what cannot be meant."""
    try:
        plans = tuple(Plan(**each) for each in tomllib.loads((path or USUAL).read_text("utf-8"))["measures"])
    except (KeyError, TypeError, OSError) as error:
        raise ValueError(f"the schedule of measures cannot be read: {type(error).__name__}") from None
    for plan in plans:
        days = (plan.every_days, plan.before_dosing_days, plan.after_dosing_days)
        if plan.measure not in measures() or any(each is not None and not _is_days(each) for each in days):
            raise ValueError("the schedule of measures names a measure or a number of days that there is not")
    return plans


def _is_days(value: object) -> bool:
    return type(value) is int and 0 < value <= MOST_DAYS


def due(schedule: Iterable[Plan], care: Care, now: datetime) -> list[Due]:
    """Say what is due now, each measure once, for the most pressing reason."""
    foreseen = (_foreseen(plan, care, now) for plan in schedule)
    found = (next((each for each in reasons if each.since <= now), None) for reasons in foreseen)
    return [each for each in found if each is not None]


def coming(schedule: Iterable[Plan], care: Care, now: datetime) -> list[Due]:
    """Say when each measure that is not due now will be, as things stand; each once, for the first reason to come."""
    foreseen = [_foreseen(plan, care, now) for plan in schedule]
    waiting = (reasons for reasons in foreseen if reasons and all(each.since > now for each in reasons))
    return [min(reasons, key=lambda each: each.since) for reasons in waiting]


def _foreseen(plan: Plan, care: Care, now: datetime) -> list[Due]:
    """Give each reason to ask for a measure, the most pressing first; one may lie ahead."""
    given, held = sorted(care.answered.get(plan.measure, ())), sorted(care.dosings)
    reasons = (
        _before_dosing(plan, given, held, now),
        _after_dosing(plan, given, held, care.started_at, now),
        _in_turn(plan, given, care.started_at),
    )
    return [each for each in reasons if each is not None]


def _before_dosing(plan: Plan, answered: Sequence[datetime], dosings: Sequence[datetime], now: datetime) -> Due | None:
    next_one = next((each for each in dosings if each > now), None)
    if plan.before_dosing_days is None or next_one is None:
        return None
    opens = next_one - timedelta(days=plan.before_dosing_days)
    is_answered = any(opens <= each for each in answered)
    return None if is_answered else Due(plan.measure, "before_dosing", opens, until=next_one)


def _after_dosing(
    plan: Plan, answered: Sequence[datetime], dosings: Sequence[datetime], started_at: datetime, now: datetime
) -> Due | None:
    last = next((each for each in reversed(dosings) if each <= now), None)
    if plan.after_dosing_days is None or last is None:
        return None
    opens = last + timedelta(days=plan.after_dosing_days)
    is_answered = any(opens <= each for each in answered)
    return None if is_answered else Due(plan.measure, "after_dosing", max(opens, started_at))


def _in_turn(plan: Plan, answered: Sequence[datetime], started_at: datetime) -> Due | None:
    if plan.every_days is None:
        return None
    if not answered:
        return Due(plan.measure, "first", started_at)
    opens = max(answered[-1] + timedelta(days=plan.every_days), started_at)  # care may have begun anew since
    return Due(plan.measure, "in_turn", opens)
