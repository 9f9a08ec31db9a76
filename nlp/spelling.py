"""One form for each typed word: contractions, phone shorthand, long vowels, British spelling, accents, emoji."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

TABLE = Path(__file__).with_name("spelling.toml")

# Variation selectors, skin tones, joiners, gender signs and other marks that change how an emoji or word looks only.
INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff♀♂]"
)
QUOTES_AND_MARKUP = frozenset("'\"\u201c\u201d\u201e«»\u2039\u203a*_~|#")
DASHES = frozenset("-\u2010\u2011\u2013\u2014\u2015")
LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")
INITIALS = re.compile(r"(?:[a-z]\.)+[a-z]?\.?")
LONGEST_LETTER = 4
MAX_RUNS = 4


@dataclass(frozen=True, slots=True)
class Spelling:
    """The spelling tables, and the words of the lexicon that decide how a stretched word is shortened."""

    pieces: dict[str, str]
    glued: dict[str, str]
    words: dict[str, str]
    stems: dict[str, str]
    accented: frozenset[str]
    shorthand: tuple[str, ...]
    known: frozenset[str] = field(default=frozenset())

    def norm(self, text: str, is_glued: bool = False) -> str:  # noqa: FBT001, FBT002 -- called for every token
        """Give the normal form of one token: words parted by spaces, or "" where nothing is left to match.

        `is_glued` says that the token follows the one before it without a space, as in "im" -> "i", "m".
        """
        word = INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).lower().strip()
        if is_glued and word in self.glued:
            return self.glued[word]
        if word in self.pieces:
            return self.pieces[word]
        if word in QUOTES_AND_MARKUP:
            return ""
        return self._typed(word)

    def _typed(self, word: str) -> str:
        if INITIALS.fullmatch(word):
            word = word.replace(".", "")
        elif len(word) > 1 and word[-1] == "." and word[0].isalnum():
            word = word.rstrip(".")
        word = self._shorten(self._plain(word))
        if word in self.words:
            return self.words[word]
        return self._american(word)

    def _plain(self, word: str) -> str:
        """Drop the accents of Latin letters, except where they tell two words apart."""
        if word.isascii() or word in self.accented:
            return word
        bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
        return bare if bare.isascii() else word

    def _shorten(self, word: str) -> str:
        """Bring "soooo" to "so" and "gooood" to "good": the form the lexicon knows, else the shortest."""
        if len(word) > LONGEST_LETTER and len(set(word)) == 1:
            return word[0]  # a key held down, and not AA
        runs = list(LONG_RUN.finditer(word))
        if not runs or len(runs) > MAX_RUNS:
            return word
        for lengths in product((2, 1), repeat=len(runs)):
            size = iter(lengths)
            shorter = LONG_RUN.sub(lambda run, size=size: run[1] * next(size), word)  # type: ignore[misc]
            if shorter in self.known or shorter in self.words:
                return shorter
        return LONG_RUN.sub(r"\1", word)

    def _american(self, word: str) -> str:
        for length in range(min(len(word), 16), 4, -1):
            stem = self.stems.get(word[:length])
            if stem is not None:
                return stem + word[length:]
        return word


@cache
def load_spelling(known: frozenset[str] = frozenset()) -> Spelling:
    """Read the spelling tables; `known` are the words that stretched words may be shortened to."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return Spelling(
        pieces=table["pieces"],
        glued=table["glued"],
        words=table["words"],
        stems=table["stems"],
        accented=frozenset(table["accents"]["kept"]),
        shorthand=tuple(table["whole"]["shorthand"]),
        known=known,
    )
