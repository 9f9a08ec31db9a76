"""Vectors of whole sentences from an encoder, for clinics that want more recall and have the machine for it."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np

from nlp.learned.word_table import Floats


class Encoder(Protocol):
    """Turns texts into vectors, shape (texts, width), each of length 1."""

    width: int

    def encode(self, texts: Sequence[str]) -> Floats:
        """Encode texts."""
        ...

    def remember(self) -> None:
        """Keep every vector from now on: training asks for the same sentences again and again."""
        ...


class SentenceEncoder:
    """A model of the sentence-transformers library, a static embedding among them, from a folder or by its name.

    By name it is fetched once by that library, which is the operator's decision; a folder needs no network.
    """

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415 -- an extra, and slow to import
        except ImportError:
            raise RuntimeError("an encoder needs the extra: pip install 'integration-journal[encoder]'") from None
        self._model: Any = SentenceTransformer(name, device="cpu")
        self.width = int(self._model.encode(["."]).shape[1])
        self._kept: dict[str, Floats] | None = None

    def remember(self) -> None:
        """Keep every vector from now on; never called where patients' words come in."""
        self._kept = self._kept or {}

    def encode(self, texts: Sequence[str]) -> Floats:
        """Encode texts."""
        if self._kept is None:
            return self._encode(texts)
        new = sorted(set(texts) - self._kept.keys())
        self._kept.update(zip(new, self._encode(new), strict=True) if new else ())
        return np.stack([self._kept[text] for text in texts])

    def _encode(self, texts: Sequence[str]) -> Floats:
        found = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float32)


@cache
def load_encoder(name: str) -> Encoder:
    """Load an encoder once."""
    return SentenceEncoder(name)
