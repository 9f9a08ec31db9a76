"""What the teacher says of the corpus: kept, found again, and learned from."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spacy.language import Language
from spacy.training import Example
from spacy.util import load_config
from thinc.api import Adam

from nlp.build import CONFIG
from nlp.corpus_files import FOLDER, read_corpus
from nlp.documents import Document, Sentence
from nlp.findings import Assertion
from nlp.learned import corpus_reader
from nlp.learned.corpus_reader import corpus, example, sentence_texts, teach_examples
from nlp.learned.labels import LABELS, SOFT_LABELS, TAUGHT
from nlp.learned.soft_labels import SoftLabels, load_soft_labels
from nlp.learned.theme_model import ThemeModel
from nlp.tagger import load_pipeline

pytestmark = pytest.mark.database_free

DOCUMENTS = (["I cried.", "I slept."], ["Nobody rang."], ["Да 🌊", "Da.", "Yes."])


@pytest.fixture(scope="module")
def nlp() -> Language:
    """The shipped pipeline, to read with."""
    return load_pipeline()


def test_they_are_found_again_by_the_sentences_they_are_of(tmp_path: Path) -> None:
    chances = [np.random.default_rng(n).random((len(of), 3)).astype(np.float32) ** 4 for n, of in enumerate(DOCUMENTS)]
    SoftLabels.made(("a", "b", "c"), zip(DOCUMENTS, chances, strict=True)).write(tmp_path / "soft.npz")
    read = SoftLabels.read(tmp_path / "soft.npz")
    assert read.columns == ("a", "b", "c")
    assert [each.name for each in tmp_path.iterdir()] == ["soft.npz"]
    for document, given in zip(DOCUMENTS, chances, strict=True):
        found = read.of(document)
        assert found is not None
        assert np.allclose(found, given, atol=0.011)
    assert read.of(["I cried. I slept."]) is None, "its sentences end elsewhere"
    assert read.of(["I cried.", "I slept!"]) is None


def test_nothing_told_is_nothing_kept(tmp_path: Path) -> None:
    SoftLabels.made(("a",), [(["Quiet.", "Rain."], np.zeros((2, 1), np.float32))]).write(tmp_path / "soft.npz")
    found = SoftLabels.read(tmp_path / "soft.npz").of(["Quiet.", "Rain."])
    assert found is not None
    assert found.tolist() == [[0.0], [0.0]]


def test_those_that_ship_are_of_the_corpus(nlp: Language) -> None:
    """Where this fails, the corpus has moved on: `python -m nlp teach` makes them anew."""
    patterns = load_config(CONFIG)["corpora"]["train"]["files"]
    paths = sorted(path for each in patterns for path in FOLDER.glob(each))
    examples = [example(nlp, each) for path in paths for each in islice(read_corpus(path), 8)]
    teach_examples(examples, load_soft_labels())
    known = [each.predicted.user_data[SOFT_LABELS] is not None for each in examples]
    assert sum(known) > 0.95 * len(known)


def taught(nlp: Language, labels: dict[str, Assertion], told: float | None) -> Example:
    """A sentence that is labelled, and that the teacher sees joy in with some chance."""
    made = example(nlp, Document("a", "journal", "The kettle is on.", (Sentence(0, 17, labels),)))
    if told is not None:
        row = np.zeros((1, len(TAUGHT)), np.float32)
        row[0, TAUGHT.index("joy")] = told
        made.predicted.user_data[SOFT_LABELS] = row
    return made


def test_the_network_learns_from_them_beside_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = load_pipeline()  # of its own, since it learns
    joy = {"joy": Assertion.AFFIRMED}
    examples = [taught(nlp, joy, 0.5), taught(nlp, joy, None), taught(nlp, {}, 0.5)]
    trust = 0.7  # config.cfg
    model = nlp.get_pipe("theme_model")
    assert isinstance(model, ThemeModel)
    seen: list[Any] = []
    loss = model.get_loss_of
    monkeypatch.setattr(model, "get_loss_of", lambda scores, truth: seen.append(truth) or loss(scores, truth))
    model.update(examples, sgd=Adam(0.01))
    assert seen[0][:, model.labels.index("joy")] == pytest.approx([1 - trust / 2, 1, trust / 2])


def test_training_reads_them(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    first = next(corpus(["writers_1.txt"], is_taught=False)(nlp)).predicted
    sentences, chances = list(sentence_texts(first)), np.full((len(first.user_data[LABELS]), len(TAUGHT)), 0.2)
    known = SoftLabels.made(TAUGHT, [(sentences, chances)])
    monkeypatch.setattr(corpus_reader, "load_soft_labels", lambda: known)
    told = [each.predicted.user_data[SOFT_LABELS] for each in corpus(["writers_1.txt"])(nlp)]
    assert told[0] == pytest.approx(chances, abs=0.01)
    assert told[1] is None
    with pytest.raises(ValueError, match="of other themes"):
        teach_examples([], SoftLabels(("a",), {}))
