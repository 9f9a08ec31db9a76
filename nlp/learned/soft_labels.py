"""Soft labels: what a larger model, the teacher, makes of each sentence of the corpus, for the network to learn from.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", NIPS 2014 Deep Learning Workshop. The teacher
is far too slow to ship (`nlp/learned/teacher.py`); what it says of the corpus is kept in a file, as the corpus is.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.learned.word_table import Floats

STEPS = 255  # a chance is kept in a byte
LEAST = 0.01  # below that it counts for nothing
FILE = Path(__file__).with_name("soft_labels.npz")


def key_of(sentences: Sequence[str]) -> int:
    """Give the number that a document is known by: where a word changes, or where a sentence ends, it is another."""
    return int.from_bytes(sha256("\n".join(sentences).encode()).digest()[:8], "big")


class SoftLabels:
    """Chances of labels, for each sentence of some documents; `columns` says what of."""

    def __init__(self, columns: tuple[str, ...], documents: dict[int, NDArray[np.uint8]]) -> None:
        self.columns = columns
        self._documents = documents

    def __len__(self) -> int:
        return len(self._documents)

    def of(self, sentences: Sequence[str]) -> Floats | None:
        """Give the chances of a document, shape (sentences, columns); None where it is not known as it now is."""
        found = self._documents.get(key_of(sentences))
        return None if found is None else (found / STEPS).astype(np.float32)

    @classmethod
    def made(cls, columns: tuple[str, ...], told: Iterable[tuple[Sequence[str], Floats]]) -> "SoftLabels":
        """Make them of documents, each a list of sentences, and the chances of these, rounded to a byte each."""
        kept = ((key_of(sentences), np.where(chances < LEAST, 0, chances)) for sentences, chances in told)
        return cls(columns, {key: np.round(chances * STEPS).astype(np.uint8) for key, chances in kept})

    def write(self, path: Path) -> None:
        """Write them to a file, document by document in the order of their numbers: nearly all chances are nothing."""
        keys = sorted(self._documents)
        rows = np.concatenate([self._documents[key] for key in keys])
        places = np.flatnonzero(rows)
        beside = path.with_name(f"new.{path.name}")
        np.savez_compressed(
            beside,
            columns=np.array(self.columns),
            keys=np.array(keys, np.uint64),
            counts=np.array([len(self._documents[key]) for key in keys], np.uint16),
            steps=np.diff(places, prepend=0).astype(np.uint32),
            values=rows.ravel()[places],
        )
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> "SoftLabels":
        """Read them from a file; nothing in it is executed."""
        with np.load(path, allow_pickle=False) as kept:
            columns, counts = tuple(kept["columns"].tolist()), kept["counts"].astype(np.int64)
            rows = np.zeros(int(counts.sum()) * len(columns), np.uint8)
            rows[np.cumsum(kept["steps"], dtype=np.int64)] = kept["values"]
            parts = np.split(rows.reshape(-1, len(columns)), np.cumsum(counts)[:-1])
            return cls(columns, dict(zip(kept["keys"].tolist(), parts, strict=True)))


@cache
def load_soft_labels(path: Path = FILE) -> SoftLabels:
    """Read those that ship, once."""
    return SoftLabels.read(path)


def soften(truth: Floats, told: Iterable[tuple[int, Floats | None]], trust: float) -> None:
    """Move labels, a row a sentence, towards what a teacher says of the same; in place.

    told: for each document how many sentences it has, and what is said of them; None: nothing.
    """
    row = 0
    for count, said in told:
        if said is not None:
            rows = truth[row : row + count, : said.shape[1]]
            rows += trust * (said - rows)
        row += count
