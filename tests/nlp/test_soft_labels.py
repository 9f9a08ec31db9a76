"""What the teacher says of the corpus: kept, found again, and learned from; and how the teacher reads documents."""

import random
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from spacy.language import Language
from spacy.training import Example
from spacy.util import load_config
from thinc.api import Adam

from nlp import teaching
from nlp.build import CONFIG
from nlp.commands import main
from nlp.corpus_files import FOLDER, read_corpus
from nlp.documents import Document, Sentence
from nlp.findings import Assertion
from nlp.learned import corpus_reader
from nlp.learned.corpus_reader import corpus, example, sentence_texts, teach_examples
from nlp.learned.labels import LABELS, SOFT_LABELS, TAUGHT
from nlp.learned.soft_labels import SoftLabels, load_soft_labels
from nlp.learned.teacher import LONGEST_READ, Teacher, Training
from nlp.learned.theme_model import ThemeModel
from nlp.learned.windows import PIECES_AT_ONCE, Marks, Window, batches, pack, windows
from nlp.tagger import load_pipeline

pytestmark = pytest.mark.database_free

DOCUMENTS = (["I cried.", "I slept."], ["Nobody rang."], ["Да 🌊", "Da.", "Yes."])
PIECES = [[[7] * (length - 1) for length in of_one] for of_one in ([5, 9, 3, 40, 2], [], [300], [1] * 200)]


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


@pytest.mark.parametrize("longest", [8, LONGEST_READ])
def test_windows_hold_every_sentence_and_tell_of_it_once(longest: int) -> None:
    told: list[tuple[int, int]] = []
    for each in windows(PIECES, longest):
        told += [(each.document, n) for n in range(each.first + each.known, each.last)]
        size = sum(len(sentence) + 1 for sentence in PIECES[each.document][each.first : each.last])
        assert size <= longest or each.last - each.first - each.known == 1
    assert told == [(n, k) for n, of_one in enumerate(PIECES) for k in range(len(of_one))]
    assert windows(PIECES[:1], 14)[1] == Window(0, 1, 3, 1), (
        "what comes before is read again, to understand what follows"
    )


def test_in_training_sentences_stand_at_other_places_each_time() -> None:
    chance = random.Random(5)
    cuts = [windows([[[7] * 3] * 50], 40, shifted=chance) for _ in range(20)]
    assert len({each[0].last for each in cuts}) > 3
    for cut in cuts:
        assert [n for each in cut for n in range(each.first, each.last)] == list(range(50))


def test_batches_hold_every_window_once_and_no_more_than_can_be_read() -> None:
    cut = windows(PIECES * 40, 24)
    found = list(batches(cut, PIECES * 40))
    assert Counter(each for batch in found for each in batch) == Counter(cut)
    for batch in found:
        lengths = [
            1 + sum(len(sentence) + 1 for sentence in (PIECES * 40)[each.document][each.first : each.last])
            for each in batch
        ]
        assert max(lengths) * len(batch) <= PIECES_AT_ONCE


def test_windows_are_laid_out_a_row_each() -> None:
    packed = pack([[[11, 12], [13]], [[14]]], Marks(1, 2, 0))
    assert packed.ids.tolist() == [[1, 11, 12, 2, 13, 2], [1, 14, 2, 0, 0, 0]]
    assert packed.mask.tolist() == [[1] * 6, [1, 1, 1, 0, 0, 0]]
    assert packed.owner.tolist() == [-1, 0, 0, -1, 1, -1, -1, 2, -1, -1, -1, -1]


class Parrot:
    """A stand-in for a teacher: says what it was told, of every second sentence."""

    def __init__(self, encoder: str, labels: int, training: Training) -> None:
        self.encoder, self.labels, self.training = encoder, labels, training

    def learn(self, documents: Any, truth: Any, say: Any) -> None:
        say(f"{sum(map(len, documents))} sentences, {self.training.epochs} epochs")
        self.truth = truth

    def tell(self, documents: Any) -> Any:
        self.truth[::2] = 0
        return np.split(self.truth, np.cumsum([len(each) for each in documents])[:-1])


def test_what_a_teacher_makes_of_the_corpus_is_kept(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "Teacher", Parrot)
    lines: list[str] = []
    files = ["writers_1.txt"]
    told = teaching.teach("some/encoder", Training(2), lines.append, {"corpora.train.files": files})
    docs = [each.predicted for each in corpus(files, is_taught=False)(nlp)]
    labels = [themes for doc in docs for themes in doc.user_data[LABELS]]
    assert lines == [f"{len(labels)} sentences, 2 epochs"]
    found = np.vstack([told.of(list(sentence_texts(doc))) for doc in docs])
    for number, (themes, row) in enumerate(zip(labels, found, strict=True)):
        expected = (
            {*themes, *(a.value for a in themes.values() if a is not Assertion.AFFIRMED)} if number % 2 else set()
        )
        assert {TAUGHT[column] for column in np.flatnonzero(row)} == expected


def test_without_the_extra_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    asked = ["teach", "--encoder", "some/encoder", "--output"]
    answer = CliRunner().invoke(main, [*asked, str(tmp_path / "soft.npz")])
    assert answer.exit_code == 1
    assert "[encoder]" in answer.output
    for wrong in ("soft.txt", "nowhere/soft.npz"):
        assert CliRunner().invoke(main, [*asked, str(tmp_path / wrong)]).exit_code == 2


def test_an_encoder_that_is_not_there_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Libraries that are an extra, and large, are stood in for."""

    def nowhere(name: str) -> None:
        raise OSError(f"{name} is no local folder")

    auto = SimpleNamespace(from_pretrained=nowhere)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(manual_seed=int))
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(AutoModel=auto, AutoTokenizer=auto))
    answer = CliRunner().invoke(main, ["teach", "--encoder", "some/encoder", "--output", str(tmp_path / "soft.npz")])
    assert answer.exit_code == 1
    assert answer.output == "Error: some/encoder cannot be read: some/encoder is no local folder\n"


def tiny_encoder(folder: Path) -> str:
    transformers: Any = pytest.importorskip("transformers", reason="the teacher is an extra, and large")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "i", "cried", "slept", "nobody", "rang", "."]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    transformers.BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32
    )
    transformers.set_seed(0)
    transformers.BertModel(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("training", [Training(1_000), Training(1_000, is_half=True)])
def test_a_teacher_learns_and_tells(tmp_path: Path, training: Training) -> None:
    teacher = Teacher(tiny_encoder(tmp_path), 2, training)
    documents = [["I cried.", "Nobody rang."], [], ["I slept.", "", "I cried. " * 60]] * 8
    truth = np.array([["cried" in text, "rang" in text] for each in documents for text in each], np.float32)
    teacher.learn(documents, truth, print)
    told = np.vstack(teacher.tell(documents))
    assert told.shape == truth.shape
    assert ((told > 0.5) == truth).mean() > 0.9
