"""Builds the pipeline that ships: trains it, and fits what weighs its parts against each other.

The weights and thresholds come from writers that neither part was made on: the network is trained several times, each
time without some of the writers, and scores those; the lexicon was not tended on them. What the teacher tells of the
others' sentences it has learned from all, so that a little of those writers is heard at second hand.

Where a reader is to read along, it takes too long to fine-tune one for each network: they are weighed on the writers
that it was kept from, and one network is trained without these.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config

from nlp import registered  # noqa: F401 -- makes the components known to spaCy
from nlp.combiner import Combiner
from nlp.context import KIND, Context
from nlp.corpus_files import FOLDER, read_corpus, writer_of
from nlp.documents import Document
from nlp.learned import assertions, levels
from nlp.learned.corpus_reader import example
from nlp.learned.fitting import STRENGTHS, Pairs, Weights, best_threshold, careful_threshold, chances, fit
from nlp.learned.labels import LABELS
from nlp.learned.reader import Reader, ReaderError, Remembered
from nlp.learned.second_reading import SHARE, SecondReading, checked
from nlp.learned.theme_model import SCORES
from nlp.severity import NONE, Severity, load_levels
from nlp.taxonomy import load_taxonomy
from nlp.theme_finder import FOUND, STREAM, Found
from nlp.words import stream_of, tokenizable

CONFIG = Path(__file__).with_name("config.cfg")
META = {
    "name": "integration_journal",
    "version": "1.2.0",
    "description": "Themes of journals and notes in ketamine-assisted psychotherapy; see docs/model_card.md.",
    "license": "Apache-2.0",
}
# Writers fall into so many folds, of which so many are left out of a network each, to see how it reads others' words.
FOLDS, LEFT_OUT = 6, 3
SCORING = ("theme_model", "reader")  # the components that score sentences, in order; the second is optional
STEPS = "training.optimizer.learn_rate.total_steps"
UNSEEN = ("train_*.txt", "voices_*.txt")  # files that the lexicon was not tended on
# They hold more of what is rare than people write, so that how often a theme comes is not read off them.
ENRICHED = ("turned_*.txt", "short_*.txt")
GRADED = FOLDER / "severity.jsonl"  # texts of suicidality with how far each goes


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is fitted beside the network: the settings of the combiner."""

    weights: Weights
    threshold: float
    safety_threshold: float


@dataclass(frozen=True, slots=True)
class Folds:
    """The files whose writers fall into so many folds, of which so many are left out of a network each.

    Assertions are learned from what these make of both kinds of files, the combiner's weights from `unseen` alone.
    """

    unseen: Sequence[str] = UNSEEN
    enriched: Sequence[str] = ENRICHED
    count: int = FOLDS
    left_out: int = LEFT_OUT

    def documents(self) -> tuple[list[Document], list[Document]]:
        """Read the files of either kind."""
        return list(_documents(*self.unseen)), list(_documents(*self.enriched))

    def parts(self, documents: Iterable[Document]) -> list[list[str]]:
        """Give the writers of each fold that is left out."""
        if self.left_out > self.count:
            raise ValueError("no more folds can be left out than there are")
        writers = sorted({writer_of(each) for each in documents})
        return [writers[n :: self.count] for n in range(self.left_out)]


def first_fold(folds: Folds | None = None) -> list[str]:
    """Give the writers that a reader is kept from, so that something is left to weigh it by."""
    folds = folds or Folds()
    usual, further = folds.documents()
    return folds.parts(usual + further)[0]


def build(
    target: Path,
    overrides: dict[str, Any],
    *,
    folds: Folds | None = None,
    reader: Reader | None = None,
    share: float = SHARE,
) -> Fitted:
    """Train the pipeline and write it to a folder, which is replaced; give what was fitted.

    overrides: settings that take the place of the configuration's, such as `components.theme_model.encoder`.
    reader: what reads along, with a share of the log odds. Raises ReaderError where it was kept from no writer, or
    tells of other themes.
    """
    folds = folds or Folds()
    usual, further = folds.documents()
    parts = folds.parts(usual + further) if reader is None else [_kept_from(reader, usual)]
    *kept_from, nlp = _trained(overrides, parts, 1 - 1 / folds.count)
    if reader is not None:
        reader = Remembered(reader)  # which is asked twice
        for each in (*kept_from, nlp):
            _let_read(each, reader, share)
    held_out = list(zip(kept_from, parts, strict=True))
    fitted = weigh([read(each, _by(part, usual)) for each, part in held_out])
    mentions = [
        (seen._replace(is_enriched=is_enriched), truth)
        for documents, is_enriched in ((usual, False), (further, True))
        for each, part in held_out
        for seen, truth in met(each, _by(part, documents), fitted)
    ]
    nlp.remove_pipe("combiner")
    nlp.add_pipe("combiner", before="context", config=asdict(fitted))
    _context(nlp).model = assertions.learn(mentions)
    _severity(nlp).model = levels.learn(list(graded(nlp)), [each for each in load_levels() if each != NONE])
    nlp.meta.update(META)
    shutil.rmtree(target, ignore_errors=True)
    nlp.to_disk(target, exclude=["vocab"])
    return fitted


def _kept_from(reader: Reader, documents: Iterable[Document]) -> list[str]:
    if not {writer_of(each) for each in documents} & set(checked(reader).kept_from):
        raise ReaderError("the reader has learned from all writers, so that none is left to weigh it by")
    return list(reader.kept_from)


