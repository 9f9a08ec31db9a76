"""Entries and feelings under one heading: how many, how long, in which mood, and how often each theme is in them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from nlp.recurrence import (
    Prior,
    Sighting,
    Tally,
    Writing,
    bunching_of,
    exposure_of,
    rate_interval,
    strongest,
    windows_of,
)

MENTIONS_NEEDED = 3  # below, a theme has no rates worth a row
THEMES_SHOWN = 12
EVIDENCE = 3


@dataclass(frozen=True, slots=True)
class Mood:
    """The mood that a patient gave an entry, -5 to 5; either may be missing."""

    valence: int | None = None
    arousal: int | None = None


@dataclass(frozen=True, slots=True)
class Feeling:
    """A mood that counts by itself: of a check-in, or of an entry in which nothing was looked for.

    `phase`: the kind of the session that it belongs to.
    """

    at: datetime
    mood: Mood
    phase: str | None = None
    is_check_in: bool = True


@dataclass(frozen=True, slots=True)
class MoodSummary:
    """How many entries have it and how many check-ins, their mean, and the lowest and highest."""

    documents: int
    check_ins: int
    mean: float
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class ThemeRate:
    """A theme in one group of entries, reckoned as `nlp.recurrence.SessionRate`. `documents` are those that have it."""

    theme: str
    mentions: int
    documents: int
    rate_per_100_words: float
    rate_low: float | None
    rate_high: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """What was written and felt under one heading. `themes` has every theme that is shown, also where it is silent."""

    documents: int
    words: int
    valence: MoodSummary | None
    arousal: MoodSummary | None
    themes: tuple[ThemeRate, ...]


@dataclass(frozen=True, slots=True)
class ShownTheme:
    """A theme that has rates, with its mentions in all entries and the strongest of them."""

    theme: str
    mentions: int
    evidence: tuple[str, ...]


class Counting:
    """Counts the themes that are spoken of most, in any choice of the entries."""

    def __init__(self, entries: Sequence[Writing], sightings: Iterable[Sighting], moods: Mapping[str, Mood]) -> None:
        ids = {each.document_id for each in entries}
        by_theme: dict[str, list[Sighting]] = {}
        for sighting in sightings:
            if sighting.document_id in ids:
                by_theme.setdefault(sighting.theme, []).append(sighting)
        often = [name for name, seen in by_theme.items() if len(seen) >= MENTIONS_NEEDED]
        names = sorted(often, key=lambda name: (-len(by_theme[name]), name))[:THEMES_SHOWN]
        exposure = exposure_of(windows_of([]), entries)
        words = sum(each.words for each in entries)
        self._moods = moods
        self._usual = {name: Tally(len(by_theme[name]), words) for name in names}
        self._prior = {name: Prior(bunching_of(exposure, by_theme[name])) for name in names}
        self._in = {name: Counter(each.document_id for each in by_theme[name]) for name in names}
        self.shown = tuple(
            ShownTheme(name, len(by_theme[name]), tuple(one.mention_id for one in strongest(by_theme[name], EVIDENCE)))
            for name in names
        )

    def group(self, chosen: Sequence[Writing], feelings: Sequence[Feeling] = ()) -> Group | None:
        """Count in some of the entries and feelings; None where there are none."""
        if not chosen and not feelings:
            return None
        words = sum(each.words for each in chosen)
        moods = [self._moods.get(each.document_id, Mood()) for each in chosen]
        moods += [each.mood for each in feelings if not each.is_check_in]
        checked_in = [each.mood for each in feelings if each.is_check_in]
        return Group(
            documents=len(chosen),
            words=words,
            valence=_summary([each.valence for each in moods], [each.valence for each in checked_in]),
            arousal=_summary([each.arousal for each in moods], [each.arousal for each in checked_in]),
            themes=tuple(self._rate(name, chosen, words) for name in self._usual),
        )

    def _rate(self, theme: str, chosen: Sequence[Writing], words: int) -> ThemeRate:
        counts = [self._in[theme][each.document_id] for each in chosen]
        mentions = sum(counts)
        low, high = rate_interval(Tally(mentions, words), self._usual[theme], self._prior[theme]) or (None, None)
        return ThemeRate(
            theme=theme,
            mentions=mentions,
            documents=sum(count > 0 for count in counts),
            rate_per_100_words=100 * mentions / words if words else 0.0,
            rate_low=low,
            rate_high=high,
        )


def _summary(written: Iterable[int | None], checked_in: Iterable[int | None]) -> MoodSummary | None:
    of_entries = [value for value in written if value is not None]
    of_check_ins = [value for value in checked_in if value is not None]
    given = of_entries + of_check_ins
    return MoodSummary(len(of_entries), len(of_check_ins), fmean(given), min(given), max(given)) if given else None
