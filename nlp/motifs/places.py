"""Where candidates stand, and how their places lie upon each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.motifs.candidates import Place

LONGEST = 120  # code points; a chain of overlapping places is no wording any longer
_SHIFT = 32  # no document is longer
_DOCUMENT = 1 << _SHIFT
Ints = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Lying:
    """Places in order, as if all documents were one long text."""

    starts: Ints
    ends: Ints
    reached: Ints = field(init=False)  # the furthest end so far
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        order = np.lexsort((self.ends, self.starts))
        for name, value in (("starts", self.starts[order]), ("ends", self.ends[order])):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "reached", np.maximum.accumulate(self.ends))
        object.__setattr__(self, "longest", int((self.ends - self.starts).max(initial=0)))

    def places(self) -> list[Place]:
        """Give them one by one."""
        documents = self.starts >> _SHIFT
        columns = (documents, self.starts - documents * _DOCUMENT, self.ends - documents * _DOCUMENT)
        return [Place(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]


def lying(documents: Ints, starts: Ints, ends: Ints) -> Lying:
    """Lay places out: the numbers of their documents, and offsets in code points."""
    return Lying(documents * _DOCUMENT + starts, documents * _DOCUMENT + ends)


def overlap(places: Lying, others: Lying) -> float:
    """Tell which share of places overlaps some other."""
    before = np.searchsorted(others.starts, places.ends) - 1  # the last that begins before a place ends
    touched = (before >= 0) & (others.reached[before] > places.starts)
    return int(touched.sum()) / len(touched)


def widened(places: Lying, others: Lying) -> Lying:
    """Widen each place to what the others that it overlaps span; not where that grows too long."""
    low = np.searchsorted(others.starts, places.starts - others.longest)
    near = np.maximum(np.searchsorted(others.starts, places.ends) - low, 0)  # how many may touch a place
    rows = np.repeat(np.arange(len(near)), near)
    other = np.arange(len(rows)) + np.repeat(low - np.cumsum(near) + near, near)
    touching = others.ends[other] > places.starts[rows]
    rows, other = rows[touching], other[touching]
    starts, ends = places.starts.copy(), places.ends.copy()
    np.minimum.at(starts, rows, others.starts[other])
    np.maximum.at(ends, rows, others.ends[other])
    fits = ends - starts <= LONGEST
    return apart(Lying(np.where(fits, starts, places.starts), np.where(fits, ends, places.ends)))


def apart(places: Lying) -> Lying:
    """Join places that overlap, as far as what they span is not too long."""
    if not len(places.starts):
        return places
    begins = np.flatnonzero(np.append(True, places.starts[1:] >= places.reached[:-1]))
    starts, ends = places.starts[begins], np.maximum.reduceat(places.ends, begins)
    too_long = np.flatnonzero(ends - starts > LONGEST)
    if len(too_long):
        to = np.append(begins[1:], len(places.starts))
        spans = [span for each in too_long for span in _chained(places, range(begins[each], to[each]))]
        rest = np.delete(np.column_stack((starts, ends)), too_long, axis=0)
        starts, ends = np.concatenate((rest, np.array(spans, dtype=np.int64))).T
    return Lying(starts, ends)


def _chained(places: Lying, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Join a chain of overlapping places one by one, and begin anew where one is too long."""
    start, end = int(places.starts[rows[0]]), int(places.ends[rows[0]])
    for next_start, next_end in ((int(places.starts[row]), int(places.ends[row])) for row in rows[1:]):
        if next_start < end and max(end, next_end) - start <= LONGEST:
            end = max(end, next_end)
        elif next_start >= end or next_end > end:
            yield start, end
            start, end = next_start, next_end
    yield start, end
