"""The pipeline's component that finds themes: lexicon lines over the stream of words, then merged."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from nlp.languages import ENGLISH
from nlp.lexicon_files import LexiconLine, load_lexicon
from nlp.matching import Automaton, Hit
from nlp.words import Stream, stream_of

SPANS = "themes"
STREAM = "nlp.stream"
FOUND = "nlp.found"
BARRED = "nlp.barred"
IN_READING_ORDER = attrgetter("start", "end", "theme")
MOST = 3  # mentions of one theme in one sentence; a row of a hundred sad faces says no more than three
# How far a line of each list is to be trusted. Set by judgement, in the order strong > likely > weak; not calibrated.
SCORES = {"strong": 0.9, "denied": 0.9, "likely": 0.7, "weak": 0.55}


class Found(NamedTuple):
    """A theme at words `start` to `end` of the stream, in the sentence with that number.

    `line` is the lexicon line that found it; None where the trained part did, and then `why` tells what spoke for it
    and `anchor` is the word that spoke loudest.
    """

    theme: str
    start: int
    end: int
    sentence: int
    score: float
    line: LexiconLine | None = None
    why: str = ""
    anchor: int = -1

    @property
    def core(self) -> tuple[int, int]:
        """The words that an assertion is about: all of a line's, only the loudest of a learned quote."""
        return (self.start, self.end) if self.line else (self.anchor, self.anchor + 1)

    @property
    def strength(self) -> str:
        """The list that the line stands in, or "learned"."""
        return self.line.strength if self.line else "learned"

    @property
    def written(self) -> str:
        """What is shown as the reason."""
        return self.line.written if self.line else self.why

    @property
    def length(self) -> int:
        """How many words it spans."""
        return self.end - self.start

    def overlaps(self, other: "Found") -> bool:
        """Tell whether the two share a word."""
        return self.start < other.end and other.start < self.end


class ThemeFinder:
    """Leaves what the lexicon finds, in reading order, in `doc.user_data` for the components after it."""

    def __init__(self, lines: tuple[LexiconLine, ...]) -> None:
        self._lines = lines
        self._automaton = Automaton(line.elements for line in lines)

    def __call__(self, doc: Doc) -> Doc:
        """Find the themes of a normalised document with sentences."""
        self._automaton.rest()
        stream = stream_of(doc)
        if doc._.language != ENGLISH:
            stream = replace(stream, sentences=())  # nothing is looked for in words that cannot be read
        doc.user_data[STREAM] = stream
        met = list(self.find(stream))
        doc.user_data[FOUND] = [one for one in met if one.strength != "never"]
        doc.user_data[BARRED] = {(one.sentence, one.theme) for one in met if one.strength == "never"}
        return doc

    def find(self, stream: Stream) -> Iterator[Found]:
        """Find the themes of a stream, sentence by sentence, and where a line says that a theme is not meant."""
        for number, (start, end) in enumerate(stream.sentences):
            groups: dict[str, list[Found]] = defaultdict(list)
            for hit in self._automaton.find(stream.words, start, end):
                one = self._found(hit, number)
                groups[one.theme].append(one)
            kept: list[Found] = []
            for group in groups.values():
                kept += [one for one in group if one.strength == "never"]
                kept += merge(group)
            kept.sort(key=IN_READING_ORDER)
            yield from kept

    def _found(self, hit: Hit, sentence: int) -> Found:
        line = self._lines[hit.line]
        return Found(line.theme, hit.start, hit.end, sentence, SCORES.get(line.strength, 0.0), line)


def merge(group: Sequence[Found]) -> list[Found]:
    """Settle what was found of one theme in one sentence.

    A `never` line takes away whatever it overlaps. Of findings that overlap the longest stays, with the best score
    among them. Weak ones stay only where two different lines meet in the sentence without overlapping.
    """
    if len(group) == 1:  # as most are
        return [one for one in group if one.strength not in {"never", "weak"}]
    never = [one for one in group if one.strength == "never"]
    allowed = [one for one in group if one.strength != "never" and not any(one.overlaps(n) for n in never)]
    firm = _longest([one for one in allowed if one.strength != "weak"])
    if firm:
        return firm[:MOST]
    weak = _longest(allowed)
    return weak[:MOST] if len({one.written for one in weak}) > 1 else []


def _longest(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (-one.length, -one.score, one.start, one.written)):
        rival = next((n for n, other in enumerate(kept) if other.overlaps(one)), None)
        if rival is None:
            kept.append(one)
        elif one.score > kept[rival].score:
            kept[rival] = kept[rival]._replace(score=one.score)
    return kept


@Language.factory("theme_finder")
def make_theme_finder(nlp: Language, name: str) -> ThemeFinder:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component from the lexicon of the package."""
    return ThemeFinder(load_lexicon().lines)
