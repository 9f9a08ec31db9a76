"""How a patient's totals of one measure change: in numbers, with n, around the dose. Pure; it claims no cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from uuid import UUID

from integration_api.measures.catalogue import Measure, ReliableChange
from integration_api.measures.scoring import Score
from nlp.relations import Dosing, Since, stretch_of


@dataclass(frozen=True, slots=True)
class Point:
    """One response of the series. `since_dosing` says how long after the last dosing it was given."""

    response_id: UUID
    answered_at: datetime
    score: Score
    since_dosing: Since


@dataclass(frozen=True, slots=True)
class Change:
    """A difference of two totals; below zero is less. `exceeds`: None where no reliable change is published."""

    points: int
    exceeds: bool | None


@dataclass(frozen=True, slots=True)
class AroundDosing:
    """The totals of one stretch of time since the last dosing."""

    since: Since
    n: int
    mean: float
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Trend:
    """One measure of one patient. `n` counts the responses that have a total, `unscored` those that have none."""

    measure: Measure
    series: Sequence[Point]
    n: int
    unscored: int
    last: Point | None
    since_previous: Change | None
    since_first: Change | None
    around_dosing: Sequence[AroundDosing]
    patient_id: UUID


def trend_of(
    patient_id: UUID, measure: Measure, given: Sequence[tuple[UUID, datetime, Score]], dosings: Sequence[Dosing]
) -> Trend:
    """Put the series in order of time (of two at once, the order of ids) and say how it changes."""
    held = sorted(dosings, key=lambda each: (each.starts_at, each.session_id))
    in_order = sorted(given, key=lambda each: (each[1], each[0]))
    series = [Point(response_id, at, score, stretch_of(held, at)) for response_id, at, score in in_order]
    scored = [each for each in series if each.score.total is not None]
    totals = [each.score.total for each in scored if each.score.total is not None]
    has_change = len(totals) > 1
    return Trend(
        measure=measure,
        series=series,
        n=len(scored),
        unscored=len(series) - len(scored),
        last=scored[-1] if scored else None,
        since_previous=_change(totals[-2], totals[-1], measure.reliable_change) if has_change else None,
        since_first=_change(totals[0], totals[-1], measure.reliable_change) if has_change else None,
        around_dosing=_around(scored) if held else (),
        patient_id=patient_id,
    )


def _change(before: int, after: int, reliable: ReliableChange | None) -> Change:
    points = after - before
    return Change(points, None if reliable is None else abs(points) >= reliable.points)


def _around(scored: Sequence[Point]) -> tuple[AroundDosing, ...]:
    grouped: dict[Since, list[int]] = {each: [] for each in Since}
    for point in scored:
        if point.score.total is not None:
            grouped[point.since_dosing].append(point.score.total)
    return tuple(
        AroundDosing(since, len(totals), round(fmean(totals), 2), min(totals), max(totals))
        for since, totals in grouped.items()
        if totals
    )
