"""Recurring themes: what returns for a patient over the windows, the most recurrent first."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nlp.findings import DocumentKind
from nlp.recurrence.comparison import Prior, prior_of, rate_interval
from nlp.recurrence.counts import Exposure, Sighting, Tally, Voices, Writing, bunching_of, exposure_of
from nlp.recurrence.trajectory import Trajectory, probability_rising, trajectory_of
from nlp.recurrence.windows import Window, window_for

EVIDENCE = 5


@dataclass(frozen=True, slots=True)
class SessionRate:
    """A theme in one window: mentions, words, and mentions per 100 words (0.0 without words).

    `rate_low` and `rate_high` bound the rate that the window speaks for (90 % credible, per 100 words, shrunk towards
    the patient's usual rate, which may leave the plain rate outside). None where there is nothing to reckon from.
    """

    session_id: str | None
    sequence: int
    mentions: int
    words: int
    rate_per_100_words: float
    rate_low: float | None = None
    rate_high: float | None = None


@dataclass(frozen=True, slots=True)
class RecurringTheme:
    """A theme over a patient's windows. `sessions` has every window with writing, also where the theme is silent.

    `session_count` counts the windows with a mention, `evidence` names up to five mentions, the strongest first.
    """

    theme: str
    sessions: tuple[SessionRate, ...]
    session_count: int
    first_seen: datetime
    last_seen: datetime
    trajectory: Trajectory
    probability_rising: float | None
    by_source: dict[DocumentKind, int]
    evidence: tuple[str, ...]


def recurring_themes(
    windows: Sequence[Window],
    writings: Iterable[Writing],
    sightings: Iterable[Sighting],
    clinic: Mapping[str, Tally] | None = None,
) -> list[RecurringTheme]:
    """Tell what recurs: by number of windows, then mentions, then how lately it was seen, then name.

    `windows` as `windows_of` lays them; writings and sightings in any order, all sightings' documents among the
    writings. A theme without a sighting is not in the answer. `clinic`, where it is known, is how often all patients
    together speak of each theme in how many words; sparse patients lean towards it.
    """
    exposure = exposure_of(windows, writings)
    by_theme: dict[str, list[tuple[Window, Sighting]]] = defaultdict(list)
    for sighting in sightings:
        by_theme[sighting.theme].append((window_for(windows, sighting.written_at), sighting))
    usual = clinic or {}
    found = [_recurring(windows, exposure, placed, usual.get(theme)) for theme, placed in by_theme.items()]
    return sorted(found, key=_prominence)


def _prominence(found: RecurringTheme) -> tuple[int, int, float, str]:
    mentions = sum(found.by_source.values())
    return -found.session_count, -mentions, -found.last_seen.timestamp(), found.theme


def _recurring(
    windows: Sequence[Window],
    exposure: Exposure,
    placed: Sequence[tuple[Window, Sighting]],
    clinic: Tally | None,
) -> RecurringTheme:
    sightings = [sighting for _, sighting in placed]
    written_in = [window for window in windows if window.sequence in exposure.words]
    tallies = _tallies(written_in, exposure, placed)
    usual = _usual([_whole(voices) for voices in tallies])
    prior = prior_of(usual, bunching_of(exposure, sightings), clinic)
    history = [voices for voices in tallies if _whole(voices).words]
    rising = probability_rising(history, prior)
    session_count = len({window.sequence for window, _ in placed})
    times = [sighting.written_at for sighting in sightings]
    return RecurringTheme(
        theme=sightings[0].theme,
        sessions=_rates(written_in, tallies, usual, prior),
        session_count=session_count,
        first_seen=min(times),
        last_seen=max(times),
        trajectory=trajectory_of(history, rising, prior, session_count),
        probability_rising=rising,
        by_source=dict(Counter(sighting.source for sighting in sightings)),
        evidence=tuple(sighting.mention_id for sighting in strongest(sightings)),
    )


def _tallies(
    windows: Sequence[Window], exposure: Exposure, placed: Iterable[tuple[Window, Sighting]]
) -> list[dict[DocumentKind, Tally]]:
    """Count each window's mentions beside its words, voice by voice."""
    mentions = Counter((window.sequence, sighting.source) for window, sighting in placed)
    return [
        {
            voice: Tally(mentions[window.sequence, voice], words)
            for voice, words in exposure.words[window.sequence].items()
        }
        for window in windows
    ]


def _whole(voices: Voices) -> Tally:
    return Tally(sum(each.mentions for each in voices.values()), sum(each.words for each in voices.values()))


def _usual(wholes: Iterable[Tally]) -> Tally:
    """Add all windows up. Mentions in a window of no words have no rate and stay out."""
    worded = [whole for whole in wholes if whole.words]
    return Tally(sum(whole.mentions for whole in worded), sum(whole.words for whole in worded))


def _rates(windows: Sequence[Window], tallies: Sequence[Voices], usual: Tally, prior: Prior) -> tuple[SessionRate, ...]:
    placed = zip(windows, tallies, strict=True)
    return tuple(_rate(window, _whole(voices), usual, prior) for window, voices in placed)


def _rate(window: Window, whole: Tally, usual: Tally, prior: Prior) -> SessionRate:
    low, high = rate_interval(whole, usual, prior) or (None, None)
    return SessionRate(
        session_id=window.session_id,
        sequence=window.sequence,
        mentions=whole.mentions,
        words=whole.words,
        rate_per_100_words=100 * whole.mentions / whole.words if whole.words else 0.0,
        rate_low=low,
        rate_high=high,
    )


def strongest(sightings: Iterable[Sighting], most: int = EVIDENCE) -> list[Sighting]:
    """Choose the evidence: what a clinician confirmed, then the best scores, then the latest; many documents first."""
    ranked = sorted(sightings, key=_strength)
    seen: Counter[str] = Counter()
    turns = []
    for sighting in ranked:
        turns.append((seen[sighting.document_id], sighting))
        seen[sighting.document_id] += 1
    chosen = [sighting for _, sighting in sorted(turns, key=lambda turn: turn[0])[:most]]
    return sorted(chosen, key=_strength)


def _strength(sighting: Sighting) -> tuple[bool, float, float, str]:
    return not sighting.is_confirmed, -sighting.score, -sighting.written_at.timestamp(), sighting.mention_id
