"""The pipeline's promises to whoever calls it: offsets, evidence, time, and no text that it cannot take."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import Analysis, load_tagger, load_taxonomy
from nlp.tagger import pipeline_version

pytestmark = pytest.mark.database_free

# Any text that can be stored: all planes of Unicode, no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
PLANTED = "I am afraid of dying."
VERSION = pipeline_version()


def check(text: str, analysis: Analysis) -> None:
    themes = load_taxonomy().themes
    for mention in analysis.mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end].strip()
        assert mention.theme in themes
        assert 0 < mention.score <= 1
        assert mention.because
    starts = [mention.start for mention in analysis.mentions]
    assert starts == sorted(starts)
    assert analysis.pipeline_version == VERSION


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXT)
def test_offsets_lie_within_any_text(text: str) -> None:
    check(text, load_tagger().tag(text, "journal"))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXT, TEXT)
def test_a_planted_sentence_is_quoted_exactly_whatever_stands_around_it(before: str, after: str) -> None:
    text = f"{before}\n\n{PLANTED}\n\n{after}"
    analysis = load_tagger().tag(text, "journal")
    check(text, analysis)
    start = len(before) + 2
    within = [m for m in analysis.mentions if m.theme == "mortality" and start <= m.start < start + len(PLANTED)]
    assert within
    assert all("afraid of dying" in text[m.start : m.end] for m in within)


@pytest.mark.parametrize(
    "text",
    [
        "I am afraid of dying.",
        "I AM AFRAID OF DYING",
        "I\u2019m so afraid of dying",
        "i'm afraid of dyingggg",
        "Im afraid of dying \U0001f622",
        "\U0001f636\u200d\U0001f32b\ufe0f I am afraid of dying",
        "I am\u00a0afraid of dying",
        "I am afraid of\ndying",
    ],
)
def test_however_a_phone_typed_it(text: str) -> None:
    assert "mortality" in {mention.theme for mention in load_tagger().tag(text, "journal").mentions}


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\u200b", "\U0001f4c5", "...", "\u202e\u202d", "a" * 50_000, "-" * 50_000]
)
def test_nothing_to_read_is_nothing_found(text: str) -> None:
    assert load_tagger().tag(text, "journal").mentions == ()


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="offset 2"):
        load_tagger().tag("a \ud83d", "journal")


def test_one_sentence_alone_is_a_sentence() -> None:
    """A document of one sentence once had none, and could not be tagged at all."""
    doc = load_tagger().read("Only this", "journal")
    assert [sentence.text for sentence in doc.sents] == ["Only this"]


TEXTED = ("i thought of the boat and how he'd have hated it all", "so i laughed", "ok")
WRAPPED = (
    "I kept thinking of the boat and how he would have hated all",
    "of this, and then I laughed at the whole room and the nurse",
    "laughed.",
)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("no stops here\nbut a line", ["no stops here", "but a line"]),
        ("Saw Dr. Osei at 9 a.m. today.", ["Saw Dr. Osei at 9 a.m. today."]),
        ("BP 0.9 mg/kg. Pt denies SI.", ["BP 0.9 mg/kg.", "Pt denies SI."]),
        ("I thought... maybe... yes.", ["I thought... maybe... yes."]),
        ('She said "go." I went.', ['She said "go."', "I went."]),
        ('He knew. "Who held you?" she said.', ["He knew.", '"Who held you?"', "she said."]),
        ("No sx. Pt. denies SI, per pt. Sleeps.", ["No sx.", "Pt. denies SI, per pt.", "Sleeps."]),
        ("She cried and so did I. Then we ate.", ["She cried and so did I.", "Then we ate."]),
        ("1. slept\n2. ate", ["1. slept", "2. ate"]),
        ("i thought of the boat and how he'd have hated it all\nso i laughed\nok", [*TEXTED]),
        ("\n".join(WRAPPED), ["\n".join(WRAPPED)]),
    ],
)
def test_sentences_of_phones_and_of_notes(text: str, sentences: list[str]) -> None:
    assert [sentence.text.strip() for sentence in load_tagger().read(text, "journal").sents] == sentences


def test_a_batch_is_tagged_as_its_documents_are_one_by_one() -> None:
    documents = [("I am afraid of dying.", "journal"), ("Pt denies SI.", "note"), ("", "journal")]
    tagger = load_tagger()
    together = list(tagger.tag_many((text, "note" if kind == "note" else "journal") for text, kind in documents))
    assert together == [tagger.tag(text, "note" if kind == "note" else "journal") for text, kind in documents]
