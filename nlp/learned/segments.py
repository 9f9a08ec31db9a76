"""Sums, maxima and neighbours in runs of rows: the words of a sentence, or the sentences of a document, one by one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
TOGETHER = 8  # runs that are summed at once: more would be multiplied with nothing, fewer cost a call each


def weighted_sums(table: NDArray[Any], ids: Ints, weights: NDArray[Any], offsets: Ints) -> NDArray[Any]:
    """Sum runs of a table's rows, each times its weight; `offsets` says where each begins, with one more at the end.

    Some runs at a time, as a product of matrices: the weights of each run in a row, and the rows that they are of.
    """
    count = len(offsets) - 1
    sums = np.zeros((count, table.shape[1]), dtype=weights.dtype)
    owner = np.repeat(np.arange(count), np.diff(offsets))
    for first in range(0, count, TOGETHER):
        last = min(first + TOGETHER, count)
        opens, closes = int(offsets[first]), int(offsets[last])
        laid_out = np.zeros((last - first, closes - opens), dtype=weights.dtype)
        laid_out[owner[opens:closes] - first, np.arange(closes - opens)] = weights[opens:closes]
        rows = table.take(ids[opens:closes], axis=0).astype(weights.dtype, copy=False)
        np.matmul(laid_out, rows, out=sums[first:last])
    return sums


def segment_maxima(values: NDArray[Any], opens: Ints, closes: Ints) -> NDArray[Any]:
    """Give the greatest value of each column in each run of rows; zeros for empty runs.

    Runs are gone through side by side, place by place, the longest first: numpy is several times as fast so as it is
    run after run (`ufunc.reduceat`).
    """
    lengths = closes - opens
    order = np.argsort(-lengths, kind="stable")
    starts = opens[order]
    maxima = np.zeros((len(opens), values.shape[1]), dtype=values.dtype)
    places = np.arange(int(lengths.max(initial=0)))
    counts = np.searchsorted(-lengths[order], -places, side="left")  # how many have a row at each place
    for place, count in enumerate(counts.tolist()):
        rows = values.take(starts[:count] + place, axis=0)
        if place:
            np.maximum(maxima[:count], rows, out=maxima[:count])
        else:
            maxima[:count] = rows
    in_turn = np.empty_like(maxima)
    in_turn[order] = maxima
    return in_turn


def beside(values: NDArray[Any], offsets: Ints, step: int) -> NDArray[Any]:
    """Give each row that of its run which stands so many before it, or after it; zeros where the run has none."""
    if not step:
        return values
    counts = np.diff(offsets)
    numbers = np.arange(len(values)) - step
    is_inside = (numbers >= np.repeat(offsets[:-1], counts)) & (numbers < np.repeat(offsets[1:], counts))
    moved = np.roll(values, step, axis=0)
    moved[~is_inside] = 0
    return moved


def others(values: NDArray[Any], offsets: Ints) -> NDArray[Any]:
    """Give each row the mean of the others of its run; zeros to one that stands alone."""
    counts = np.diff(offsets)
    told = counts[counts > 0]
    sums = np.add.reduceat(values, offsets[:-1][counts > 0], axis=0) if len(told) else values
    rest = np.repeat(sums, told, axis=0) - values
    return rest / np.repeat(np.maximum(told - 1, 1).astype(np.float32), told)[:, None]


def starts_of(lengths: Ints) -> Ints:
    """Give where each of some runs begins that lie one after the other, with one more at the end."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def spread(opens: Ints, lengths: Ints) -> Ints:
    """Give the rows of runs, one run after the other: from each of `opens`, so many as `lengths` says."""
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(opens - ends + lengths, lengths)
