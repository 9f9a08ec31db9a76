"""The word table: made of an encoder and published vectors, made longer, kept, and what it has not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp.learned.features import Vocabulary, featurise
from nlp.learned.make_word_table import extend_word_table, frequent_words, make_word_table, read_vectors
from nlp.learned.word_table import WordTable

pytestmark = pytest.mark.database_free


class Letters:
    """A small encoder: the sum of its letters' vectors."""

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors
        self.width = vectors.shape[1]

    def encode(self, texts: Sequence[str]) -> Any:
        return np.stack([sum(self._vectors[ord(each) - ord("a")] for each in text) for text in texts])

    def remember(self) -> None:
        pass


ENCODER = Letters(np.random.default_rng(5).normal(size=(26, 6)).astype(np.float32))


def test_a_word_table_is_made_of_an_encoder_and_published_vectors(tmp_path: Path) -> None:
    lines = ["the 0.1 0.2 0.3", "2024 1 1 1", "grief 0.5 0.1 0.9", "sorrow 0.5 0.2 0.8", "bus 0.9 0.9 0.1"]
    published = dict(read_vectors(lines, 10))
    assert list(published) == ["the", "grief", "sorrow", "bus"]
    table = make_word_table({"kettle"}, published, ENCODER, 3)
    assert len(table) == 4  # the three most frequent, and the one that is needed
    table.write(tmp_path / "table.npz")
    again = WordTable.read(tmp_path / "table.npz")
    rows = np.array(again.rows(["grief", "sorrow", "kettle", "bus"]))
    assert rows.astype(bool).tolist() == [True, True, True, False]
    assert np.array_equal(again.vectors(rows), table.vectors(rows))
    assert not again.vectors(rows)[3].any()


def test_further_words_lie_where_another_encoder_suggests_and_the_others_stay(tmp_path: Path) -> None:
    """The table's vectors are a straight function of what the encoder makes of words: so are the new ones."""
    known = [f"{first}{second}" for first in "abcdefgh" for second in "klmnopqrst"]
    turn = np.random.default_rng(6).normal(size=(6, 4))
    table = WordTable.of(known, np.asarray(ENCODER.encode(known) @ turn + 0.3, np.float32))
    longer = extend_word_table(table, {"am", "zz", "hz"}, ENCODER)
    assert longer.words == (*known, "hz", "zz")
    rows = np.array(longer.rows(known))
    assert np.array_equal(longer.vectors(rows), table.vectors(rows)), "to the bit"
    (found,) = longer.vectors(np.array(longer.rows(["hz"])))
    (expected,) = ENCODER.encode(["hz"]) @ turn + 0.3
    assert found == pytest.approx(expected, abs=0.1)
    assert extend_word_table(longer, known, ENCODER) is longer, "nothing is missing"
    longer.write(tmp_path / "table.npz")
    assert WordTable.read(tmp_path / "table.npz").words == longer.words
    with pytest.raises(ValueError, match="keeps its vector"):
        longer.extended(["zz"], np.zeros((1, 4), np.float32))


def test_words_that_stand_in_enough_sentences_of_some_files_are_frequent() -> None:
    words = frequent_words(["writers_1.txt", "writers_2.txt"], 3)
    assert {"after", "again"} < words
    assert words < frequent_words(["writers_*.txt"], 2)
    assert all(word[0].isalpha() for word in words)


def test_words_that_are_not_in_the_table_count_for_nothing() -> None:
    table = WordTable.of(["grief"], np.array([[3.0, 4.0]], np.float32))
    vocabulary = Vocabulary.of([("grief", "grief"), ("grief",)], 2)
    batch = featurise([[("grief",), ("qqq",)]], vocabulary, table)
    own = batch.dense[:, :2]
    assert own[0] == pytest.approx([3.0, 4.0], abs=0.05)
    assert own[1] == pytest.approx([0.0, 0.0])
    assert batch.dense[1, 2:] == pytest.approx([1.5, 2.0], abs=0.05)
