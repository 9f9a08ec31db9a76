"""What the network makes of short phrases: filters over three words at a time, the strongest place of each kept.

Kim, "Convolutional neural networks for sentence classification", EMNLP 2014: one layer of filters over word vectors
that stay as they are, and the maximum over a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.learned.features import Batch
from nlp.learned.word_table import MISSING, Floats

WINDOW = 3  # words: the one before, the word, the one after


@dataclass(frozen=True, slots=True)
class Rows:
    """The words of sentences in one row, with a missing word before, between and behind sentences.

    `opens[i]` and `closes[i]` are where sentence `i` begins and ends among the windows; the window at place `n` is
    around word `n + 1` of the row.
    """

    words: NDArray[np.int64]
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]

    @classmethod
    def of(cls, batch: Batch) -> "Rows":
        """Lay a batch's words out."""
        lengths = np.diff(batch.words)
        gaps = np.arange(len(lengths))
        words = np.full(len(batch.rows) + len(lengths) + 1, MISSING, np.int64)
        words[np.arange(len(batch.rows)) + np.repeat(gaps, lengths) + 1] = batch.rows
        return cls(words, batch.words[:-1] + gaps, batch.words[1:] + gaps)

    @property
    def inside(self) -> NDArray[np.int64]:
        """Where the windows around words are, without those between sentences."""
        lengths = self.closes - self.opens
        return np.arange(lengths.sum()) + np.repeat(np.arange(len(lengths)), lengths)

    def strongest(self, windows: Floats) -> Floats:
        """Give the greatest value of each column in each sentence; nothing where a sentence has no words."""
        if not len(self.opens):
            return np.zeros((0, windows.shape[1]), np.float32)
        runs = np.stack([self.opens, self.closes], axis=1).ravel()[:-1]
        found = np.maximum.reduceat(windows, runs)[::2] if len(windows) else np.zeros((1, windows.shape[1]))
        found[self.opens == self.closes] = 0
        return found.astype(windows.dtype, copy=False)


def read_phrases(
    batch: Batch, filters: Any, bias: Any, kept: float = 1.0
) -> tuple[Floats, Callable[[Floats], tuple[Any, Any]]]:
    """Give how strongly each filter speaks in each sentence, shape (sentences, filters), never below nothing.

    filters: shape (WINDOW, width of the table, filters). kept: the share of words that are looked at, for training.
    The other value takes a gradient and gives those of filters and bias.
    """
    rows = Rows.of(batch)
    words = rows.words
    if kept < 1:
        words = np.where(np.random.random(words.shape) < kept, words, MISSING)  # noqa: NPY002 -- thinc seeds it
    # Each word is multiplied once, however often it stands there.
    unique, place = np.unique(words, return_inverse=True)
    vectors = batch.table.vectors(unique)
    before, itself, after = (vectors @ each for each in filters)
    windows = before[place[:-2]] + itself[place[1:-1]] + after[place[2:]]
    strongest = rows.strongest(windows)
    spoken = np.where(rows.opens < rows.closes, 1, 0).astype(np.float32)[:, None]
    told = np.maximum(strongest + bias, 0) * spoken

    def backprop(gradient: Floats) -> tuple[Any, Any]:
        gradient = gradient * (told > 0)
        lengths, inside = rows.closes - rows.opens, rows.inside
        along = np.zeros_like(windows)
        is_strongest = windows[inside] == np.repeat(strongest, lengths, axis=0)
        along[inside] = is_strongest * np.repeat(gradient, lengths, axis=0)
        seen = vectors[place]
        by_filter = np.stack([seen[n : len(seen) - 2 + n].T @ along for n in range(WINDOW)])
        return by_filter.astype(np.float32), gradient.sum(axis=0)

    return np.asarray(told, np.float32), backprop


def shares_of_phrases(vectors: Floats, filters: Any, told: Any, direction: Any) -> Floats:
    """Split what some filters say of one sentence upon its words.

    vectors: of its words, shape (words, width). told: how strongly each filter speaks. direction: what a filter's voice
    counts for. A filter has its say from one window, whose words have their own parts in it.
    """
    shares = np.zeros(len(vectors), np.float32)
    if not len(vectors):
        return shares
    parts = np.stack([vectors @ each for each in filters])  # (window, words, filters)
    windows = parts[1].copy()
    windows[1:] += parts[0, :-1]
    windows[:-1] += parts[2, 1:]
    strongest = windows.argmax(axis=0)
    counts = np.where(told > 0, direction, 0)
    for offset in range(WINDOW):
        words = strongest + offset - 1
        there = np.flatnonzero((words >= 0) & (words < len(vectors)))
        np.add.at(shares, words[there], parts[offset, words[there], there] * counts[there])
    return shares
