"""Where later writing comes back to something that was said before: an intention, a commitment.

A sentence is an echo when it shares enough content words with what was said, rare words counting more than common ones,
or when a theme of it is spoken of there with one of its words. It tells that something is spoken of again, not that it
was done.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
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
    """A sentence that comes back to what was said. `start` and `end` count code points; `shared` are its words."""

    document_id: str
    start: int
    end: int
    shared: tuple[str, ...]


def find_echoes(said: str, themes: Iterable[str], later: Iterable[Later]) -> list[Echo]:
    """Find the sentences of later documents that come back to what was said, in their order."""
    words, about = frozenset(_lemmas(said)), frozenset(themes)
    return [echo for document in later for echo in _in(document, words, about)] if words else []


def _in(document: Later, words: frozenset[str], about: frozenset[str]) -> Iterable[Echo]:
    for start, end, lemmas in _sentences(document.text):
        shared = tuple(dict.fromkeys(word for word in lemmas if word in words))
        weight = sum(COMMON if word in _USUAL else RARE for word in shared)
        is_on_theme = any(theme in about and start <= at < end for theme, at, _ in document.themes)
        needed = min(ENOUGH, sum(COMMON if word in _USUAL else RARE for word in words))
        if weight >= needed or (is_on_theme and weight >= RARE):
            yield Echo(document.document_id, start, end, shared)


@lru_cache(4_000)
def _lemmas(text: str) -> tuple[str, ...]:
    return tuple(word for _, _, lemmas in _sentences(text) for word in lemmas)


def _sentences(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Give each sentence's place and the lemmas of its content words."""
    doc = _pipeline()(tokenizable(text))
    stream = stream_of(doc)
    found = []
    for first, last in stream.sentences:
        tokens = [doc[stream.tokens[place]] for place in range(first, last)]
        lemmas = [lemma(word) for word in stream.words[first:last] if _is_content(word)]
        if lemmas:
            found.append((tokens[0].idx, tokens[-1].idx + len(tokens[-1]), tuple(lemmas)))
    return found


def _is_content(word: str) -> bool:
    return len(word) >= _LONG_ENOUGH and word.isalpha() and word not in _EMPTY


@cache
def _pipeline() -> Language:
    pipeline = blank_pipeline()
    pipeline.add_pipe("normaliser")
    pipeline.add_pipe("sentences")
    return pipeline
