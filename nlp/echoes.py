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
    """A sentence that comes back to what was said. `start` and `end` count code points."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence's place, in code points, and the lemmas of its content words."""

    start: int
    end: int
    lemmas: frozenset[str]


def find_echoes(said: str, themes: Iterable[str], later: Iterable[Later]) -> list[Echo]:
    """Find the sentences of later documents that come back to what was said, in their order."""
    about, found = frozenset(themes), []
    for document in later:
        places = echoes_in(said, about, read_sentences(document.text), document.themes)
        found += [Echo(document.document_id, start, end) for start, end in places]
    return found


def echoes_in(
    said: str, about: frozenset[str], sentences: Iterable[Sentence], themes: Iterable[tuple[str, int, int]]
) -> tuple[tuple[int, int], ...]:
    """Find the sentences of one later document that come back to what was said. `themes` as in `Later`."""
    words = words_of(said)
    if not words:
        return ()
    needed = min(ENOUGH, _weight(words))
    places = [place for theme, place, _ in themes if theme in about]
    found = []
    for each in sentences:
        weight = _weight(each.lemmas & words)
        is_on_theme = any(each.start <= place < each.end for place in places)
        if weight >= needed or (is_on_theme and weight >= RARE):
            found.append((each.start, each.end))
    return tuple(found)


@lru_cache(256)
def words_of(said: str) -> frozenset[str]:
    """Give the lemmas of the content words of what was said."""
    return frozenset(word for each in read_sentences(said) for word in each.lemmas)


def _weight(words: Iterable[str]) -> float:
    return sum(COMMON if word in _USUAL else RARE for word in words)


def read_sentences(text: str) -> list[Sentence]:
    """Read a text's sentences; those without any content word are left out."""
    doc = _pipeline()(tokenizable(text))
    stream = stream_of(doc)
    found = []
    for first, last in stream.sentences:
        tokens = [doc[stream.tokens[place]] for place in range(first, last)]
        lemmas = frozenset(lemma(word) for word in stream.words[first:last] if _is_content(word))
        if lemmas:
            found.append(Sentence(tokens[0].idx, tokens[-1].idx + len(tokens[-1]), lemmas))
    return found


def _is_content(word: str) -> bool:
    return len(word) >= _LONG_ENOUGH and word.isalpha() and word not in _EMPTY


@cache
def _pipeline() -> Language:
    pipeline = blank_pipeline()
    pipeline.add_pipe("normaliser")
    pipeline.add_pipe("sentences")
    return pipeline
