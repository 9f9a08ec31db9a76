"""Where candidates stand, and how their places lie upon each other."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from nlp.motifs.candidates import Place

LONGEST = 120  # code points; a chain of overlapping places is no wording any longer


def overlap(places: Sequence[Place], others: "Lying") -> float:
    """Tell which share of places overlaps some other."""
    return sum(others.is_touched(place) for place in places) / len(places)


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
    """Places by document and start, so that those which touch another are found without looking at all."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places: dict[int, list[Place]] = defaultdict(list)
        self._longest = 0
        for place in sorted(places):
            self._places[place.document].append(place)
            self._longest = max(self._longest, place.end - place.start)

    def is_touched(self, place: Place) -> bool:
        """Tell whether any of them touches a place."""
        return any(True for _ in self.touching(place))

    def touching(self, place: Place) -> Iterator[Place]:
        """Give those that share some code point with a place."""
        there = self._places.get(place.document, [])
        for number in range(bisect_left(there, place.start - self._longest, key=_start), len(there)):
            other = there[number]
            if other.start >= place.end:
                return
            if other.end > place.start:
                yield other


def _start(place: Place) -> int:
    return place.start
