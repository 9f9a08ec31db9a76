"""How a teacher lays out documents, learns, tells, and is kept as a reader; and the command that lets it."""

import json
import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import spacy
from click.testing import CliRunner
from spacy.language import Language
from spacy.tokens import Doc

from nlp import build, teaching
from nlp.commands import main
from nlp.corpus_files import FOLDER, read_corpus, writer_of
from nlp.findings import Assertion
from nlp.learned.corpus_reader import corpus, sentence_texts
from nlp.learned.fine_tuned import ABOUT, LONGEST_READ, About, FineTuned, Training
from nlp.learned.labels import LABELS, TAUGHT
from nlp.learned.reader import ReaderError
from nlp.learned.soft_labels import SoftLabels
from nlp.learned.teacher import Teacher
from nlp.learned.windows import PIECES_AT_ONCE, Marks, Window, batches, pack, windows
from nlp.tagger import load_pipeline

pytestmark = pytest.mark.database_free

PIECES = [[[7] * (length - 1) for length in of_one] for of_one in ([5, 9, 3, 40, 2], [], [300], [1] * 200)]


@pytest.fixture(scope="module")
def nlp() -> Language:
    """The shipped pipeline, to read with."""
    return load_pipeline()


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


ONE_FILE = {"corpora.train.files": ["writers_1.txt"]}


class Parrot:
    """A stand-in for a teacher: says what it was told, of every second sentence."""

    def __init__(self, encoder: str, about: About) -> None:
        self.encoder, self.about, self.columns, self.kept_from = encoder, about, about.columns, about.kept_from

    def learn(self, documents: Any, truth: Any, say: Any) -> None:
        say(f"{sum(map(len, documents))} sentences, {self.about.training.epochs} epochs")
        self.truth = truth

    def tell(self, documents: Any) -> Any:
        self.truth[::2] = 0
        return np.split(self.truth, np.cumsum([len(each) for each in documents])[:-1])

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ABOUT).write_text(" ".join(self.kept_from), "utf-8")


def test_what_a_teacher_makes_of_the_corpus_is_kept(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "Teacher", Parrot)
    lines: list[str] = []
    files = ["writers_1.txt"]
    overrides = {"corpora.train.files": files}
    told = teaching.tell(teaching.teach("some/encoder", Training(2), lines.append, overrides=overrides), overrides)
    docs = [each.predicted for each in corpus(files, is_taught=False)(nlp)]
    labels = [themes for doc in docs for themes in doc.user_data[LABELS]]
    assert lines == [f"{len(labels)} sentences, 2 epochs"]
    found = np.vstack([told.of(list(sentence_texts(doc))) for doc in docs])
    for number, (themes, row) in enumerate(zip(labels, found, strict=True)):
        expected = (
            {*themes, *(a.value for a in themes.values() if a is not Assertion.AFFIRMED)} if number % 2 else set()
        )
        assert {TAUGHT[column] for column in np.flatnonzero(row)} == expected


def test_it_learns_from_what_a_former_teacher_said_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "Teacher", Parrot)
    plain: Any = teaching.teach("some/encoder", Training(trust=0), str, overrides=ONE_FILE)
    sure: Any = SimpleNamespace(columns=TAUGHT, tell=lambda texts: [np.ones((len(one), len(TAUGHT))) for one in texts])
    former = teaching.tell(sure, ONE_FILE)
    monkeypatch.setattr(teaching, "load_soft_labels", lambda: former)
    taught: Any = teaching.teach("some/encoder", Training(trust=0.25), str, overrides=ONE_FILE)
    assert np.allclose(taught.truth, 0.75 * plain.truth + 0.25, atol=0.01)


def test_soft_labels_of_other_themes_do_not_keep_new_ones_from_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "Teacher", Parrot)
    monkeypatch.setattr(teaching, "load_soft_labels", lambda: SoftLabels(("rain",), {}))
    lines: list[str] = []
    taught: Any = teaching.teach("some/encoder", Training(), lines.append, overrides=ONE_FILE)
    assert "of other themes" in lines[0]
    assert set(np.unique(taught.truth)) == {0, 1}


def test_a_teacher_learns_nothing_of_the_writers_that_it_is_kept_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "Teacher", Parrot)
    documents = list(read_corpus(FOLDER / "writers_1.txt"))
    first = writer_of(documents[0])
    sizes = []
    for kept_from in ((), (first,)):
        taught: Any = teaching.teach("some/encoder", Training(), str, kept_from=kept_from, overrides=ONE_FILE)
        assert taught.kept_from == kept_from
        sizes.append(len(taught.truth))
    own = sum(len(each.sentences) for each in documents if writer_of(each) == first)
    assert sizes[0] - sizes[1] == pytest.approx(own, rel=0.1)


