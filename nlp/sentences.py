"""Where sentences begin, in journals typed on phones and in terse clinical notes."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Token

from nlp.words import ELLIPSIS

STOP = re.compile("[.!?\u3002\uff01\uff1f\u061f]+")
CLOSING = frozenset("\u201d\u2019)]}*_»")
EITHER = frozenset("\"'")  # quotes that open as well
# Abbreviations whose full stop does not end a sentence, and those that may stand last in one.
NEVER_LAST = frozenset({"dr", "mr", "mrs", "ms", "prof", "st", "vs", "eg", "ie", "approx", "no"})
MAYBE_LAST = frozenset(
    {"min", "mins", "hr", "hrs", "sec", "wk", "wks", "mo", "mos", "yr", "yrs", "etc", "jr", "sr", "inc", "am", "pm"}
    | {"appt", "med", "meds", "max", "temp", "pt", "pts", "dx", "tx", "hx", "rx", "sx"}
)
LONG, TOO_LONG = 100, 160  # tokens after which a text without stops is cut, at a joint if one comes
JOINTS = frozenset({",", "and", "but", "so", "then", "because", "-", "\u2013", "\u2014"})
NO_START = 2**64 - 1  # spaCy's -1 in an unsigned array; its 0 means "not known", and a lone sentence would be none
WRAPPED = range(50, 101)  # characters: how wide machines make the lines that they wrap


@Language.component("sentences")
def set_sentences(doc: Doc) -> Doc:
    """Mark each token as the start of a sentence or not.

    Sentences end at full stops, question and exclamation marks, blank lines, line breaks and list items; an ellipsis
    ends one only before a capital letter, since many writers use it for a pause.
    """
    # As one array: setting token by token, spaCy looks through the whole document each time.
    marks: Any = doc.to_array(["SENT_START"])
    marks[:] = NO_START
    marks[list(_starts(doc))] = 1
    return doc.from_array(["SENT_START"], marks)


def _starts(doc: Doc) -> Iterator[int]:
    if len(doc):
        yield 0
    after_end = False
    begun = 0
    strings = doc.vocab.strings
    orths: Any = doc.to_array("ORTH")
    words = [strings[orth] for orth in orths.tolist()]
    wraps = _soft_wraps(doc.text) if any("\n" in word for word in words) else frozenset()
    for place, word in enumerate(words):
        if place - begun < LONG and _is_plain(word):
            if after_end:
                yield place
                after_end, begun = False, place
            continue
        token = doc[place]
        if (after_end and not _belongs_before(token)) or _is_overdue(token, place - begun):
            yield place
            after_end, begun = False, place
        if "\n" in token.text:
            after_end = after_end or token.idx + token.text.index("\n") not in wraps
        elif not after_end:
            after_end = _ends_sentence(token)


@lru_cache(50_000)
def _is_plain(text: str) -> bool:
    """Tell whether a token, as nearly all do, can neither end a sentence nor belong to one that has ended."""
    return text[0].isalnum() and text != "I."  # which spaCy takes for somebody's initial


def _is_overdue(token: Token, length: int) -> bool:
    """Tell whether a run without stops is to be cut here, so that no sentence grows without bound."""
    return length >= TOO_LONG or (length >= LONG and token.lower_ in JOINTS)


def _belongs_before(token: Token) -> bool:
    """Spaces, closing quotes and further stops still belong to the sentence that they end."""
    if token.text in EITHER:  # it closes what it is glued to
        return not token.nbor(-1).whitespace_ and not token.nbor(-1).is_space
    return token.is_space or token.text in CLOSING or bool(STOP.fullmatch(token.text))


def _soft_wraps(text: str) -> frozenset[int]:
    """Tell which line breaks a machine made, by their offsets: those before a small letter in a text of full lines.

    A line is full where the first word of the next one had no room. Who presses return after each thought and writes
    no capitals either has lines of all lengths, so that few of them are full.
    """
    lines = text.split("\n")
    width = max(map(len, lines))
    if width not in WRAPPED:
        return frozenset()
    full, other, end = set(), 0, -1
    for line, following in pairwise(lines):
        end += len(line) + 1
        if line.strip() and following[:1].islower():
            if len(line) + 1 + len(following.split(maxsplit=1)[0]) > width:
                full.add(end)
            else:
                other += 1
    return frozenset(full) if len(full) > other else frozenset()


def _ends_sentence(token: Token) -> bool:
    text = token.text
    if text[0].isalnum():
        return not _is_plain(text)
    following = _following(token)
    if ELLIPSIS.fullmatch(text):
        return following is None or following.text[:1].isupper()
    if not STOP.fullmatch(text):
        return False
    return text != "." or not _is_abbreviation(token, following)


def _following(token: Token) -> Token | None:
    """Give the next token that is not space or a closing mark."""
    for i in range(token.i + 1, min(token.i + 5, len(token.doc))):
        if not _belongs_before(token.doc[i]):
            return token.doc[i]
    return None


def _is_abbreviation(stop: Token, following: Token | None) -> bool:
    """Tell whether a full stop belongs to the short word it is glued to."""
    if not stop.i or stop.nbor(-1).whitespace_ or following is None:
        return False
    word = stop.nbor(-1).lower_
    if word.isdecimal() and _begins_item(stop.nbor(-1)):
        return True
    if word in NEVER_LAST and (word != "no" or following.is_digit):
        return True
    return word in MAYBE_LAST and following.text[:1].islower()


def _begins_item(number: Token) -> bool:
    """Tell whether a number stands where a list numbers its items."""
    before = number.nbor(-1) if number.i else None
    return before is None or "\n" in before.text or bool(STOP.fullmatch(before.text))
