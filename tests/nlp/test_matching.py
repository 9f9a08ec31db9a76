"""The automaton that all threads of a server read with."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from nlp import matching
from nlp.lexicon_files import load_lexicon
from nlp.matching import Automaton, Hit

pytestmark = pytest.mark.database_free

LINES = [line.elements for line in load_lexicon().lines if line.theme in {"suicidality", "grief", "family"}]
THREADS = 8


@pytest.fixture
def no_patience() -> Iterator[None]:
    """Let threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("no_patience")
@pytest.mark.parametrize(("states", "words"), [(matching.MAX_STATES, matching.MAX_WORDS), (200, 20)])
def test_threads_find_together_what_one_finds_alone(states: int, words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where what was worked out is forgotten again and again while others read with it."""
    monkeypatch.setattr(matching, "MAX_STATES", states)
    monkeypatch.setattr(matching, "MAX_WORDS", words)
    chance = Random(3)
    spoken = sorted(Automaton(LINES).vocabulary)
    texts = [[chance.choice(spoken) for _ in range(60)] for _ in range(120)]
    expected = [Automaton(LINES).find(each, 0, len(each)) for each in texts]
    shared = Automaton(LINES)

    def read(text: list[str]) -> list[Hit]:
        shared.rest()
        return shared.find(text, 0, len(text))

    with ThreadPoolExecutor(THREADS) as workers:
        for _ in range(3):
            assert list(workers.map(read, texts)) == expected
    assert any(expected)
