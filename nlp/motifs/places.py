"""Where candidates stand, and how their places lie upon each other."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from nlp.motifs.candidates import Place

LONGEST = 120  # code points; a chain of overlapping places is no wording any longer
_DOCUMENT = 1 << 32  # further than any document is long


def overlap(places: "Lying", others: "Lying") -> float:
    """Tell which share of places overlaps some other."""
    before = np.searchsorted(others.starts, places.ends) - 1  # the last that begins before a place ends
    touched = (before >= 0) & (others.reached[before] > places.starts)
    return int(touched.sum()) / len(touched)


def widened(places: Iterable[Place], others: "Lying") -> list[Place]:
    """Widen each place to what the others that it overlaps span."""
    return apart(_span([place, *others.touching(place)]) for place in places)


def apart(places: Iterable[Place]) -> list[Place]:
    """Join places that overlap."""
    joined: list[Place] = []
    for place in sorted(places):
        last = joined[-1] if joined else None
        if last is None or last.document != place.document or place.start >= last.end:
            joined.append(place)
        elif max(last.end, place.end) - last.start <= LONGEST:
            joined[-1] = _span([last, place])
        elif place.end > last.end:
            joined.append(place)
    return joined


def _span(places: Sequence[Place]) -> Place:
    """From the first start to the last end; the first place itself where that grows too long."""
    start, end = min(each.start for each in places), max(each.end for each in places)
    return Place(places[0].document, start, end) if end - start <= LONGEST else places[0]


class Lying:
    """Places in order, so that those which touch another are found without looking at all."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._sorted = sorted(places)
        rows = np.array(self._sorted, dtype=np.int64).reshape(-1, 3)
        # As if all documents were one long text.
        self.starts, self.ends = (rows[:, 0] * _DOCUMENT + rows[:, column] for column in (1, 2))
        self.reached = np.maximum.accumulate(self.ends)

    @cached_property
    def _by_document(self) -> dict[int, list[Place]]:
        found: dict[int, list[Place]] = defaultdict(list)
        for place in self._sorted:
            found[place.document].append(place)
        return found

    @cached_property
    def _longest(self) -> int:
        return max((place.end - place.start for place in self._sorted), default=0)

    def touching(self, place: Place) -> Iterator[Place]:
        """Give those that share some code point with a place."""
        there = self._by_document.get(place.document, [])
        for number in range(bisect_left(there, place.start - self._longest, key=_start), len(there)):
            other = there[number]
            if other.start >= place.end:
                return
            if other.end > place.start:
                yield other


def _start(place: Place) -> int:
    return place.start
