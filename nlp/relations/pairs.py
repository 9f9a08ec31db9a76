"""Themes that go together within journal entries: told only where the entries carry it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from math import exp, expm1

from nlp.recurrence import Sighting, Writing, strongest
from nlp.relations.exact import added, believed, mid_p, overlap

ENTRIES_NEEDED = 20
# A theme is paired with others where it is in so many entries, and left out of so many; a pair is told of where so
# many entries have both.
ENTRIES_WITH = 5
ENTRIES_WITHOUT = 5
ENTRIES_WITH_BOTH = 4
# Of the pairs that are told, the share that may be expected to be chance. With those of `turns.py`, one in twenty.
LEVEL = 0.025
STRETCH = 8  # entries that stand next to one another in time, within which a theme's places are compared
EVIDENCE = 3
GLANCE = 1.5  # deviations above what is expected, from which on a pair is reckoned exactly
_LONGEST = 3.0  # mentions expected of an entry; beyond, a longer one is hardly likelier to have the theme


@dataclass(frozen=True, slots=True)
class Pair:
    """Two themes that go together: `both` of the `with_theme` entries that speak of `theme` also speak of `other`.

    Of the `without_theme` other entries, `other_only` do. `same_words` entries, where the same words gave both themes
    and nothing else did, are in none of these numbers. Evidence names mentions in the entries that have both.
    """

    theme: str
    other: str
    both: int
    with_theme: int
    other_only: int
    without_theme: int
    same_words: int
    chance: float
    evidence: tuple[str, ...]
    other_evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """The pairs, the surest first; none where fewer than `ENTRIES_NEEDED` entries were written."""

    entries: int
    pairs: tuple[Pair, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Tell whether enough was written to look at pairs at all."""
        return self.entries >= ENTRIES_NEEDED


@dataclass(frozen=True, slots=True)
class _Entries:
    """Entries in the order of writing: how long each is, and by theme and place what was found in it."""

    words: Sequence[int]
    found: Mapping[str, Mapping[int, Sequence[Sighting]]]


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Two themes, the one in fewer entries first, and the places of the entries that have each and both.

    `same`: the places where the same words gave both. They say nothing either way, and are in none of the others.
    """

    theme: str
    other: str
    these: AbstractSet[int]
    those: AbstractSet[int]
    same: AbstractSet[int]
    entries: int

    @property
    def both(self) -> AbstractSet[int]:
        """The places of the entries that have both."""
        return self.these & self.those

    def is_worth_asking(self) -> bool:
        """Tell at a glance whether an exact chance could be small: exact ones take time, and most pairs have none."""
        expected = len(self.these) * len(self.those) / self.entries
        spread = expected * (1 - len(self.these) / self.entries) * (1 - len(self.those) / self.entries)
        both = len(self.both)
        return both >= ENTRIES_WITH_BOTH and both - expected > GLANCE * spread**0.5


def together(writings: Iterable[Writing], sightings: Iterable[Sighting]) -> Together:
    """Tell which themes go together within journal entries.

    Notes are left out: they sum up, and speak of everything at once. Long entries speak of more, and some times of one
    thing; so each pair is compared within stretches of entries, each entry weighed by its length. docs/patterns.md.
    """
    entries = _in_order(writings, sightings)
    count = len(entries.words)
    if count < ENTRIES_NEEDED:
        return Together(count)
    themes = sorted(
        (theme for theme, places in entries.found.items() if ENTRIES_WITH <= len(places) <= count - ENTRIES_WITHOUT),
        key=lambda theme: (len(entries.found[theme]), theme),
    )
    weights = {theme: _odds(entries, theme) for theme in themes}
    meetings = [_meeting(entries, theme, other) for theme, other in combinations(themes, 2)]
    chances = [_chance(meeting, weights[meeting.other]) for meeting in meetings]
    told = [_pair(entries, meetings[place], chances[place]) for place in believed(chances, LEVEL)]
    return Together(count, tuple(sorted(told, key=lambda pair: (pair.chance, pair.theme, pair.other))))


def _in_order(writings: Iterable[Writing], sightings: Iterable[Sighting]) -> _Entries:
    written = [each for each in writings if each.source == "journal" and each.words]
    written.sort(key=lambda each: (each.written_at, each.document_id))
    places = {each.document_id: place for place, each in enumerate(written)}
    found: dict[str, dict[int, list[Sighting]]] = defaultdict(lambda: defaultdict(list))
    for sighting in sightings:
        if sighting.document_id in places:
            found[sighting.theme][places[sighting.document_id]].append(sighting)
    return _Entries([each.words for each in written], found)


def _odds(entries: _Entries, theme: str) -> list[float]:
    """Give the odds that each entry speaks of the theme, from its length alone (a Poisson rate per word)."""
    seen = len(entries.found[theme])
    rate = seen / sum(entries.words)
    for _ in range(4):  # towards the rate at which as many entries are expected to have it as do
        rate *= seen / sum(1 - exp(-rate * words) for words in entries.words)
    return [expm1(min(_LONGEST, rate * words)) for words in entries.words]


def _meeting(entries: _Entries, theme: str, other: str) -> _Meeting:
    these, those = entries.found[theme], entries.found[other]
    same = {place for place in these.keys() & those.keys() if _is_same_words(these[place], those[place])}
    return _Meeting(theme, other, these.keys() - same, those.keys() - same, same, len(entries.words) - len(same))


def _chance(meeting: _Meeting, weights: Sequence[float]) -> float:
    if not meeting.is_worth_asking():
        return 1.0
    return mid_p(added(_stretches(meeting, weights)), len(meeting.both))


def _pair(entries: _Entries, meeting: _Meeting, chance: float) -> Pair:
    return Pair(
        theme=meeting.theme,
        other=meeting.other,
        both=len(meeting.both),
        with_theme=len(meeting.these),
        other_only=len(meeting.those - meeting.these),
        without_theme=meeting.entries - len(meeting.these),
        same_words=len(meeting.same),
        chance=chance,
        evidence=_evidence(entries.found[meeting.theme], meeting.both),
        other_evidence=_evidence(entries.found[meeting.other], meeting.both),
    )


def _stretches(meeting: _Meeting, weights: Sequence[float]) -> Iterator[Sequence[float]]:
    """Give for each stretch the chances of entries with both, were the two themes unrelated in it."""
    stretches = max(1, len(weights) // STRETCH)
    for number in range(stretches):
        start, stop = (len(weights) * edge // stretches for edge in (number, number + 1))
        places = [place for place in range(start, stop) if place not in meeting.same]
        drawn = sum(place in meeting.those for place in places)
        inside = [weights[place] for place in places if place in meeting.these]
        if drawn and inside:
            yield overlap(inside, [weights[place] for place in places if place not in meeting.these], drawn)


def _is_same_words(these: Iterable[Sighting], those: Sequence[Sighting]) -> bool:
    """Whether the two themes meet in an entry only in words that both were found in."""
    return all(one.overlaps(other) for one in these for other in those)


def _evidence(found: Mapping[int, Sequence[Sighting]], places: Iterable[int]) -> tuple[str, ...]:
    chosen = strongest((each for place in places for each in found[place]), EVIDENCE)
    return tuple(sighting.mention_id for sighting in chosen)