def test_the_command_keeps_a_reader_or_soft_labels_or_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Learning is stood in for: it takes hours."""
    made: list[Any] = []

    def teach(encoder: str, training: Training, say: Any, *, kept_from: Any) -> Parrot:
        made.append((encoder, training, list(kept_from)))
        return Parrot(encoder, About(TAUGHT, training, tuple(kept_from)))

    monkeypatch.setattr(teaching, "teach", teach)
    monkeypatch.setattr(teaching, "tell", lambda _: SoftLabels.made(("a",), [(["Rain."], np.ones((1, 1)))]))
    monkeypatch.setattr(build, "first_fold", lambda: ["ann", "bob"])
    asked = ["teach", "--encoder", "some/encoder", "--minutes", "90", "--half"]
    reader, soft = tmp_path / "new" / "reader", tmp_path / "soft.npz"
    answer = CliRunner().invoke(main, [*asked, "--reader", str(reader)])
    assert (answer.exit_code, answer.output) == (0, f"{reader}: kept from 2 writers\n")
    assert not soft.exists()
    answer = CliRunner().invoke(main, [*asked, "--reader", str(reader), "--output", str(soft)])
    assert answer.exit_code == 0, answer.output
    assert len(SoftLabels.read(soft)) == 1
    assert CliRunner().invoke(main, [*asked, "--output", str(soft)]).exit_code == 0
    training = Training(5.0, 2e-4, is_half=True, minutes=90)
    assert made == [("some/encoder", training, each) for each in (["ann", "bob"], ["ann", "bob"], [])]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("Dear Ann", "utf-8")
    assert CliRunner().invoke(main, [*asked, "--reader", str(tmp_path / "other")]).exit_code == 2
    assert (tmp_path / "other" / "letter.txt").exists()


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

    def nowhere(name: str, **_: Any) -> None:
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


COLUMNS = ("tears", "telephone")
TEXTS = [["I cried.", "Nobody rang."], [], ["I slept.", "", "I cried. " * 60]] * 8
TRUTH = np.array([["cried" in text, "rang" in text] for each in TEXTS for text in each], np.float32)


@pytest.mark.parametrize("training", [Training(1_000), Training(1_000, is_half=True), Training(rate=1e-3, minutes=0.2)])
def test_a_teacher_learns_and_tells(tmp_path: Path, training: Training) -> None:
    teacher = Teacher(tiny_encoder(tmp_path), About(COLUMNS, training))
    teacher.learn(TEXTS, TRUTH, print)
    told = np.vstack(teacher.tell(TEXTS))
    assert told.shape == TRUTH.shape
    assert ((told > 0.5) == TRUTH).mean() > 0.9
    assert not np.vstack(teacher.tell([[], []])).size


def test_a_reader_is_kept_and_tells_the_same(tmp_path: Path) -> None:
    about = About(COLUMNS, Training(3), ("ann", "bob"))
    teacher = Teacher(tiny_encoder(tmp_path), about)
    teacher.learn(TEXTS, TRUTH, print)
    teacher.write(tmp_path / "kept" / "reader")
    again = FineTuned.read(tmp_path / "kept" / "reader")
    assert again.about == about
    again.write(tmp_path / "kept" / "reader")  # over itself
    again = FineTuned.read(tmp_path / "kept" / "reader")
    assert np.allclose(np.vstack(again.tell(TEXTS)), np.vstack(teacher.tell(TEXTS)), atol=1e-6)
    names = {each.name for each in (tmp_path / "kept").rglob("*") if each.is_file()}
    assert {"about.json", "output.npz", "model.safetensors"} <= names
    assert not {name for name in names if name.endswith((".bin", ".pt", ".pkl", ".py"))}, "nothing that is executed"


def test_a_folder_that_is_no_reader_is_said_to_be_none(tmp_path: Path) -> None:
    tiny = tiny_encoder(tmp_path)
    folder = tmp_path / "reader"
    for name in (ABOUT, "output.npz", "encoder/model.safetensors", "encoder/config.json"):
        FineTuned(tiny, About(COLUMNS)).write(folder)
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ReaderError, match=r"no reader|cannot be read"):
            FineTuned.read(folder)
        (folder / name).unlink()
        with pytest.raises(ReaderError, match=r"no reader|cannot be read"):
            FineTuned.read(folder)
    FineTuned(tiny, About(COLUMNS)).write(folder)
    kept = (folder / ABOUT).read_text("utf-8")
    (folder / ABOUT).write_text(kept.replace('"telephone"', '"telephone", "rain"'), "utf-8")
    with pytest.raises(ReaderError, match="of other columns"):
        FineTuned.read(folder)


def labels(doc: Doc) -> list[str]:
    return [span.label_ for span in doc.spans["themes"]]


def test_a_pipeline_reads_along_with_an_encoder_and_keeps_it(tmp_path: Path) -> None:
    FineTuned(tiny_encoder(tmp_path), About(TAUGHT)).write(tmp_path / "reader")
    nlp = load_pipeline()
    nlp.add_pipe("reader", after="theme_model", config={"path": str(tmp_path / "reader"), "share": 0.1})
    texts = ["I miss my father so much.", "", "a" * 50_000, "Nukuin viime yönä huonosti enkä halua puhua kenenkään."]
    found = [labels(doc) for doc in nlp.pipe(texts)]
    assert "grief" in found[0]
    nlp.to_disk(tmp_path / "whole", exclude=["vocab"])
    rmtree(tmp_path / "reader")
    again = spacy.load(tmp_path / "whole")
    assert sys.modules["torch"].get_num_threads() == 1, "else a server's workers, which are forks, wait for good"
    assert [labels(again(text)) for text in texts] == found
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda text: labels(again(text)), texts[:1] * 40)) == found[:1] * 40


def test_without_the_extra_a_kept_reader_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    about = {"columns": COLUMNS, "training": {}, "kept_from": []}
    (tmp_path / ABOUT).write_text(json.dumps(about), "utf-8")
    np.savez(tmp_path / "output.npz", weight=np.zeros((2, 4)), bias=np.zeros(2))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ReaderError, match=r"\[encoder\]"):
        FineTuned.read(tmp_path)
