"""Which sentences an edit leaves as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.edits import moves
from nlp.sentences import sentences_in

pytestmark = pytest.mark.database_free

SENTENCES = ("I miss him.", "We had soup!", "Not now?", "so it goes\n", "I want to die, ha ha.")
texts = st.lists(st.sampled_from(SENTENCES), max_size=8).map(" ".join)


@settings(deadline=None)  # the first one loads the pipeline
@given(texts, texts)
def test_what_moves_says_the_same_there_and_no_two_meet(before: str, after: str) -> None:
    places = list(sentences_in(before))
    met = []
    for (start, end), by in zip(places, moves(before, after, places), strict=True):
        if by is not None:
            assert after[start + by : end + by] == before[start:end]
            met.append((start + by, end + by))
    assert len(set(met)) == len(met)
    assert set(met) <= set(sentences_in(after))


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("I miss him.", "Soup. I miss him.", [6]),
        ("Soup. I miss him.", "I miss him. Soup.", [12, -6]),
        ("Soup. I miss him. Soup.", "Soup.", [0, None, None]),
        ("Soup. I miss him. Soup.", "I miss him. Soup.", [None, -6, -6]),
        ("I miss him.", "I miss him", [None]),
        ("I miss him.", "Soup, I miss him.", [None]),
        ("I miss him.", "", [None]),
    ],
)
def test_a_sentence_moves_whole_or_is_another_one(before: str, after: str, moved: list[int | None]) -> None:
    assert moves(before, after, list(sentences_in(before))) == moved


def test_what_is_more_than_one_sentence_does_not_move() -> None:
    assert moves("Soup. I miss him.", "Soup. I miss him.", [(0, 9)]) == [None]
