"""Text into spaCy tokens, and tokens into the stream of normal words that lexicon lines are compared with."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex, registry

from nlp.norms import Norms, Remembered
from nlp.spelling import load_spelling

# One character for another, so that every offset stays: what phones type for an apostrophe or a space.
APOSTROPHES = "\u2019\u2018\u02bc\u0060\u00b4\u2032\u201b\uff07"
SPACES = "\u00a0\u202f\u2007"
SAME_LENGTH = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(SPACES, " "))
EXTRA_INFIXES = (r"--+", r"[()\[\]{}!?;\"“”]", r"(?<=[a-z]{3})\.(?=[a-z]{2})", r"(?<=[a-z]{2}),(?=[a-z])")
UNBROKEN = re.compile(r"\S{200,}")
UNBROKEN_MAX = 64


@dataclass(frozen=True, slots=True)
class Stream:
    """The words of a text as lines see them. `tokens[i]` is the spaCy token that word `i` comes from."""

    words: tuple[str, ...]
    tokens: tuple[int, ...]
    sentences: tuple[tuple[int, int], ...]


def tokenizable(text: str) -> str:
    """Give a text of the same length that spaCy's tokenizer takes in linear time.

    The tokenizer peels punctuation off a chunk one character at a time, which is quadratic in the length of a chunk
    without spaces; such chunks, which are never prose, are cut. Lone surrogates raise ValueError.
    """
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"the text holds a lone surrogate at offset {error.start}") from None
        text = text.translate(SAME_LENGTH)
    return UNBROKEN.sub(_cut, text.replace("`", "'"))


def _cut(chunk: re.Match[str]) -> str:
    letters = list(chunk[0])
    for place in range(UNBROKEN_MAX, len(letters), UNBROKEN_MAX):
        letters[place] = " "
    return "".join(letters)


def blank_pipeline() -> Language:
    """Make an English pipeline with nothing but its tokenizer, taught clinical shorthand."""
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "integration_journal.Tokenizer.v1"}}})


class JournalTokenizer(Tokenizer):
    """spaCy's tokenizer, made of code alone: nothing of it is kept on disk, which would be read only to be replaced."""

    def to_disk(self, path: str | Path, **_: Any) -> None:
        """Write nothing."""

    def from_disk(self, path: str | Path, **_: Any) -> "JournalTokenizer":
        """Read nothing."""
        del path
        return self


@registry.tokenizers("integration_journal.Tokenizer.v1")
def tokenizer_factory() -> Callable[[Language], JournalTokenizer]:
    """Give the maker of spaCy's English tokenizer with what phones and clinical notes need besides."""

    def make_tokenizer(nlp: Language) -> JournalTokenizer:
        nlp.max_length = 10_000_000  # the limit guards parsers, which this pipeline has none of
        usual = nlp.Defaults  # all at once: after every change of a tokenizer spaCy lays its rules out anew
        return JournalTokenizer(
            nlp.vocab,
            rules={**(usual.tokenizer_exceptions or {}), **_shorthand()},
            prefix_search=compile_prefix_regex(usual.prefixes or ()).search,
            suffix_search=compile_suffix_regex(usual.suffixes or ()).search,
            infix_finditer=compile_infix_regex((*(usual.infixes or ()), *EXTRA_INFIXES)).finditer,
            token_match=usual.token_match,
            url_match=usual.url_match,
        )

    return make_tokenizer


def _shorthand() -> dict[str, list[dict[str, str]]]:
    every = (form for each in load_spelling().shorthand for form in (each, each.upper(), each.capitalize()))
    return {form: [{"ORTH": form}] for form in every}


def stream_of(doc: Doc) -> Stream:
    """Read the stream off a normalised document; sentences are ranges of its words."""
    marks: Any = doc.to_array(["NORM", "SENT_START"])
    parts = _PARTS.of(marks[:, 0].tolist(), doc.vocab.strings)
    counts = np.fromiter(map(len, parts), np.int64, len(parts))
    ends = np.cumsum(counts)
    opens = (ends - counts)[marks[:, 1] == 1].tolist()
    bounds = list(dict.fromkeys([0, *opens, int(counts.sum())]))  # each once: a sentence has words
    tokens = np.repeat(np.arange(len(parts)), counts).tolist()
    return Stream(tuple(chain.from_iterable(parts)), tuple(tokens), tuple(pairwise(bounds)))


def normal_words_of(doc: Doc) -> list[str]:
    """Give the words of a normalised document, whatever its sentences are."""
    norms: Any = doc.to_array("NORM")
    return list(chain.from_iterable(_PARTS.of(norms.tolist(), doc.vocab.strings)))


def count_words(doc: Doc) -> int:
    """Count the tokens with a letter or digit in them."""
    orths: Any = doc.to_array("ORTH")
    return sum(_IS_WORD.of(orths.tolist(), doc.vocab.strings))


def _is_word(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


_PARTS = Remembered(lambda norm: tuple(norm.split()))
_IS_WORD = Remembered(_is_word)


@cache
def _line_pipeline() -> Language:
    return blank_pipeline()


@cache
def _line_norms() -> Norms:
    return Norms(load_spelling())


@cache
def _split_words() -> frozenset[str]:
    """Give the words that the tokenizer takes apart or knows by heart, "cannot" among them."""
    tokenizer: Any = _line_pipeline().tokenizer
    return frozenset(tokenizer.rules)


@lru_cache(50_000)
def normal_words(text: str) -> tuple[str, ...]:
    """Normalise a word of a lexicon line just as texts are: "don't" gives ("do", "not")."""
    if text.isascii() and text.isalpha() and text not in _split_words():  # as most are: the tokenizer leaves it whole
        return tuple(load_spelling().norm(text).split())
    return tuple(" ".join(_line_norms().of(_line_pipeline()(tokenizable(text)))).split())
