"""Lets a teacher learn the corpus, and keeps what it makes of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from spacy.util import load_config, load_model_from_config, registry

from nlp import registered  # noqa: F401 -- makes the components known to spaCy
from nlp.build import CONFIG
from nlp.learned.corpus_reader import sentence_texts
from nlp.learned.labels import LABELS, TAUGHT, truth_of
from nlp.learned.soft_labels import SoftLabels
from nlp.learned.teacher import Course, Sentences, Teacher
from nlp.learned.word_table import Floats

# Where a teacher comes after another: how much of what it learns is labels, and of what is kept its own. The rest is
# what the other made of the same sentences.
LABELS_PART, OWN_PART = 0.65, 0.6


def teach(
    encoder: str,
    course: Course,
    say: Callable[[str], None],
    overrides: dict[str, Any] | None = None,
    former: SoftLabels | None = None,
) -> SoftLabels:
    """Fine-tune an encoder, by name or path, on the training corpus; give the chances that it sees in each sentence.

    overrides: settings that take the place of the configuration's. former: what another teacher made of the corpus;
    this one learns from it, too, and the chances are those of both together. It tells of what it has learned from: on
    writers that are new to it, it is right less often (docs/model_card.md).
    """
    teacher = Teacher(encoder, len(TAUGHT), course)  # first, since it may be missing
    config = load_config(CONFIG, overrides={"corpora.train.is_taught": False, **(overrides or {})})
    nlp = load_model_from_config(config, auto_fill=True)
    docs = [example.predicted for example in registry.resolve(config["corpora"])["train"](nlp)]
    documents = [list(sentence_texts(doc)) for doc in docs]
    truth = truth_of([labels for doc in docs for labels in doc.user_data[LABELS]], TAUGHT)
    ends = np.cumsum([len(each) for each in documents])[:-1]
    wanted = [mixed(LABELS_PART, *each, former) for each in zip(documents, np.split(truth, ends), strict=True)]
    teacher.learn(documents, np.vstack(wanted), say)
    told = [mixed(OWN_PART, *each, former) for each in zip(documents, teacher.tell(documents), strict=True)]
    return SoftLabels.made(TAUGHT, zip(documents, told, strict=True))


def mixed(part: float, document: Sentences, chances: Floats, former: SoftLabels | None) -> Floats:
    """Let what a former teacher made of a document, where it knows that, make up the rest of its chances."""
    before = None if former is None else former.of(document)
    return chances if before is None else part * chances + (1 - part) * before
