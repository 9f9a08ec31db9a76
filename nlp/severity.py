"""The pipeline's component that says how far a mention of suicidality goes, with the words that say so."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from nlp.context import DECIDED, KIND, Context, Decided
from nlp.context_rules import load_context_rules
from nlp.findings import Assertion
from nlp.learned.levels import LevelModel
from nlp.lexicon_files import LexiconLine
from nlp.lexicon_sets import FOLDER
from nlp.matching import Automaton, Hit
from nlp.parsed_lines import elements_of
from nlp.taxonomy import SUICIDALITY
from nlp.theme_finder import FOUND, STREAM, Found

TABLE = FOLDER / "severity.toml"
MODEL = "levels.json"
GRADES = "nlp.grades"
NONE = "none"
COUNTED = (Assertion.AFFIRMED, Assertion.HYPOTHETICAL)


@dataclass(frozen=True, slots=True)
class Grade:
    """A level, and the line that says so."""

    level: str
    written: str


@cache
def load_levels(path: Path = TABLE) -> dict[str, tuple[LexiconLine, ...]]:
    """Read the levels, the mildest first, each with its lines."""
    table = tomllib.loads(path.read_text("utf-8"))["levels"]
    return {
        level: tuple(LexiconLine(SUICIDALITY, level, line, elements_of(line)) for line in each["lines"])
        for level, each in table.items()
    }


class Severity:
    """Leaves for every theme found a `Grade` or None in `doc.user_data`.

    Within the sentence of a mention that is affirmed or feared, the gravest level counts that is itself not denied, by
    a rule or by a line that denies ("not planning to end my life"). Where no line of a document says a level, the one
    counts that has been learned to be likelier than not: beside what is plainly said nothing is guessed that may be
    graver.
    """

    def __init__(self, levels: dict[str, tuple[LexiconLine, ...]], context: Context) -> None:
        self._ranks = {level: rank for rank, level in enumerate(levels)}
        self._lines = tuple(line for lines in levels.values() for line in lines)
        self._automaton = Automaton(line.elements for line in self._lines)
        self._context = context
        self.model: LevelModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Grade what was found and decided."""
        self._automaton.rest()
        found: Sequence[Found] = doc.user_data[FOUND]
        decided: Sequence[Decided] = doc.user_data[DECIDED]
        asked = [
            n
            for n, (one, said) in enumerate(zip(found, decided, strict=True))
            if one.theme == SUICIDALITY and said.assertion in COUNTED
        ]
        denials = [one for one in found if one.theme == SUICIDALITY and one.strength == "denied"]
        graded = {n: self._grade(doc, found[n], denials) for n in asked}
        if self.model is not None and not any(graded.values()):
            graded = {n: self._learned(self.model, doc, found[n]) for n in asked}
        doc.user_data[GRADES] = [graded.get(n) for n in range(len(found))]
        return doc

    def _grade(self, doc: Doc, one: Found, denials: Sequence[Found]) -> Grade | None:
        levels = (each for each in self._met(doc, one.sentence) if each.strength != NONE)
        met = [each for each in levels if not any(each.overlaps(denial) for denial in denials)]
        said = self._context.decide(doc.user_data[STREAM], met, doc.user_data.get(KIND, "journal"))
        counted = [
            each
            for each, decided in zip(met, said, strict=True)
            if decided.assertion in COUNTED or _is_part_of(one, each)
        ]
        gravest = max(counted, key=lambda each: self._ranks[each.strength], default=None)
        return Grade(gravest.strength, gravest.written) if gravest else None

    def _learned(self, model: LevelModel, doc: Doc, one: Found) -> Grade | None:
        if any(self._met(doc, one.sentence)):  # what lines deny is not told after all
            return None
        start, end = doc.user_data[STREAM].sentences[one.sentence]
        said = model.grade(doc.user_data[STREAM].words[start:end], doc.user_data.get(KIND, "journal"))
        return Grade(*said) if said else None

    def _met(self, doc: Doc, sentence: int) -> Iterator[Found]:
        stream = doc.user_data[STREAM]
        hits = sorted(self._automaton.find(stream.words, *stream.sentences[sentence]), key=lambda hit: hit.start)
        for hit in hits:
            if not any(_lies_within(hit, other) for other in hits):
                yield Found(SUICIDALITY, hit.start, hit.end, sentence, 1.0, self._lines[hit.line])

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write what was learned."""
        del exclude
        if self.model is not None:
            Path(path).mkdir(parents=True, exist_ok=True)
            self.model.write(Path(path) / MODEL)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "Severity":
        """Read what was learned, if anything."""
        del exclude
        if (Path(path) / MODEL).exists():
            self.model = LevelModel.read(Path(path) / MODEL)
        return self


def _lies_within(hit: Hit, other: Hit) -> bool:
    return other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start


def _is_part_of(one: Found, level: Found) -> bool:
    """Tell whether a level lies in the words that a mention is about: it is then as true as the mention.

    One that begins before these may be denied by itself: "no plan to hang myself".
    """
    start, end = one.core
    return start <= level.start < end


@Language.factory("severity")
def make_severity(nlp: Language, name: str) -> Severity:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component from the levels of the package."""
    return Severity(load_levels(), Context(load_context_rules()))