def _let_read(nlp: Language, reader: Reader, share: float) -> None:
    pipe = nlp.add_pipe("reader", after="theme_model", config={"share": share})
    if not isinstance(pipe, SecondReading):
        raise TypeError("the factory reader is another's")
    pipe.reader = reader


def _trained(overrides: dict[str, Any], parts: Sequence[Sequence[str]], rest: float) -> list[Language]:
    """Train a network without each part of the writers, for that much of the usual time, and one with all."""
    steps = load_config(CONFIG, overrides=overrides)["training"]["optimizer"]["learn_rate"]["total_steps"]
    settings = [*repeat(overrides | {STEPS: round(steps * rest)}, len(parts)), overrides]
    with tempfile.TemporaryDirectory() as made:
        places = [str(Path(made) / str(n)) for n in range(len(parts) + 1)]
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as workers:
            done = list(workers.map(_train, places, settings, [*parts, []]))
        return [spacy.load(each) for each in done]


def _train(folder: str, overrides: dict[str, Any], left_out: Sequence[str]) -> Path:
    """Train without some writers; in a process of its own."""
    train(CONFIG, folder, overrides=overrides | {"corpora.train.leave_out": list(left_out)})
    return Path(folder) / "model-last"


def _documents(*patterns: str) -> Iterator[Document]:
    for path in sorted(path for pattern in patterns for path in FOLDER.glob(pattern)):
        yield from read_corpus(path)


def _by(writers: Sequence[str], documents: Iterable[Document]) -> list[Document]:
    return [each for each in documents if writer_of(each) in writers]


def read(nlp: Language, documents: Iterable[Document]) -> Pairs:
    """Score documents, and lay what the lexicon finds and what is labelled beside it."""
    themes = list(load_taxonomy().themes)
    scores, lines, truth = [], [], []
    for doc in _scored(nlp, documents):
        scores.append(doc.user_data[SCORES].scores[:, : len(themes)])
        best = np.full(scores[-1].shape, -1)
        for found in sorted(doc.user_data[FOUND], key=lambda one: one.score):
            best[found.sentence, themes.index(found.theme)] = STRENGTHS.index(
                found.strength.replace("denied", "strong")
            )
        lines.append(best)
        truth.append(np.array([[theme in labels for theme in themes] for labels in doc.user_data[LABELS]]))
    return Pairs(np.vstack(scores).astype(np.float64), np.vstack(lines), np.vstack(truth))


def _scored(nlp: Language, documents: Iterable[Document]) -> Iterator[Doc]:
    """Let the network, and the reader where there is one, score documents, many at once."""
    docs = (_read_so_far(nlp, each) for each in documents)
    for name in SCORING:
        if nlp.has_pipe(name):
            pipe: Any = nlp.get_pipe(name)
            docs = pipe.pipe(docs, batch_size=nlp.batch_size)
    return docs


def _read_so_far(nlp: Language, document: Document) -> Doc:
    doc = example(nlp, document).predicted
    doc.user_data[KIND] = document.kind
    return doc


def weigh(parts: Sequence[Pairs]) -> Fitted:
    """Fit the combiner to what several networks made of writers that they were kept from."""
    pairs = Pairs(*(np.concatenate([getattr(each, field.name) for each in parts]) for field in fields(Pairs)))
    weights = fit(pairs)
    chance = chances(pairs, weights)
    safety = np.array([theme in load_taxonomy().safety for theme in load_taxonomy().themes])
    return Fitted(
        weights,
        best_threshold(chance[:, ~safety], pairs.truth[:, ~safety]),
        careful_threshold(chance[:, safety], pairs.truth[:, safety]),
    )


def met(nlp: Language, documents: Iterable[Document], fitted: Fitted) -> list[assertions.Labelled]:
    """Give the labelled mentions that a pipeline finds, as the context sees them, with what they are."""
    context = _context(nlp)
    combiner = Combiner(nlp, fitted.weights, fitted.threshold, fitted.safety_threshold, "combiner")
    mentions: list[assertions.Labelled] = []
    for doc in combiner.pipe(_scored(nlp, documents), batch_size=nlp.batch_size):
        found: list[Found] = doc.user_data[FOUND]
        labels = doc.user_data[LABELS]
        decided = context.decide(doc.user_data[STREAM], found, doc.user_data[KIND])
        for one, seen in zip(found, context.seen(doc, decided), strict=True):
            if one.theme in labels[one.sentence]:
                mentions.append((seen, labels[one.sentence][one.theme]))
    return mentions


def graded(nlp: Language, path: Path = GRADED) -> Iterator[levels.Labelled]:
    """Read the texts with a level, as the pipeline reads them."""
    for line in path.read_text("utf-8").splitlines():
        told = json.loads(line)
        doc = nlp.make_doc(tokenizable(told["text"]))
        for name in ("normaliser", "sentences"):
            doc = nlp.get_pipe(name)(doc)
        yield stream_of(doc).words, told["kind"], told["severity"]


def _severity(nlp: Language) -> Severity:
    pipe = nlp.get_pipe("severity")
    if not isinstance(pipe, Severity):
        raise TypeError("the pipeline has no component severity")
    return pipe


def _context(nlp: Language) -> Context:
    pipe = nlp.get_pipe("context")
    if not isinstance(pipe, Context):
        raise TypeError("the pipeline has no component context")
    return pipe
