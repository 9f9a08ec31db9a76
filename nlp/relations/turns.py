"""Themes of one window that another theme follows in the next: told only where the windows carry it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

from nlp.recurrence import Sighting, Window, Writing, strongest, window_for
from nlp.relations.exact import believed, follows, mid_p

WINDOWS_NEEDED = 8
# A theme is looked at where so many windows have it, and as many have it not.
WINDOWS_WITH = 3
LEVEL = 0.025  # as in `pairs.py`
# How improbable the reverse order may be: two themes that belong to the same months follow each other both ways.
BOTH_WAYS = 0.1
EVIDENCE = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """After `followed` of the `after_theme` windows that speak of `theme`, the next one speaks of `next_theme`.

    After the `after_others` other windows that have a next one, `followed_others` do.
    """

    theme: str
    next_theme: str
    followed: int
    after_theme: int
    followed_others: int
    after_others: int
    chance: float
    evidence: tuple[str, ...]
    next_evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InTurn:
    """The turns, the surest first; none where fewer than `WINDOWS_NEEDED` windows have journal entries."""

    windows: int
    turns: tuple[Turn, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Tell whether there are enough windows to look at turns at all."""
        return self.windows >= WINDOWS_NEEDED


_Found = dict[int, list[Sighting]]  # a theme's mentions by window


def in_turn(windows: Sequence[Window], writings: Iterable[Writing], sightings: Iterable[Sighting]) -> InTurn:
    """Tell which themes follow one another, from one window in which the patient wrote to the next such one.

    Against all orders in which the same windows might have come, each equally likely, counted exactly.
    """
    written = {each.document_id: each for each in writings if each.source == "journal" and each.words}
    worded = sorted({window_for(windows, each.written_at).sequence for each in written.values()})
    count = len(worded)
    if count < WINDOWS_NEEDED:
        return InTurn(count)
    places = {sequence: place for place, sequence in enumerate(worded)}
    found: dict[str, _Found] = defaultdict(lambda: defaultdict(list))
    for sighting in sightings:
        if sighting.document_id in written:
            found[sighting.theme][places[window_for(windows, sighting.written_at).sequence]].append(sighting)
    themes = sorted(theme for theme, seen in found.items() if WINDOWS_WITH <= len(seen) <= count - WINDOWS_WITH)
    pairs = list(permutations(themes, 2))
    chances = [_chance(found[theme], found[later], count) for theme, later in pairs]
    told = [_turn(pairs[place], found, count, chances[place]) for place in believed(chances, LEVEL)]
    return InTurn(count, tuple(sorted(told, key=lambda turn: (turn.chance, turn.theme, turn.next_theme))))


def _chance(theme: _Found, later: _Found, count: int) -> float:
    """Give the chance of so many follows; 1 where a shared stretch of time would explain them as well."""
    chance = _among_all_orders(theme, later, count)
    return 1.0 if chance > LEVEL or _among_all_orders(later, theme, count) < BOTH_WAYS else chance


def _among_all_orders(theme: _Found, later: _Found, count: int) -> float:
    both = len(theme.keys() & later.keys())
    neither = count - len(theme.keys() | later.keys())
    observed = sum(place + 1 in later for place in theme)
    return mid_p(follows(len(theme) - both, both, len(later) - both, neither), observed)


def _turn(pair: tuple[str, str], found: dict[str, _Found], count: int, chance: float) -> Turn:
    theme, later = (found[name] for name in pair)
    after = [place for place in theme if place + 1 < count]
    followed = [place for place in after if place + 1 in later]
    return Turn(
        theme=pair[0],
        next_theme=pair[1],
        followed=len(followed),
        after_theme=len(after),
        followed_others=sum(place > 0 and place - 1 not in theme for place in later),
        after_others=count - 1 - len(after),
        chance=chance,
        evidence=_evidence(theme, followed),
        next_evidence=_evidence(later, (place + 1 for place in followed)),
    )


def _evidence(found: _Found, places: Iterable[int]) -> tuple[str, ...]:
    chosen = strongest((each for place in places for each in found[place]), EVIDENCE)
    return tuple(sighting.mention_id for sighting in chosen)
