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
    """A measure that is to be answered. `since` is when it became due; `reason`: first, before_dosing, ..."""

    measure: str
    reason: str
    since: datetime


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


def due(
    schedule: Iterable[Plan],
    answered: Mapping[str, Sequence[datetime]],
    dosings: Sequence[datetime],
    started_at: datetime,
    now: datetime,
) -> list[Due]:
    """Say what is due now, each measure once, for the most pressing reason.

    `answered` holds the times of each measure's responses, `dosings` those of dosing sessions, held or planned;
    `started_at` is when the patient's care began: before that nothing was due.
    """
    found = (_due(plan, sorted(answered.get(plan.measure, ())), sorted(dosings), started_at, now) for plan in schedule)
    return [each for each in found if each is not None]


def _due(
    plan: Plan, answered: Sequence[datetime], dosings: Sequence[datetime], started_at: datetime, now: datetime
) -> Due | None:
    reasons = (
        _before_dosing(plan, answered, dosings, now),
        _after_dosing(plan, answered, dosings, started_at, now),
        _in_turn(plan, answered, started_at, now),
    )
    return next((each for each in reasons if each is not None), None)


def _before_dosing(plan: Plan, answered: Sequence[datetime], dosings: Sequence[datetime], now: datetime) -> Due | None:
    coming = next((each for each in dosings if each > now), None)
    if plan.before_dosing_days is None or coming is None:
        return None
    opens = coming - timedelta(days=plan.before_dosing_days)
    is_due = opens <= now and not any(opens <= each for each in answered)
    return Due(plan.measure, "before_dosing", opens) if is_due else None


def _after_dosing(
    plan: Plan, answered: Sequence[datetime], dosings: Sequence[datetime], started_at: datetime, now: datetime
) -> Due | None:
    last = next((each for each in reversed(dosings) if each <= now), None)
    if plan.after_dosing_days is None or last is None:
        return None
    opens = last + timedelta(days=plan.after_dosing_days)
    since = max(opens, started_at)
    is_due = since <= now and not any(opens <= each for each in answered)
    return Due(plan.measure, "after_dosing", since) if is_due else None


def _in_turn(plan: Plan, answered: Sequence[datetime], started_at: datetime, now: datetime) -> Due | None:
    if plan.every_days is None:
        return None
    if not answered:
        return Due(plan.measure, "first", started_at)
    opens = max(answered[-1] + timedelta(days=plan.every_days), started_at)  # care may have begun anew since
    return Due(plan.measure, "in_turn", opens) if opens <= now else None
