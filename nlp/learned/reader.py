"""What reads whole documents and tells how likely each label is in each sentence: the seam behind which an encoder is.

`nlp/learned/fine_tuned.py` has the one that comes with the project; `nlp/learned/second_reading.py` lets one have its
say in the pipeline.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from nlp.learned.soft_labels import key_of
from nlp.learned.word_table import Floats

Sentences = Sequence[str]


class ReaderError(ValueError):
    """There is no reader: the extra is missing, or an encoder, or what was kept of one. The message says which."""


class Reader(Protocol):
    """Tells how likely labels are."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it tells of."""
        ...

    @property
    def kept_from(self) -> tuple[str, ...]:
        """Writers of the corpus that it has not learned from."""
        ...

    def tell(self, documents: Sequence[Sentences]) -> list[Floats]:
        """Give the chances of labels, for each document an array, shape (sentences, columns)."""
        ...

    def write(self, folder: Path) -> None:
        """Keep all that it needs in a folder, which is replaced."""
        ...


class Remembered:
    """A reader that reads no document twice; never used where patients' words come in."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._told: dict[int, Floats] = {}
        self.columns, self.kept_from, self.write = reader.columns, reader.kept_from, reader.write

    def tell(self, documents: Sequence[Sentences]) -> list[Floats]:
        """Give the chances of labels, for each document an array, shape (sentences, columns)."""
        new = {key: each for each in documents if (key := key_of(each)) not in self._told}
        self._told.update(zip(new, self._reader.tell(list(new.values())), strict=True))
        return [self._told[key_of(each)] for each in documents]
