"""Themes and mood by time since the last dosing, by phase, route and dose: plain description, always with n."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_low

from nlp.recurrence import Sighting, Writing
from nlp.relations.groups import Counting, Feeling, Group, Mood, ShownTheme

NEAR = timedelta(days=7)  # by route and by dose: what was written within so long


class Since(StrEnum):
    """How long after the start of the last dosing session an entry was written."""

    BEFORE = "before_first"
    DAY = "within_24_hours"
    THREE_DAYS = "24_to_72_hours"
    WEEK = "72_hours_to_7_days"
    LATER = "later"


_ENDS = ((timedelta(days=1), Since.DAY), (timedelta(days=3), Since.THREE_DAYS), (NEAR, Since.WEEK))


class Band(StrEnum):
    """Where a dose lies among this patient's doses by the same route: in the lower or higher half, or all are alike."""

    LOWER = "lower"
    HIGHER = "higher"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Dosing:
    """A dosing session that was held. What is not known is None."""

    session_id: str
    starts_at: datetime
    route: str | None = None
    dose_mg: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True, slots=True)
class SinceDosing:
    """A stretch of time since the last dosing."""

    since: Since
    group: Group


@dataclass(frozen=True, slots=True)
class ByPhase:
    """What belongs to sessions of one kind: screening, preparation, dosing, ... None: to no session."""

    phase: str | None
    group: Group


@dataclass(frozen=True, slots=True)
class ByRoute:
    """What was written within a week of the `sessions` dosings by one route. None: the route is not known."""

    route: str | None
    sessions: int
    group: Group


@dataclass(frozen=True, slots=True)
class ByDose:
    """What was written within a week of the `sessions` dosings in one band of doses by one route."""

    route: str | None
    band: Band
    lowest: float
    highest: float
    unit: str
    sessions: int
    group: Group


@dataclass(frozen=True, slots=True)
class AroundDose:
    """Journal entries around `sessions` dosings. Without a dosing everything was written before the first."""

    sessions: int
    themes: tuple[ShownTheme, ...]
    since_dosing: tuple[SinceDosing, ...]
    by_phase: tuple[ByPhase, ...]
    by_route: tuple[ByRoute, ...]
    by_dose: tuple[ByDose, ...]


@dataclass(frozen=True, slots=True)
class _Doses:
    """One band of a patient's doses by one route."""

    route: str | None
    band: Band
    unit: str
    doses: Mapping[str, float]  # by session


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry or a feeling with its time, and the kind of session that it belongs to."""

    at: datetime
    phase: str | None
    it: Writing | Feeling


def around_dose(
    dosings: Iterable[Dosing],
    writings: Iterable[Writing],
    sightings: Iterable[Sighting],
    moods: Mapping[str, Mood],
    phases: Mapping[str, str] | None = None,
    feelings: Iterable[Feeling] = (),
) -> AroundDose:
    """Group journal entries by their distance from the last dosing, by phase, route and dose; count themes in each.

    `moods` and `phases` (the kind of the session that an entry belongs to) by document. Feelings add to the moods.
    Groups without an entry or feeling are left out.
    """
    held = sorted(dosings, key=lambda each: (each.starts_at, each.session_id))
    entries = [each for each in writings if each.source == "journal"]
    counting = Counting(entries, sightings, moods)
    placed = [_Placed(each.written_at, (phases or {}).get(each.document_id), each) for each in entries]
    placed += [_Placed(each.at, each.phase, each) for each in feelings]
    since: dict[Since, list[_Placed]] = defaultdict(list)
    near: dict[str, list[_Placed]] = defaultdict(list)
    for each in placed:
        last = _last(held, each.at)
        name = _since(last, each.at)
        since[name].append(each)
        if last is not None and name is not Since.LATER:
            near[last.session_id].append(each)

    def group_of(chosen: Iterable[_Placed]) -> Group | None:
        things = [each.it for each in chosen]
        written = [each for each in things if isinstance(each, Writing)]
        return counting.group(written, [each for each in things if isinstance(each, Feeling)])

    def after(session_ids: Iterable[str]) -> Group | None:
        return group_of(each for session_id in session_ids for each in near[session_id])

    of_phase = _by_phase(placed)
    stretches = [(name, group_of(since[name])) for name in Since]
    routes = [(route, of_route, after(each.session_id for each in of_route)) for route, of_route in _by_route(held)]
    bands = [(band, after(band.doses)) for _, of_route in _by_route(held) for band in _bands(of_route)]
    return AroundDose(
        sessions=len(held),
        themes=counting.shown,
        since_dosing=tuple(SinceDosing(name, group) for name, group in stretches if group),
        by_phase=tuple(ByPhase(phase, group) for phase, each in of_phase if (group := group_of(each))),
        by_route=tuple(ByRoute(route, len(of_route), group) for route, of_route, group in routes if group),
        by_dose=tuple(_by_dose(band, group) for band, group in bands if group),
    )


def stretch_of(held: Sequence[Dosing], at: datetime) -> Since:
    """Tell how long after the last of some dosings, sorted by time, something was."""
    return _since(_last(held, at), at)


def _last(held: Sequence[Dosing], at: datetime) -> Dosing | None:
    place = bisect_right(held, at, key=lambda each: each.starts_at)
    return held[place - 1] if place else None


def _since(last: Dosing | None, at: datetime) -> Since:
    if last is None:
        return Since.BEFORE
    return next((name for end, name in _ENDS if at - last.starts_at < end), Since.LATER)


def _by_phase(placed: Iterable[_Placed]) -> list[tuple[str | None, list[_Placed]]]:
    """Sort by phase, what belongs to no session last."""
    found: dict[str | None, list[_Placed]] = defaultdict(list)
    for each in placed:
        found[each.phase].append(each)
    return sorted(found.items(), key=lambda item: (item[0] is None, item[0] or ""))


def _by_route(held: Iterable[Dosing]) -> list[tuple[str | None, list[Dosing]]]:
    """Sort dosings by route, those of an unknown one last."""
    found: dict[str | None, list[Dosing]] = defaultdict(list)
    for each in held:
        found[each.route].append(each)
    return sorted(found.items(), key=lambda item: (item[0] is None, item[0] or ""))


def _bands(of_route: Sequence[Dosing]) -> list[_Doses]:
    """Part the doses of one route at their median. By body weight where it is known for all of them.

    Routes are never mixed: a milligram swallowed is not a milligram in a vein.
    """
    known = [(each, each.dose_mg) for each in of_route if each.dose_mg is not None]
    if not known:
        return []
    weighed = [(each.session_id, round(dose / each.weight_kg, 2)) for each, dose in known if each.weight_kg]
    is_weighed = len(weighed) == len(known)
    doses = dict(weighed) if is_weighed else {each.session_id: dose for each, dose in known}
    unit, middle = "mg_per_kg" if is_weighed else "mg", median_low(doses.values())
    if len(set(doses.values())) == 1:
        return [_Doses(of_route[0].route, Band.SAME, unit, doses)]
    is_top = middle == max(doses.values())
    higher = {session_id: dose for session_id, dose in doses.items() if dose > middle or (is_top and dose == middle)}
    lower = {session_id: dose for session_id, dose in doses.items() if session_id not in higher}
    parts = ((Band.LOWER, lower), (Band.HIGHER, higher))
    return [_Doses(of_route[0].route, band, unit, part) for band, part in parts]


def _by_dose(band: _Doses, group: Group) -> ByDose:
    lowest, highest = min(band.doses.values()), max(band.doses.values())
    return ByDose(band.route, band.band, lowest, highest, band.unit, len(band.doses), group)
