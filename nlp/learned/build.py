"""Builds the pipeline that ships: trains it, and fits how its two parts are weighed against each other.

The weights and thresholds come from writers that neither part has seen: the network is trained five times, each time
without a fifth of the writers, and scores those; the lexicon was not tended on them.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from spacy.cli.train import train
from spacy.language import Language

from nlp.corpus_files import FOLDER, read_corpus, writer_of
from nlp.documents import Document
from nlp.learned.corpus_reader import example
from nlp.learned.theme_model import LABELS, SCORES
from nlp.taxonomy import load_taxonomy
from nlp.theme_finder import FOUND

CONFIG = Path(__file__).parent.parent / "config.cfg"
META = {
    "name": "integration_journal",
    "version": "1.0.0",
    "description": "Themes of journals and notes in ketamine-assisted psychotherapy; see docs/model_card.md.",
    "license": "Apache-2.0",
}
FOLDS = 5
UNSEEN = "train_*.txt"  # files that the lexicon was not tended on
STRENGTHS = ("strong", "likely", "weak")
NEWTON_STEPS, RIDGE = 30, 1e-3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """Every (sentence, theme) pair of some documents: score, best line (index in STRENGTHS, -1 for none), truth."""

    scores: Floats
    lines: NDArray[np.int64]
    truth: NDArray[np.bool_]


def build(target: Path, encoder: str | None = None) -> dict[str, float]:
    """Train the pipeline and write it to a folder, which is replaced; give what was fitted."""
    chosen = {"components.theme_model.encoder": encoder}
    writers = sorted({writer_of(each) for each in _documents(UNSEEN)})
    held_out = [_scored(fold, chosen) for fold in (writers[n::FOLDS] for n in range(FOLDS))]
    seen = Seen(*(np.concatenate([getattr(each, name) for each in held_out]) for name in ("scores", "lines", "truth")))
    weights = fit(seen)
    everything, safety = np.ones_like(seen.truth), np.zeros_like(seen.truth)
    safety[:, [theme in load_taxonomy().safety for theme in load_taxonomy().themes]] = True
    fitted = {f"weights.{name}": value for name, value in weights.items()}
    fitted["threshold"] = best_threshold(seen, weights, everything)
    fitted["safety_threshold"] = best_threshold(seen, weights, safety)
    settings: dict[str, Any] = chosen | {f"components.combiner.{name}": value for name, value in fitted.items()}
    with tempfile.TemporaryDirectory() as made:
        train(CONFIG, made, overrides=settings)
        nlp = spacy.load(Path(made) / "model-last")
        nlp.meta.update(META)
        shutil.rmtree(target, ignore_errors=True)
        nlp.to_disk(target, exclude=["vocab"])
    return fitted


def _documents(pattern: str) -> Iterator[Document]:
    for path in sorted(FOLDER.glob(pattern)):
        yield from read_corpus(path)


def _scored(left_out: Sequence[str], chosen: dict[str, Any]) -> Seen:
    """Train without some writers, and read what they wrote."""
    with tempfile.TemporaryDirectory() as made:
        train(CONFIG, made, overrides=chosen | {"corpora.train.leave_out": list(left_out)})
        nlp = spacy.load(Path(made) / "model-last")
    return read(nlp, (each for each in _documents(UNSEEN) if writer_of(each) in left_out))


def read(nlp: Language, documents: Iterable[Document]) -> Seen:
    """Score documents with the network, and lay what the lexicon finds and what is labelled beside it."""
    themes = list(load_taxonomy().themes)
    model = nlp.get_pipe("theme_model")
    scores, lines, truth = [], [], []
    for document in documents:
        doc = model(example(nlp, document).predicted)
        scores.append(doc.user_data[SCORES][0][:, : len(themes)])
        met = np.full(scores[-1].shape, -1)
        for found in sorted(doc.user_data[FOUND], key=lambda one: one.score):
            met[found.sentence, themes.index(found.theme)] = STRENGTHS.index(found.strength.replace("denied", "strong"))
        lines.append(met)
        truth.append(np.array([[theme in labels for theme in themes] for labels in doc.user_data[LABELS]]))
    return Seen(np.vstack(scores).astype(np.float64), np.vstack(lines), np.vstack(truth))


def fit(seen: Seen) -> dict[str, float]:
    """Fit the combiner's weights: logistic regression by Newton's method, with a slight pull towards zero."""
    inputs, truth = _inputs(seen), seen.truth.ravel().astype(np.float64)
    weights = np.zeros(inputs.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(inputs @ weights)))
        slope = inputs.T @ (chance - truth) + RIDGE * weights
        curve = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + RIDGE * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    bias, score, strong, likely, weak = (round(float(each), 4) for each in weights)
    return {"bias": bias, "score": score, "strong": strong, "denied": strong, "likely": likely, "weak": weak}


def chances(seen: Seen, weights: dict[str, float]) -> Floats:
    """Give the chance of every pair."""
    values = np.array([weights[name] for name in ("bias", "score", *STRENGTHS)])
    return np.asarray(1 / (1 + np.exp(-(_inputs(seen) @ values))))


def best_threshold(seen: Seen, weights: dict[str, float], wanted: NDArray[np.bool_]) -> float:
    """Give the threshold with the best micro-F1 of some pairs."""
    chosen = wanted.ravel()
    chance, truth = chances(seen, weights)[chosen], seen.truth.ravel()[chosen]
    order = np.argsort(-chance, kind="stable")
    found = np.arange(1, len(order) + 1)
    f1 = 2 * np.cumsum(truth[order]) / (found + truth.sum())
    return round(float(chance[order][int(f1.argmax())]), 3)


def _inputs(seen: Seen) -> Floats:
    lines = seen.lines.ravel()
    columns = [np.ones(len(lines)), seen.scores.ravel(), *((lines == n).astype(float) for n in range(len(STRENGTHS)))]
    return np.stack(columns, axis=1)
