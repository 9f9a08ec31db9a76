"""A small reader that knows some words, for a pipeline to read along with where there is no torch."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.util import registry

from nlp.learned.labels import TAUGHT
from nlp.learned.reader import Reader, ReaderError
from nlp.learned.second_reading import SHARE, SecondReading
from nlp.tagger import load_pipeline


class WordReader:
    """A reader that knows some words: a sentence with one has its theme with a chance, all else with another."""

    def __init__(self, known: dict[str, str], chances: tuple[float, float] = (1.0, 0.001), **about: Any) -> None:
        self.known, self.chances = known, chances
        self.columns: tuple[str, ...] = tuple(about.get("columns", TAUGHT))
        self.kept_from: tuple[str, ...] = tuple(about.get("kept_from", ()))
        self.asked: list[int] = []

    def tell(self, documents: Sequence[Sequence[str]]) -> list[Any]:
        self.asked.append(len(documents))
        return [self._of(each) for each in documents]

    def _of(self, document: Sequence[str]) -> Any:
        told = np.full((len(document), len(self.columns)), self.chances[1], np.float32)
        for row, sentence in enumerate(document):
            for word, label in self.known.items():
                if word in sentence:
                    told[row, self.columns.index(label)] = self.chances[0]
        return told

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        about = {"columns": self.columns, "kept_from": self.kept_from}
        (folder / "words.json").write_text(json.dumps([self.known, self.chances, about]), "utf-8")


def read_words(folder: Path) -> Reader:
    if not (folder / "words.json").is_file():
        raise ReaderError(f"{folder} is no reader")
    known, chances, about = json.loads((folder / "words.json").read_text("utf-8"))
    return WordReader(known, tuple(chances), **about)


@registry.misc("tests.WordReader.v1")
def word_reader() -> Callable[[Path], Reader]:
    return read_words


def reading_along(reader: WordReader, share: float = SHARE) -> Language:
    """Give the shipped pipeline with a reader in it."""
    nlp = load_pipeline()
    config = {"load": {"@misc": "tests.WordReader.v1"}, "share": share}
    pipe = nlp.add_pipe("reader", after="theme_model", config=config)
    assert isinstance(pipe, SecondReading)
    pipe.reader = reader
    return nlp
