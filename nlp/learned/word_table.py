"""Vectors of words: what lets the trained part know that "bawling" is like "weeping"."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nlp.learned.segments import Ints, weighted_sums

Floats = NDArray[np.float32]
MISSING = 0  # the row of words that are not in the table: nothing


def to_whole(values: NDArray[Any]) -> tuple[NDArray[np.int8], Floats]:
    """Round numbers to a byte each: whole numbers, and what a step of each column is worth."""
    scales = np.abs(values).max(axis=0, initial=0) / 127 + 1e-12
    return np.round(values / scales).astype(np.int8), scales.astype(np.float32)


class WordTable:
    """Maps normal words to vectors, kept as one byte a number.

    `vectors` has a row a word, the first being that of missing words; `scales` what a step of each column is worth.
    """

    def __init__(self, words: Sequence[str], vectors: NDArray[np.int8], scales: Floats) -> None:
        if vectors.shape != (len(words) + 1, len(scales)) or vectors[MISSING].any():
            raise ValueError("a word table has a row a word behind one empty row, and a scale a column")
        self._words = tuple(words)
        self._rows = {word: row for row, word in enumerate(words, 1)}
        self._vectors = vectors
        self._scales = scales

    @property
    def width(self) -> int:
        """How many numbers a word has."""
        return len(self._scales)

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in the order of their rows."""
        return self._words

    def __len__(self) -> int:
        return len(self._words)

    def rows(self, words: Iterable[str]) -> list[int]:
        """Give the row of each word; 0 for those that the table has not."""
        get = self._rows.get
        return [get(word, MISSING) for word in words]

    def vectors(self, rows: NDArray[Any]) -> Floats:
        """Give the vectors of rows, shape (rows, width)."""
        return self._vectors.take(rows, axis=0) * self._scales

    def sums(self, rows: Ints, weights: Floats, offsets: Ints) -> Floats:
        """Sum runs of rows' vectors, each times its weight; `offsets` as in `weighted_sums`."""
        return weighted_sums(self._vectors, rows, weights, offsets) * self._scales

    @classmethod
    def of(cls, words: Sequence[str], vectors: Floats) -> Self:
        """Make a table of vectors, shape (words, width), rounding each number to a byte."""
        whole, scales = to_whole(vectors)
        return cls(words, np.vstack([np.zeros((1, whole.shape[1]), np.int8), whole]), scales)

    def extended(self, words: Sequence[str], vectors: Floats) -> Self:
        """Give a table with further words behind those that are there, which stay to the bit.

        What does not fit into a byte at this table's steps is cut to the nearest that does.
        """
        if self._rows.keys() & set(words):
            raise ValueError("a word that is there already keeps its vector")
        whole = np.clip(np.round(vectors / self._scales), -127, 127).astype(np.int8)
        return type(self)([*self._words, *words], np.vstack([self._vectors, whole]), self._scales)

    def write(self, path: Path) -> None:
        """Write the table to a file."""
        words = np.frombuffer("\n".join(self._words).encode(), dtype=np.uint8)
        np.savez_compressed(path, words=words, vectors=self._vectors, scales=self._scales)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a table; nothing in the file is executed."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(kept["words"].tobytes().decode().split("\n"), kept["vectors"], kept["scales"])
