"""How a text begins, short enough for a list, and cut where a reader would not mind."""

import re
import unicodedata
from dataclasses import dataclass

_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)  # skin tones
_REGIONAL = range(0x1F1E6, 0x1F200)  # two of these are a flag
_TAGS = range(0xE0020, 0xE0080)  # the flags of regions
_VOWELS_AND_FINALS = range(0x1160, 0x1200)  # of Hangul written letter by letter
_READ = 8  # times as many characters are looked at as are kept, since white space goes


@dataclass(frozen=True, slots=True)
class Start:
    """How a text begins; `is_cut` where there is more of it."""

    text: str
    is_cut: bool


def start_of(text: str, longest: int) -> Start:
    """Give at most `longest` code points on one line, ending between words, else between characters as people see them.

    The bound is on code points, so that what it takes on the wire is bounded: a letter may carry any number of marks.
    """
    line = " ".join(text[: longest * _READ].split())
    is_whole = len(text) <= longest * _READ and len(line) <= longest
    if is_whole:
        return Start(line, is_cut=False)
    if len(line) <= longest:
        return Start(line, is_cut=True)
    word = re.search(r"\s\S*\Z", line[: longest + 1])
    if word is not None and word.start() > longest // 2:
        return Start(line[: word.start()], is_cut=True)
    end = longest
    while end > 0 and _is_inside(line, end):
        end -= 1
    return Start(line[: end or longest].rstrip(), is_cut=True)


def _is_inside(text: str, place: int) -> bool:
    """Tell whether a character, as people see it, goes on over this place; the commonest of UAX #29's rules."""
    after, before = ord(text[place]), text[place - 1]
    if unicodedata.category(text[place]).startswith("M") or text[place] == _JOINER or before == _JOINER:
        return True
    if after in _MODIFIERS or after in _TAGS or after in _VOWELS_AND_FINALS:
        return True
    return after in _REGIONAL and _regionals_before(text, place) % 2 == 1


def _regionals_before(text: str, place: int) -> int:
    count = 0
    while count < place and ord(text[place - 1 - count]) in _REGIONAL:
        count += 1
    return count
