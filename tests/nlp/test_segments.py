"""Sums and maxima over runs of rows, against going through the runs one after another."""

from itertools import pairwise

import numpy as np
import pytest

from nlp.learned.segments import TOGETHER, segment_maxima, spread, weighted_sums

pytestmark = pytest.mark.database_free

LENGTHS = [3, 0, 1, 7, 0, 2, 3, 0]
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
VALUES = np.random.default_rng(1).normal(-1, 1, (OFFSETS[-1], 5)).astype(np.float32)


def runs(values: np.ndarray) -> list[np.ndarray]:
    return [values[start:end] for start, end in pairwise(OFFSETS)]


def test_weighted_sums_of_a_table() -> None:
    chance = np.random.default_rng(2)
    ids, weights = chance.integers(0, len(VALUES), len(VALUES)), chance.normal(size=len(VALUES)).astype(np.float32)
    expected = [run.sum(axis=0) for run in runs(VALUES[ids] * weights[:, None])]
    assert np.allclose(weighted_sums(VALUES, ids, weights, OFFSETS), expected, atol=1e-6)
    whole = np.round(VALUES * 40).astype(np.int8)
    of_whole = weighted_sums(whole, ids, weights, OFFSETS)
    assert of_whole.dtype == np.float32
    assert np.allclose(of_whole, [run.sum(axis=0) for run in runs(whole[ids] * weights[:, None])], atol=1e-4)


def test_weighted_sums_of_many_runs_and_of_none() -> None:
    offsets = np.concatenate([OFFSETS + OFFSETS[-1] * n for n in range(TOGETHER)])  # with empty runs between
    ids, weights = np.tile(np.arange(len(VALUES)), TOGETHER), np.ones(TOGETHER * len(VALUES), np.float32)
    expected = np.vstack([weighted_sums(VALUES, ids, weights[: len(VALUES)], OFFSETS), np.zeros((1, 5))])
    found = weighted_sums(VALUES, ids, weights, offsets)
    assert np.allclose(found, np.tile(expected, (TOGETHER, 1))[: len(found)], atol=1e-6)
    assert weighted_sums(VALUES, ids[:0], weights[:0], np.array([0, 0])).tolist() == [[0.0] * 5]
    assert weighted_sums(VALUES, ids[:0], weights[:0], np.array([0])).shape == (0, 5)


def test_maxima_are_zero_of_nothing_and_may_be_below_zero() -> None:
    found = segment_maxima(VALUES, OFFSETS[:-1], OFFSETS[1:])
    assert np.array_equal(found, [run.max(axis=0) if len(run) else np.zeros(5) for run in runs(VALUES)])
    assert (found < 0).any()
    with_gaps = segment_maxima(VALUES, np.array([4, 1]), np.array([6, 3]))
    assert np.array_equal(with_gaps, [VALUES[4:6].max(axis=0), VALUES[1:3].max(axis=0)])


def test_rows_of_runs() -> None:
    assert spread(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert not len(spread(np.array([], np.int64), np.array([], np.int64)))
