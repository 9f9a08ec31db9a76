"""The filters over phrases: their gradient against differences, and what they say split upon the words."""

from collections.abc import Sequence

import numpy as np
import pytest

from nlp.learned.features import Batch, Vocabulary, featurise
from nlp.learned.phrases import WINDOW, Common, hear, read_phrases, shares_of_phrases
from nlp.learned.word_table import WordTable

pytestmark = pytest.mark.database_free

WORDS = ("grey", "days", "again", "the", "boat", "came")
SENTENCES = [("grey", "days", "again"), (), ("boat",), ("the", "unknown", "boat", "came", "the")]


@pytest.fixture
def batch() -> Batch:
    table = WordTable.of(WORDS, np.random.default_rng(1).normal(size=(len(WORDS), 4)).astype(np.float32))
    return featurise([SENTENCES, [SENTENCES[0], ()]], Vocabulary.of(SENTENCES, 1, 2), table)


@pytest.fixture
def filters() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(WINDOW, 4, 5))


def test_a_filter_sees_three_words_of_one_sentence_and_never_the_next(batch: Batch, filters: np.ndarray) -> None:
    told, _ = read_phrases(batch, filters, np.zeros(5))
    assert told.shape == (6, 5)
    assert not told[1].any(), "a sentence of no words says nothing"
    assert np.allclose(told[0], told[4], atol=1e-5), "whatever stands around it"
    (boat,) = batch.table.vectors(np.array(batch.table.rows(["boat"])))
    assert np.allclose(told[2], np.maximum(boat @ filters[1], 0), atol=1e-4)
    empty, _ = read_phrases(featurise([], Vocabulary.of(SENTENCES, 1, 2), batch.table), filters, np.zeros(5))
    assert empty.shape == (0, 5)


def test_its_gradient_is_that_of_small_differences(batch: Batch, filters: np.ndarray) -> None:
    bias, direction = np.full(5, 0.1), np.random.default_rng(3).normal(size=(6, 5))

    def total(filters: np.ndarray, bias: np.ndarray) -> float:
        return float((read_phrases(batch, filters, bias)[0] * direction).sum())

    by_filter, by_bias = read_phrases(batch, filters, bias)[1](direction.astype(np.float32))
    step = 1e-3
    for place in np.ndindex(*filters.shape):
        moved = filters.copy()
        moved[place] += step
        assert (total(moved, bias) - total(filters, bias)) / step == pytest.approx(by_filter[place], abs=0.02)
    for place in range(5):
        moved = bias.copy()
        moved[place] += step
        assert (total(filters, moved) - total(filters, bias)) / step == pytest.approx(by_bias[place], abs=0.02)


def test_the_words_have_the_whole_score_between_them(batch: Batch, filters: np.ndarray) -> None:
    direction = np.random.default_rng(4).normal(size=(3, 5))
    heard, _ = hear(batch, filters, np.zeros(5))
    sentences = np.array([3, 0, 3])
    shares = shares_of_phrases(heard, sentences, np.tile(np.arange(5), (3, 1)), direction)
    whole = [each.sum() for each in np.split(shares, [5, 8])]
    assert whole == pytest.approx((heard.told[sentences] * direction).sum(axis=1), abs=1e-3)
    for empty in (1, 5):
        assert not len(shares_of_phrases(heard, np.array([empty]), np.arange(5)[None], direction[:1])), "no words"


@pytest.mark.parametrize("common", [[], ["grey"], ["boat", "again", "nowhere"], WORDS])
def test_the_commonest_words_are_heard_as_the_others_are(
    batch: Batch, filters: np.ndarray, common: Sequence[str]
) -> None:
    known = Common.of(np.array(batch.table.rows(common), np.int64), batch.table, filters)
    heard, windows = hear(batch, filters, np.zeros(5), common=known)
    anew, others = hear(batch, filters, np.zeros(5))
    assert np.allclose(heard.told, anew.told, atol=1e-5)
    assert np.allclose(windows, others, atol=1e-5)
