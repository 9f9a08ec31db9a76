"""Where sentences begin, in journals typed on phones and in terse clinical notes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, compress, pairwise
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from nlp.norms import ELLIPSIS, Remembered
from nlp.words import blank_pipeline, tokenizable

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


def sentences_in(text: str) -> Iterator[tuple[int, int]]:
    """Give where each sentence of a text begins and ends, without the spaces around it."""
    for sentence in _pipeline()(tokenizable(text)).sents:
        words = text[sentence.start_char : sentence.end_char]
        if words.strip():
            start = sentence.start_char + len(words) - len(words.lstrip())
            yield start, start + len(words.strip())


@cache
def _pipeline() -> Language:
    pipeline = blank_pipeline()
    pipeline.add_pipe("sentences")
    return pipeline


def _starts(doc: Doc) -> Iterator[int]:
    """Give where sentences start. Plain tokens, which are most, are passed over, but for the first behind an end."""
    marks: Any = doc.to_array(["ORTH", "SPACY"])
    orths, strings = marks[:, 0].tolist(), doc.vocab.strings
    text = _Typed([strings[orth] for orth in orths], marks[:, 1].tolist())
    notable = [*compress(range(len(orths)), _IS_NOTABLE.of(orths, strings))]
    wraps = text.soft_wraps([place for place in notable if "\n" in text.words[place]])
    if orths:
        yield 0
    after_end = False
    begun = passed = 0
    for place in notable:
        for start in text.starts_among_plain(passed, place, begun, after_end=after_end):
            yield start
            after_end, begun = False, start
        word, passed = text.words[place], place + 1
        if (after_end and not text.belongs_before(place)) or _is_overdue(word, place - begun):
            yield place
            after_end, begun = False, place
        if "\n" in word:
            after_end = after_end or place not in wraps
        elif not after_end:
            after_end = text.ends_sentence(place)
    yield from text.starts_among_plain(passed, len(orths), begun, after_end=after_end)


def _is_plain(text: str) -> bool:
    """Tell whether a token, as nearly all do, can neither end a sentence nor belong to one that has ended."""
    return text[0].isalnum() and text != "I."  # which spaCy takes for somebody's initial


_IS_NOTABLE = Remembered(lambda text: not _is_plain(text))


def _is_overdue(word: str, length: int) -> bool:
    """Tell whether a run without stops is to be cut here, so that no sentence grows without bound."""
    return length >= TOO_LONG or (length >= LONG and word.lower() in JOINTS)


@dataclass(frozen=True, slots=True)
class _Typed:
    """The tokens of a text, and after which of them a space stands."""

    words: Sequence[str]
    opens: Sequence[int]

    def starts_among_plain(self, first: int, last: int, begun: int, *, after_end: bool) -> Iterator[int]:
        """Give where sentences start among plain tokens: behind an end, and where a run without stops is overdue."""
        if after_end and first < last:
            yield first
            begun = first
        place = max(first, begun + LONG)
        while place < last:
            if _is_overdue(self.words[place], place - begun):
                yield place
                begun, place = place, place + LONG
            else:
                place += 1

    def belongs_before(self, place: int) -> bool:
        """Spaces, closing quotes and further stops still belong to the sentence that they end."""
        word = self.words[place]
        if word in EITHER:  # it closes what it is glued to
            return place > 0 and not self.opens[place - 1] and not self.words[place - 1].isspace()
        return word.isspace() or word in CLOSING or bool(STOP.fullmatch(word))

    def ends_sentence(self, place: int) -> bool:
        word = self.words[place]
        if word[0].isalnum():
            return not _is_plain(word)
        if ELLIPSIS.fullmatch(word):
            following = self._following(place)
            return following is None or following[:1].isupper()
        if not STOP.fullmatch(word):
            return False
        return word != "." or not self._is_abbreviation(place, self._following(place))

    def soft_wraps(self, breaks: Sequence[int]) -> frozenset[int]:
        """Tell which line breaks a machine made: before a small letter, in a text of full lines.

        A line is full where the first word of the next one had no room. Who presses return after each thought and
        writes no capitals either has lines of all lengths, so that few of them are full.
        """
        if not any(self.words[place + 1][:1].islower() for place in breaks if place + 1 < len(self.words)):
            return frozenset()
        starts = [0, *accumulate(len(word) + is_open for word, is_open in zip(self.words, self.opens, strict=True))]
        text = "".join(word + " " * is_open for word, is_open in zip(self.words, self.opens, strict=True))
        wraps = _soft_wraps(text)
        return frozenset(place for place in breaks if starts[place] + self.words[place].index("\n") in wraps)

    def _following(self, place: int) -> str | None:
        """Give the next token that is not space or a closing mark."""
        near = range(place + 1, min(place + 5, len(self.words)))
        return next((self.words[each] for each in near if not self.belongs_before(each)), None)

    def _is_abbreviation(self, place: int, following: str | None) -> bool:
        """Tell whether a full stop belongs to the short word it is glued to."""
        if not place or self.opens[place - 1] or following is None:
            return False
        word = self.words[place - 1].lower()
        if word.isdecimal() and self._begins_item(place - 1):
            return True
        if word in NEVER_LAST and (word != "no" or following.isdigit()):
            return True
        return word in MAYBE_LAST and following[:1].islower()

    def _begins_item(self, place: int) -> bool:
        """Tell whether a number stands where a list numbers its items."""
        before = self.words[place - 1] if place else "\n"
        return "\n" in before or bool(STOP.fullmatch(before))


def _soft_wraps(text: str) -> frozenset[int]:
    """Give the offsets of the line breaks that a machine made."""
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
