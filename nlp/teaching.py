"""Lets a teacher learn the corpus, and tells what it makes of it."""

from collections.abc import Callable, Sequence
from typing import Any

from spacy.tokens import Doc
from spacy.util import load_config, load_model_from_config, registry

from nlp import registered  # noqa: F401 -- makes the components known to spaCy
from nlp.build import CONFIG
from nlp.learned.corpus_reader import sentence_texts
from nlp.learned.fine_tuned import About, FineTuned, Training
from nlp.learned.labels import LABELS, TAUGHT, truth_of
from nlp.learned.reader import Reader
from nlp.learned.soft_labels import SoftLabels, load_soft_labels, soften
from nlp.learned.teacher import Teacher


def teach(
    encoder: str,
    training: Training,
    say: Callable[[str], None],
    *,
    kept_from: Sequence[str] = (),
    overrides: dict[str, Any] | None = None,
) -> FineTuned:
    """Fine-tune an encoder, by name or path, on the training corpus, but for what some writers wrote.

    overrides: settings that take the place of the configuration's. Raises ReaderError where there is no such encoder.
    """
    teacher = Teacher(encoder, About(TAUGHT, training, tuple(kept_from)))  # first, since it may be missing
    docs = _docs({"corpora.train.leave_out": list(kept_from), **(overrides or {})})
    truth = truth_of([labels for doc in docs for labels in doc.user_data[LABELS]], TAUGHT)
    documents = [list(sentence_texts(doc)) for doc in docs]
    former = load_soft_labels()
    if former.columns == TAUGHT:
        soften(truth, ((len(sentences), former.of(sentences)) for sentences in documents), training.trust)
    elif training.trust:
        say("The soft labels that ship are of other themes. It learns from the labels alone.")
    teacher.learn(documents, truth, say)
    return teacher


def tell(reader: Reader, overrides: dict[str, Any] | None = None) -> SoftLabels:
    """Give the chances that a reader sees in each sentence of the training corpus.

    Of what it has learned from it is right more often than of writers that are new to it (docs/model_card.md).
    """
    documents = [list(sentence_texts(doc)) for doc in _docs(overrides or {})]
    return SoftLabels.made(reader.columns, zip(documents, reader.tell(documents), strict=True))


def _docs(overrides: dict[str, Any]) -> list[Doc]:
    config = load_config(CONFIG, overrides={"corpora.train.is_taught": False, **overrides})
    nlp = load_model_from_config(config, auto_fill=True)
    return [example.predicted for example in registry.resolve(config["corpora"])["train"](nlp)]
