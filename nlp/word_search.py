"""Finding words in a text that was just opened: nothing is indexed, so nothing is left lying about."""

import re
import unicodedata
from functools import lru_cache

from nlp.motifs.lemmas import lemma

_MARKS = "".join(each for each in map(chr, range(0x300, 0x10000)) if unicodedata.category(each).startswith("M"))
_LETTERS = rf"\w[\w{_MARKS}]*"  # an accent or a vowel's sign may be a character of its own, which is no \w
_WORD = re.compile(rf"{_LETTERS}(?:['\u2019]{_LETTERS})*")
_NO_LETTERS = "\ufe0e\ufe0f\u20e3"  # they choose how a character looks, and frame it
_LATIN = re.compile(r"[a-z0-9']+")


def words_of(question: str) -> tuple[str, ...]:
    """Give what is to be looked for: each word once, in the form that texts are compared in."""
    return tuple(dict.fromkeys(_form(each) for each in _WORD.findall(question)))


def find_words(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Find where the words stand in a text, in code points; empty unless each of them does.

    English words are found in all their forms, others as they are; what no spaces part (as in Chinese) is found
    within longer runs, too.
    """
    places: list[tuple[int, int]] = []
    missing = set(words)
    runs = [word for word in words if not _LATIN.fullmatch(word)]
    for match in _WORD.finditer(text):
        form = _form(match[0])
        found = form if form in words else next((run for run in runs if run in form), None)
        if found is not None:
            places.append(match.span())
            missing.discard(found)
    return places if words and not missing else []


@lru_cache(100_000)
def _form(word: str) -> str:
    """Fold case and accents, and cut what English inflection adds."""
    folded = unicodedata.normalize("NFKD", word.replace("\u2019", "'").casefold())
    plain = "".join(letter for letter in folded if not _is_mark(letter)).removesuffix("'s")
    return lemma(plain) if _LATIN.fullmatch(plain) else plain


def _is_mark(letter: str) -> bool:
    return unicodedata.combining(letter) != 0 or letter in _NO_LETTERS
