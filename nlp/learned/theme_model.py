"""The pipeline's trained component: a score for every theme in every sentence."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer

from nlp.learned.architecture import Layers, parameter
from nlp.learned.encoder import load_encoder
from nlp.learned.evidence import Evidence
from nlp.learned.features import LEAST, Batch, Sentence, Vocabulary, featurise, sentences_of
from nlp.learned.labels import LABELS, SOFT_LABELS, TURNED, truth_of
from nlp.learned.side_by_side import Grams, Scored, SideBySide
from nlp.learned.soft_labels import soften
from nlp.learned.word_table import Floats, WordTable
from nlp.taxonomy import load_taxonomy
from nlp.theme_finder import SPANS, STREAM
from nlp.words import stream_of

SCORES = "nlp.scores"
RARE, RARER = -3.5, -6.0  # log odds of a theme, and of one that is turned, before anything is known of a sentence
MOST_WORDS = 4_000  # read at once, so that memory stays bounded; a document of more is read alone
COMMON = 1_000  # words: three in five of the different ones that are read together, and 2 MB
TABLE = Path(__file__).with_name("word_table.npz")


class ThemeModel(TrainablePipe):
    """Leaves a `Scored` in `doc.user_data`, with scores (logits), a row a sentence.

    The columns are the themes, in the order of the taxonomy; behind them the assertions but "affirmed": whether
    anything in the sentence is so asserted; and behind these, theme by theme, whether it is so asserted.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Batch, Floats],
        name: str = "theme_model",
        encoder: str | None = None,
        trust: float = 0.0,
    ) -> None:
        self.vocab, self.model, self.name, self.trust = vocab, model, name, trust
        self.encoder = load_encoder(encoder) if encoder else None
        self.cfg: dict[str, Any] = {"themes": list(load_taxonomy().themes)}
        self.table = WordTable.read(TABLE)
        self.vocabulary = Vocabulary.empty()
        self._together: SideBySide | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """What the columns stand for."""
        themes = self.cfg["themes"]
        return (*themes, *TURNED, *(f"{theme}:{assertion}" for theme in themes for assertion in TURNED))

    @property
    def together(self) -> SideBySide:
        """The weights as they are read with, once they are what they stay."""
        if self._together is None:
            self._together = SideBySide(self.model)
        return self._together

    @property
    def evidence(self) -> Evidence:
        """What tells which words speak for a theme."""
        return Evidence(self.together)

    def batch(self, docs: Iterable[Doc]) -> Batch:
        """Turn documents that the theme finder has seen into the network's input."""
        return featurise(
            [list(sentences_of(doc.user_data[STREAM])) for doc in docs], self.vocabulary, self.table, self.encoder
        )

    def predict(self, docs: Iterable[Doc]) -> list[Scored]:
        """Score documents."""
        found = []
        for group in _not_too_many(docs):
            read, first = self.together.read(self.batch(group)), 0
            for doc in group:
                last = first + len(doc.user_data[STREAM].sentences)
                found.append(Scored(read.scores[first:last], read, first))
                first = last
        return found

    def set_annotations(self, docs: Iterable[Doc], scores: Iterable[Scored]) -> None:
        """Leave each document its scores, and what is needed to tell which words they rest on."""
        for doc, found in zip(docs, scores, strict=True):
            doc.user_data[SCORES] = found

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None, least: int = LEAST
    ) -> None:
        """Learn the vocabulary from labelled documents: words that stand in at least `least` sentences."""
        del nlp
        self._together = None
        if self.encoder is not None:
            self.encoder.remember()
        sentences: list[Sentence] = []
        for example in get_examples():
            sentences.extend(sentences_of(example.predicted.user_data[STREAM]))
        self.vocabulary = Vocabulary.of(sentences, least)
        self._shape()
        self.model.initialize()
        for member in self.model.layers:
            usual = [RARER if ":" in label else RARE for label in self.labels]
            Layers(*member.layers).output.set_param("b", self.model.ops.asarray1f(usual))

    def _shape(self) -> None:
        for member in self.model.layers:
            itself = Layers(*member.layers).itself
            itself.set_dim("n_grams", len(self.vocabulary))
            itself.set_dim("width", self.table.width)
            itself.set_dim("columns", 2 * (self.encoder.width if self.encoder else self.table.width))
            Layers(*member.layers).output.set_dim("nO", len(self.labels))

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of labelled documents; what is left out at random is set by the architecture."""
        del drop
        losses = {} if losses is None else losses
        self._apart()
        examples = list(examples)
        truth = self._truth(examples)
        batch = self.batch(example.predicted for example in examples)
        for member in self.model.layers:  # each by itself, as if the others were not there
            scores, backprop = member.begin_update(batch)
            loss, gradient = self.get_loss_of(scores, truth)
            backprop(gradient)
            losses[self.name] = losses.get(self.name, 0.0) + loss / len(self.model.layers)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _apart(self) -> None:
        if self._together is not None:
            self._together.release()
        self._together = None

    def get_loss_of(self, scores: Floats, truth: Floats) -> tuple[float, Floats]:
        """Give the cross entropy of all themes, summed over them, a sentence; and its gradient."""
        chance = chances(scores)
        loss = truth * np.log(chance + 1e-9) + (1 - truth) * np.log(1 - chance + 1e-9)
        count = max(len(truth), 1)
        return float(-loss.sum() / count), ((chance - truth) / count).astype(np.float32)

    def _truth(self, examples: Sequence[Example]) -> Floats:
        rows = [labels for example in examples for labels in example.predicted.user_data[LABELS]]
        truth = truth_of(rows, self.labels)
        known = (example.predicted.user_data for example in examples)
        soften(truth, ((len(each[LABELS]), each.get(SOFT_LABELS)) for each in known), self.trust)
        return truth

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, float]:
        """Give the micro-F1 of (sentence, theme) pairs in what the whole pipeline found."""
        truth: set[tuple[int, int, str]] = set()
        found: set[tuple[int, int, str]] = set()
        for number, example in enumerate(examples):
            doc = example.predicted
            truth.update((number, n, theme) for n, themes in enumerate(doc.user_data[LABELS]) for theme in themes)
            stream = stream_of(doc)
            holds = {token: n for n, (a, b) in enumerate(stream.sentences) for token in stream.tokens[a:b]}
            found.update((number, holds[span.start], span.label_) for span in doc.spans[SPANS])
        return {"themes_f": 2 * len(truth & found) / max(len(truth) + len(found), 1)}

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Say that it goes to disk only: its vocabulary and weights are files."""
        raise NotImplementedError("the theme model is kept with to_disk")

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write vocabulary and weights: those of n-grams, which are most, in a byte each, the others in two."""
        del exclude
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        lists = {
            "themes": self.cfg["themes"],
            "singles": list(self.vocabulary.singles),
        }
        (folder / "vocabulary.json").write_text(json.dumps(lists, ensure_ascii=False, indent=0), "utf-8")
        grams = self.together.grams.rounded()
        np.savez_compressed(
            folder / "weights.npz",
            joint=self.vocabulary.joint,
            rarity=self.vocabulary.rarity.astype(np.float16),
            commonness=self.vocabulary.commonness,
            grams=grams.values,
            steps=grams.steps,
            **{key: parameter(layer, name).astype(np.float16) for key, layer, name in self._places()},
        )

    def _places(self) -> Iterator[tuple[str, Model[Any, Any], str]]:
        """Give where all weights are but those of n-grams."""
        for number, member in enumerate(self.model.layers):
            for layer in member.layers:
                for name in layer.param_names:
                    if name != "grams":
                        yield f"{number}.{layer.name}.{name}", layer, name

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "ThemeModel":
        """Read vocabulary and weights; raise ValueError where they were made for other themes or by another version."""
        del exclude
        folder = Path(path)
        lists = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as kept:
            needed = {"steps", *(key for key, *_ in self._places())}
            if lists["themes"] != self.cfg["themes"] or not needed <= set(kept.files):
                raise ValueError(f"{folder} was trained for other themes or by another version: train it anew")
            singles = {word: n for n, word in enumerate(lists["singles"])}
            self.vocabulary = Vocabulary(singles, kept["joint"], kept["rarity"].astype(np.float32), kept["commonness"])
            self._shape()
            for key, layer, name in self._places():
                layer.set_param(name, kept[key].astype(np.float32))
            grams = Grams(kept["grams"], kept["steps"])
        common = np.array(self.table.rows(self.vocabulary.commonest(COMMON)), np.int64)
        self._together = SideBySide(self.model, grams, self.table, common)  # now, so that a server's workers share it
        return self


def _not_too_many(docs: Iterable[Doc]) -> Iterator[list[Doc]]:
    group: list[Doc] = []
    words = 0
    for doc in docs:
        count = len(doc.user_data[STREAM].words)
        if group and words + count > MOST_WORDS:
            yield group
            group, words = [], 0
        group.append(doc)
        words += count
    if group:
        yield group


def chances(scores: Floats) -> Floats:
    """Turn logits into probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))), np.float32)


@Language.factory(
    "theme_model",
    default_config={
        "model": {"@architectures": "integration_journal.SentenceThemes.v1"},
        "encoder": None,
        "trust": 0.0,
    },
)
def make_theme_model(
    nlp: Language, name: str, model: Model[Batch, Floats], encoder: str | None, trust: float
) -> ThemeModel:
    """Make the component, untrained.

    encoder: names a sentence encoder that takes the place of the word table. trust: how much of what is learned is what
    the teacher says, from 0 to 1; the rest is what the labels say.
    """
    return ThemeModel(nlp.vocab, model, name, encoder, trust)
