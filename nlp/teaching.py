"""Lets a teacher learn the corpus, and keeps what it makes of it."""

from collections.abc import Callable
from typing import Any

from spacy.util import load_config, load_model_from_config, registry

from nlp import registered  # noqa: F401 -- makes the components known to spaCy
from nlp.build import CONFIG
from nlp.learned.corpus_reader import sentence_texts
from nlp.learned.labels import LABELS, TAUGHT, truth_of
from nlp.learned.soft_labels import SoftLabels
from nlp.learned.teacher import Teacher, Training


def teach(
    encoder: str, training: Training, say: Callable[[str], None], overrides: dict[str, Any] | None = None
) -> SoftLabels:
    """Fine-tune an encoder, by name or path, on the training corpus; give the chances that it sees in each sentence.

    overrides: settings that take the place of the configuration's. It tells of what it has learned from: on writers
    that are new to it, it is right less often (docs/model_card.md).
    """
    teacher = Teacher(encoder, len(TAUGHT), training)  # first, since it may be missing
    config = load_config(CONFIG, overrides={"corpora.train.is_taught": False, **(overrides or {})})
    nlp = load_model_from_config(config, auto_fill=True)
    docs = [example.predicted for example in registry.resolve(config["corpora"])["train"](nlp)]
    documents = [list(sentence_texts(doc)) for doc in docs]
    truth = truth_of([labels for doc in docs for labels in doc.user_data[LABELS]], TAUGHT)
    teacher.learn(documents, truth, say)
    return SoftLabels.made(TAUGHT, zip(documents, teacher.tell(documents), strict=True))
