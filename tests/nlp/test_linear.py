"""Whatever is thrown at it, the work grows with the length of the text and no faster, and nothing crashes.

Work is counted in calls, which are the same on every machine; seconds are measured by `make bench`.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import load_tagger
from nlp.lexicon_files import load_lexicon
from tests.support.work import calls

pytestmark = pytest.mark.database_free

LENGTH, TIMES = 2_000, 4
ZALGO = "d\u0335\u0321\u0322y\u0336\u0334i\u0338\u0327n\u0334\u0328g\u0337 "
PIECES = [
    "a",
    "-",
    "(",
    ".",
    "\n",
    "\U0001f622",
    "\u202e\u0645\u0648\u062a ",
    ZALGO,
    "not ",
    "no no ",
    "if i die ",
    "Denies SI. ",
    "I am afraid of dying. ",
    "soooo ",
    "he said she said ",
    "1. ",
    "'",
    "\u00ad",
    "\U0001f636\u200d\U0001f32b\ufe0f",
]


def growth(piece: str) -> float:
    tagger = load_tagger()
    text = piece * (LENGTH // len(piece) + 1)
    tagger.tag(text * TIMES, "journal")  # what is remembered from now on was met before
    short, long = (calls(lambda given=given: tagger.tag(given, "journal")) for given in (text, text * TIMES))
    return long / short


@pytest.mark.parametrize("piece", PIECES, ids=[f"{n}" for n in range(len(PIECES))])
def test_four_times_the_text_is_four_times_the_work(piece: str) -> None:
    assert growth(piece) < TIMES * 1.25


WORDS = st.sampled_from(sorted(load_lexicon().vocabulary())[::25])


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(WORDS | st.text(max_size=6), min_size=3, max_size=12))
def test_words_of_the_lexicon_in_any_order_are_no_exception(words: list[str]) -> None:
    piece = " ".join(words).encode("utf-8", "replace").decode() + " "
    assert growth(piece) < TIMES * 1.35


def test_fifty_thousand_characters_without_a_space() -> None:
    for letter in ("a", "\u6f22", "\U0001f4c5", "\u0335"):
        analysis = load_tagger().tag(letter * 50_000, "journal")
        assert analysis.mentions == ()


def test_a_wall_of_one_word_is_no_wall_of_mentions() -> None:
    mentions = load_tagger().tag("hopeless " * 5_000, "journal").mentions
    assert "low_mood" in {mention.theme for mention in mentions}
    assert len(mentions) < 1000
