"""The normal words of tokens: what stands right behind a word, and what was met before."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from spacy.strings import StringStore

from nlp import norms
from nlp.norms import Norms, Remembered
from nlp.spelling import load_spelling
from nlp.words import blank_pipeline, tokenizable

pytestmark = pytest.mark.database_free


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("well-being - or not -- so", ["well", " ", "being", "--", "or", "not", "--", "so"]),
        ("im here", ["i", "am", "here"]),
        ("I am, i'm: m", ["i", "am", ",", "i", "am", ":", "m"]),
        ('so... no… "yes"', ["so", "…", "no", "…", " ", "yes", " "]),
    ],
)
def test_a_token_is_read_by_what_it_follows(text: str, expected: Sequence[str]) -> None:
    assert Norms(load_spelling()).of(blank_pipeline()(tokenizable(text))) == expected


def test_threads_remember_together_and_no_more_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(norms, "REMEMBERED", 10)
    strings = StringStore()
    texts = [[f"word{n % (7 + turn)}" for n in range(40)] for turn in range(60)]
    hashes = [[strings.add(each) for each in text] for text in texts]
    made: list[str] = []
    lengths = Remembered(lambda text: made.append(text) or text.upper())  # type: ignore[func-returns-value]
    with ThreadPoolExecutor(4) as workers:
        read = list(workers.map(lambda each: lengths.of(each, strings), hashes))
    assert read == [[each.upper() for each in text] for text in texts]
    assert len(set(made)) < len(made) < sum(map(len, texts)), "forgotten at times, and never asked for every word"
