"""The lexicon as it lies in files: reading it, and saying what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from nlp.lexicon_sets import FOLDER, read_toml
from nlp.parsed_lines import elements_of, problems_of_sets
from nlp.patterns import Element, LineError, OneOf
from nlp.taxonomy import load_taxonomy

STRENGTHS = ("strong", "likely", "denied", "weak", "never")


NOTS = frozenset({"not", "no", "never"})


@dataclass(frozen=True, slots=True)
class LexiconLine:
    """A line of the lexicon: as written, whose theme it speaks for, how strongly, and as the matcher reads it."""

    theme: str
    strength: str
    written: str
    elements: tuple[Element, ...]

    @property
    def says_not(self) -> bool:
        """Tell whether a "not", or the like, is part of what the line looks for."""
        places = (element for element in self.elements if isinstance(element, OneOf))
        return any(not NOTS.isdisjoint(words) for place in places for words in place.alternatives)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Every line that can be read, and every problem met on the way."""

    lines: tuple[LexiconLine, ...]
    problems: tuple[str, ...]

    def vocabulary(self) -> frozenset[str]:
        """Give every word that some line asks for."""
        places = (element for line in self.lines for element in line.elements if isinstance(element, OneOf))
        return frozenset(word for place in places for words in place.alternatives for word in words)


@cache
def load_lexicon() -> Lexicon:
    """Read the lexicon of every facet."""
    problems = list(problems_of_sets())
    lines: list[LexiconLine] = []
    for facet in load_taxonomy().facets:
        path = FOLDER / f"{facet}.toml"
        for theme, written in read_toml(path, problems).items():
            if theme not in load_taxonomy().themes:
                problems.append(f"{path.name}: there is no theme {theme}")
                continue
            lines.extend(_lines_of(theme, written, problems))
    return Lexicon(tuple(lines), (*problems, *_gaps(lines)))


def _lines_of(theme: str, written: dict[str, list[str]], problems: list[str]) -> Iterator[LexiconLine]:
    seen: set[str] = set()
    for strength, lines in written.items():
        if strength not in STRENGTHS:
            problems.append(f"{theme}: unknown list {strength}; there are {', '.join(STRENGTHS)}")
            continue
        for line in lines:
            if line in seen:
                problems.append(f"{theme}: {line!r} stands there twice")
                continue
            seen.add(line)
            try:
                yield LexiconLine(theme, strength, line, elements_of(line))
            except LineError as error:
                problems.append(f"{theme}: {line!r}: {error}")


def _gaps(lines: list[LexiconLine]) -> Iterator[str]:
    spoken_for = {line.theme for line in lines if line.strength != "never"}
    for theme in load_taxonomy().themes:
        if theme not in spoken_for:
            yield f"{theme}: there are no lines for this theme"
