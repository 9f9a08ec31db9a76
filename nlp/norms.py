"""The normal words that each token of a text stands for."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from spacy.strings import StringStore
from spacy.tokens import Doc

from nlp.spelling import DASHES, Spelling

ELLIPSIS = re.compile(r"\.{2,}|…+")
NOTHING = " "  # spaCy takes an empty norm for a missing one
REMEMBERED = 50_000  # different strings: most words of a text have been met before


T = TypeVar("T")


class Remembered(Generic[T]):
    """What is made of each different string of texts, worked out when it is first met.

    Strings are told by spaCy's hashes, so that neither strings nor tokens are made for those met before.
    """

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._known: dict[int, T] = {}

    def of(self, hashes: Sequence[int], strings: StringStore) -> list[T]:
        """Give what is made of each string."""
        known = self._known  # held on to: another thread may begin a new one
        try:
            return [known[each] for each in hashes]
        except KeyError:
            if len(known) > REMEMBERED:
                known = self._known = {}
            known.update({each: self._make(strings[each]) for each in set(hashes).difference(known)})
            return [known[each] for each in hashes]


class Form(NamedTuple):
    """A token's normal words by itself, and right behind a word; a hyphen's right behind are those inside of one."""

    alone: str
    behind: str
    is_word: bool
    is_hyphen: bool


class Norms:
    """Gives the normal words of tokens, by a spelling."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        self._forms = Remembered(self._form)

    def of(self, doc: Doc) -> list[str]:
        """Give the normal words of each token, parted by spaces, or one space where there is none to match."""
        # As one array: making an object of every token takes longer than all else here.
        marks: Any = doc.to_array(["ORTH", "SPACY"])
        forms = self._forms.of(marks[:, 0].tolist(), doc.vocab.strings)
        norms = []
        is_glued = follows_word = False
        for (alone, behind, is_word, is_hyphen), is_open in zip(forms, marks[:, 1].tolist(), strict=True):
            if is_hyphen:
                norms.append(behind if is_glued and not is_open else alone)
            else:
                norms.append(behind if follows_word else alone)
            is_glued = not is_open
            follows_word = is_glued and is_word
        return norms

    def _form(self, text: str) -> Form:
        is_word = text.isalpha()
        if text in DASHES:
            return Form("--", NOTHING if text == "-" else "--", is_word, text == "-")
        if text[0] in ".…" and ELLIPSIS.fullmatch(text):
            return Form("…", "…", is_word, is_hyphen=False)
        norm = self._spelling.norm
        return Form(norm(text) or NOTHING, norm(text, is_glued=True) or NOTHING, is_word, is_hyphen=False)
