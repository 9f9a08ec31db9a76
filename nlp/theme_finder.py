"""The pipeline's component that finds themes: lexicon lines over the stream of words, then merged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from spacy.language import Language
from spacy.tokens import Doc, Span

from nlp.lexicon_files import LexiconLine, load_lexicon
from nlp.matching import Automaton, Hit
from nlp.words import Stream, stream_of

SPANS = "themes"
STREAM = "nlp.stream"
# How far a line of each list is to be trusted. Set by judgement, in the order strong > likely > weak; not calibrated.
SCORES = {"strong": 0.9, "denied": 0.9, "likely": 0.7, "weak": 0.55}


@dataclass(frozen=True, slots=True)
class Found:
    """A theme at words `start` to `end` of the stream, in the sentence with that number."""

    line: LexiconLine
    start: int
    end: int
    sentence: int
    score: float

    @property
    def length(self) -> int:
        """How many words it spans."""
        return self.end - self.start

    def overlaps(self, other: "Found") -> bool:
        """Tell whether the two share a word."""
        return self.start < other.end and other.start < self.end


class ThemeFinder:
    """Puts what the lexicon finds into `doc.spans["themes"]`, in reading order.

    The group's attrs hold the `Found` values beside the spans; the stream of words stays in `doc.user_data`.
    """

    def __init__(self, lines: tuple[LexiconLine, ...]) -> None:
        self._lines = lines
        self._automaton = Automaton(line.elements for line in lines)

    def __call__(self, doc: Doc) -> Doc:
        """Find the themes of a normalised document with sentences."""
        self._automaton.rest()
        stream = stream_of(doc)
        doc.user_data[STREAM] = stream
        found = list(self.find(stream))
        spans = [
            Span(doc, stream.tokens[one.start], stream.tokens[one.end - 1] + 1, label=one.line.theme) for one in found
        ]
        doc.spans[SPANS] = spans
        doc.spans[SPANS].attrs["found"] = found
        return doc

    def find(self, stream: Stream) -> Iterator[Found]:
        """Find the themes of a stream, sentence by sentence."""
        for number, (start, end) in enumerate(stream.sentences):
            hits = self._automaton.find(stream.words, start, end)
            found = sorted((self._found(hit, number) for hit in hits), key=lambda one: one.line.theme)
            kept: list[Found] = []
            for _, group in groupby(found, key=lambda one: one.line.theme):
                kept.extend(merge(group))
            yield from sorted(kept, key=lambda one: (one.start, one.end, one.line.theme))

    def _found(self, hit: Hit, sentence: int) -> Found:
        line = self._lines[hit.line]
        return Found(line, hit.start, hit.end, sentence, SCORES.get(line.strength, 0.0))


def merge(group: Iterable[Found]) -> list[Found]:
    """Settle what was found of one theme in one sentence.

    A `never` line takes away whatever it overlaps. Of findings that overlap the longest stays, with the best score
    among them. Weak ones stay only where two different lines meet in the sentence without overlapping.
    """
    everything = list(group)
    never = [one for one in everything if one.line.strength == "never"]
    allowed = [one for one in everything if one.line.strength != "never" and not any(one.overlaps(n) for n in never)]
    firm = _longest([one for one in allowed if one.line.strength != "weak"])
    if firm:
        return firm
    weak = _longest(allowed)
    return weak if len({one.line.written for one in weak}) > 1 else []


def _longest(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (-one.length, -one.score, one.start, one.line.written)):
        rival = next((n for n, other in enumerate(kept) if other.overlaps(one)), None)
        if rival is None:
            kept.append(one)
        elif one.score > kept[rival].score:
            kept[rival] = replace(kept[rival], score=one.score)
    return kept


@Language.factory("theme_finder")
def make_theme_finder(nlp: Language, name: str) -> ThemeFinder:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component from the lexicon of the package."""
    return ThemeFinder(load_lexicon().lines)
