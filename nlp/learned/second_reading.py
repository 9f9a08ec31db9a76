"""The pipeline's optional component that lets a fine-tuned encoder read along, for clinics that want more recall."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from nlp.learned.corpus_reader import sentence_texts
from nlp.learned.labels import TAUGHT, TURNED
from nlp.learned.reader import Reader, ReaderError
from nlp.learned.theme_model import SCORES
from nlp.learned.word_table import Floats

TOLD = "nlp.told"  # of a document that a reader has read: its log odds, shape (sentences, labels that it tells of)
SHARE = 0.65  # of the log odds; from 0.6 to 0.7 was best on five sets of documents (docs/model_card.md)
LEAST = 1e-6  # a chance is at least so far from 0 and 1


class SecondReading:
    """Moves the network's scores towards what a reader tells, which stands in `doc.user_data` too.

    The log odds are averaged: a pool of experts (Genest and Zidek, "Combining probability distributions", 1986). Those
    of a theme that is so asserted move with the theme's, so that what the network makes of assertions stays as it is.
    Which words speak for a theme, the network goes on telling.

    path: where a reader lies that is not yet part of a pipeline on disk. share: how much of the log odds are the
    reader's. load: how one is read. Raises ReaderError where it cannot be, or tells of other labels.
    """

    def __init__(self, load: Callable[[Path], Reader], path: str | None, share: float) -> None:
        if not 0 <= share <= 1:
            raise ReaderError(f"a reader's share is from 0 to 1, not {share}")
        self._load, self._path, self._share = load, path, share
        self._reader: Reader | None = None

    @property
    def reader(self) -> Reader:
        """What reads along; read from its folder when it is first asked for."""
        if self._reader is None:
            if self._path is None:
                raise ReaderError("the component has no reader: set its path, or load a pipeline that was kept")
            self._reader = checked(self._load(Path(self._path)))
        return self._reader

    @reader.setter
    def reader(self, reader: Reader) -> None:
        self._reader = checked(reader)

    def __call__(self, doc: Doc) -> Doc:
        """Read one document that the network has scored."""
        self._read([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Read many documents, those of a batch at once, which is quicker."""
        for docs in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            self._read(docs)
            yield from docs

    def _read(self, docs: Sequence[Doc]) -> None:
        told = self.reader.tell([list(sentence_texts(doc)) for doc in docs])
        for doc, chances in zip(docs, told, strict=True):
            scored, odds = doc.user_data[SCORES], log_odds(chances)
            doc.user_data[TOLD] = odds
            doc.user_data[SCORES] = scored._replace(scores=self._mixed(scored.scores, odds))

    def _mixed(self, scores: Floats, odds: Floats) -> Floats:
        known, mixed = odds.shape[1], scores.copy()
        moved = self._share * (odds - scores[:, :known])
        mixed[:, :known] += moved
        mixed[:, known:] += np.repeat(moved[:, : known - len(TURNED)], len(TURNED), axis=1)
        return mixed

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the reader into the pipeline's folder, so that the pipeline needs nothing else."""
        del exclude
        self.reader.write(Path(path))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "SecondReading":
        """Read the reader."""
        del exclude
        self.reader = self._load(Path(path))
        return self


def checked(reader: Reader) -> Reader:
    """Give a reader that tells of what the networks tell of; raise ReaderError where it does not."""
    if reader.columns != TAUGHT:
        raise ReaderError("the reader has learned other themes: python -m nlp teach --reader FOLDER")
    return reader


def log_odds(chances: Floats) -> Floats:
    """Turn chances into log odds that are never without end."""
    kept = np.clip(np.asarray(chances, np.float64), LEAST, 1 - LEAST)
    return np.asarray(np.log(kept / (1 - kept)), np.float32)


@Language.factory(
    "reader",
    default_config={"load": {"@misc": "integration_journal.FineTuned.v1"}, "path": None, "share": SHARE},
)
def make_second_reading(
    nlp: Language,  # noqa: ARG001 -- spaCy calls it by these names
    name: str,  # noqa: ARG001
    load: Callable[[Path], Reader],
    path: str | None,
    share: float,
) -> SecondReading:
    """Make the component, to stand between theme_model and combiner; its reader is read when it is needed."""
    return SecondReading(load, path, share)
