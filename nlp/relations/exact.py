"""Exact chances of counts under "unrelated", and how many of many findings to believe."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

Chances = Sequence[float]  # of the counts 0, 1, 2, ...
Floats = NDArray[np.float64]


def overlap(inside: Sequence[float], outside: Sequence[float], drawn: int) -> Chances:
    """Tell how probable each number of hits inside is, where `drawn` hits fall on places with these weights.

    Each place takes one hit at most; a weight is the odds that it takes one. With equal weights this is the
    hypergeometric distribution of Fisher's exact test; with others, conditional Poisson sampling.
    """
    within, without = _sums(inside, drawn), _sums(outside, drawn)
    ways = [within[hits] * without[drawn - hits] for hits in range(drawn + 1)]
    whole = sum(ways)
    return [each / whole for each in ways]


def _sums(weights: Sequence[float], most: int) -> list[float]:
    """Add up the products of every choice of 0, 1, ... `most` weights (elementary symmetric polynomials)."""
    sums = [1.0] + [0.0] * most
    for count, weight in enumerate(weights, 1):
        for size in range(min(count, most), 0, -1):
            sums[size] += weight * sums[size - 1]
    return sums


def added(several: Iterable[Chances]) -> Chances:
    """Give the chances of the sum of independent counts."""
    total = np.ones(1)
    for chances in several:
        total = np.convolve(total, chances)
    return [float(chance) for chance in total]


def mid_p(chances: Chances, observed: int) -> float:
    """Tell how probable so many or more are, what was observed itself counted by half (Lancaster 1961)."""
    return min(1.0, sum(chances[observed + 1 :]) + chances[observed] / 2)


@lru_cache(maxsize=10_000)  # among a patient's themes the same few numbers come again and again
def follows(first: int, both: int, second: int, neither: int) -> tuple[float, ...]:
    """Tell how often, over all orders of some windows, the first theme is directly followed by the second.

    Given are the windows with the first theme only, both, the second only, neither. Every order is counted, none is
    drawn: where the windows with the first theme stand in `runs` runs, the windows after them are `leading - runs` of
    their own kind and `runs` of the other kind (one fewer where the last window ends a run), and which of these have
    the second theme is two hypergeometric draws.
    """
    leading, others = first + both, second + neither
    if not leading:
        return (1.0,)
    chances = np.zeros(leading + 1)
    orders = comb(leading + others, leading)
    for runs in range(1, min(leading, others + 1) + 1):
        shapes = comb(leading - 1, runs - 1)
        for closing, gaps in ((1, comb(others, runs - 1)), (0, comb(others, runs))):
            if weight := shapes * gaps / orders:
                own = _drawn(leading - runs, runs, both)
                theirs = _drawn(runs - closing, others - runs + closing, second)
                counts = np.convolve(own, theirs)[: leading + 1]  # more hits than windows have no chance
                chances[: counts.size] += weight * counts
    return tuple(chances.tolist())


@lru_cache(maxsize=10_000)
def _drawn(marked: int, unmarked: int, drawn: int) -> Floats:
    whole = comb(marked + unmarked, drawn) if unmarked >= 0 else 0
    if not whole:
        return np.ones(1)
    return np.array([comb(marked, hits) * comb(unmarked, drawn - hits) / whole for hits in range(drawn + 1)])


def believed(chances: Sequence[float], level: float) -> frozenset[int]:
    """Choose which findings to believe, by their places, so that of those at most `level` are expected to be false.

    Benjamini and Hochberg (1995). Where nothing is true, anything at all is believed with probability `level` at most.
    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = max(
        (rank for rank, place in enumerate(order, 1) if chances[place] <= level * rank / len(chances)), default=0
    )
    return frozenset(order[:last])
