"""Where later writing comes back to something that was said before: an intention, a commitment.

A sentence is an echo when it shares enough content words with what was said, rare words counting more than common ones,
or when a theme of it is spoken of there with one of its words. It tells that something is spoken of again, not that it
was done.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spacy.language import Language

from nlp.motifs.lemmas import lemma
from nlp.words import blank_pipeline, stream_of, tokenizable

ENOUGH = 1.5  # the weight that shared words must have together
COMMON, RARE = 0.5, 1.0
_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_EMPTY, _USUAL = (frozenset(_WORDS[name].split()) for name in ("empty", "usual"))
_LONG_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Later:
    """A document that was written afterwards. `themes` are places in it that speak of themes: (theme, start, end)."""

    document_id: str
    text: str
    themes: Sequence[tuple[str, int, int]] = ()


@dataclass(frozen=True, slots=True)
class Echo:
    """A sentence that comes back to what was said. `start` and `end` count code points."""

    document_id: str
    start: int
    end: int


def find_echoes(said: str, themes: Iterable[str], later: Iterable[Later]) -> list[Echo]:
    """Find the sentences of later documents that come back to what was said, in their order."""
    words = frozenset(word for _, _, lemmas in _sentences(said) for word in lemmas)
    about, needed = frozenset(themes), min(ENOUGH, _weight(words))
    found = []
    for document in later if words else ():
        places = [place for theme, place, _ in document.themes if theme in about]
        for start, end, lemmas in _sentences(document.text):
            weight = _weight(lemmas & words)
            is_on_theme = any(start <= place < end for place in places)
            if weight >= needed or (is_on_theme and weight >= RARE):
                found.append(Echo(document.document_id, start, end))
    return found


def _weight(words: Iterable[str]) -> float:
    return sum(COMMON if word in _USUAL else RARE for word in words)


def _sentences(text: str) -> list[tuple[int, int, frozenset[str]]]:
    """Give each sentence's place and the lemmas of its content words; those without any are left out."""
    doc = _pipeline()(tokenizable(text))
    stream = stream_of(doc)
    found = []
    for first, last in stream.sentences:
        tokens = [doc[stream.tokens[place]] for place in range(first, last)]
        lemmas = frozenset(lemma(word) for word in stream.words[first:last] if _is_content(word))
        if lemmas:
            found.append((tokens[0].idx, tokens[-1].idx + len(tokens[-1]), lemmas))
    return found


def _is_content(word: str) -> bool:
    return len(word) >= _LONG_ENOUGH and word.isalpha() and word not in _EMPTY


@cache
def _pipeline() -> Language:
    pipeline = blank_pipeline()
    pipeline.add_pipe("normaliser")
    pipeline.add_pipe("sentences")
    return pipeline
