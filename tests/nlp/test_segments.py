"""Sums and maxima over runs of rows, against going through the runs one after another."""

from itertools import pairwise

import numpy as np
import pytest

from nlp.learned.segments import segment_maxima, segment_sums, spread, weighted_sums

pytestmark = pytest.mark.database_free

LENGTHS = [3, 0, 1, 7, 0, 2, 3, 0]
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
VALUES = np.random.default_rng(1).normal(-1, 1, (OFFSETS[-1], 5)).astype(np.float32)


def runs(values: np.ndarray) -> list[np.ndarray]:
    return [values[start:end] for start, end in pairwise(OFFSETS)]


def test_sums() -> None:
    assert np.allclose(segment_sums(VALUES, OFFSETS), [run.sum(axis=0) for run in runs(VALUES)], atol=1e-6)
    assert np.allclose(segment_sums(VALUES[:, 0], OFFSETS), [run.sum() for run in runs(VALUES[:, 0])], atol=1e-6)
    assert segment_sums(VALUES[:0], np.array([0, 0])).tolist() == [[0.0] * 5]
    assert not len(segment_sums(VALUES[:0], np.array([0])))


def test_weighted_sums_of_a_table() -> None:
    chance = np.random.default_rng(2)
    ids, weights = chance.integers(0, len(VALUES), len(VALUES)), chance.normal(size=len(VALUES)).astype(np.float32)
    expected = segment_sums(VALUES[ids] * weights[:, None], OFFSETS)
    assert np.allclose(weighted_sums(VALUES, ids, weights, OFFSETS), expected, atol=1e-6)


def test_maxima_are_zero_of_nothing_and_may_be_below_zero() -> None:
    found = segment_maxima(VALUES, OFFSETS[:-1], OFFSETS[1:])
    assert np.array_equal(found, [run.max(axis=0) if len(run) else np.zeros(5) for run in runs(VALUES)])
    assert (found < 0).any()
    with_gaps = segment_maxima(VALUES, np.array([4, 1]), np.array([6, 3]))
    assert np.array_equal(with_gaps, [VALUES[4:6].max(axis=0), VALUES[1:3].max(axis=0)])


def test_rows_of_runs() -> None:
    assert spread(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert not len(spread(np.array([], np.int64), np.array([], np.int64)))
