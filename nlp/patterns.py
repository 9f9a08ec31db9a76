"""Lexicon lines, as clinicians write them, into elements that the matcher can follow."""

from dataclasses import dataclass
from functools import cache

from nlp.inflection import inflect
from nlp.words import normal_words

GAPS = {"..": 3, "...": 6}
NUMBER = "#"
# Written short and said long: a line with the long word takes the short one too.
SHORT_FORMS = {"is": "'s", "has": "'s", "had": "'d", "would": "'d"}

Words = tuple[str, ...]
Sets = dict[str, frozenset[Words]]


class LineError(ValueError):
    """A line cannot be read; the message says why, and quotes the lexicon only."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A place in a line that takes any of several words (or short runs of words)."""

    alternatives: frozenset[Words]
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A place in a line that takes from none to `longest` words of any kind."""

    longest: int


Element = OneOf | Gap


def parse_line(line: str, sets: Sets) -> tuple[Element, ...]:
    """Read a line of words, alternatives, sets, optional words and gaps.

    Raises LineError where a word or set is unknown, or the line begins or ends with something that may be missing.
    """
    elements = tuple(_element(written, sets) for written in line.split())
    if not elements:
        raise LineError("it is empty")
    for place, element in (("begin", elements[0]), ("end", elements[-1])):
        if isinstance(element, Gap) or element.is_optional:
            raise LineError(f"it may not {place} with a gap or an optional word")
    return elements


def _element(written: str, sets: Sets) -> Element:
    if written in GAPS:
        return Gap(GAPS[written])
    is_optional = written.endswith("?") and len(written) > 1
    alternatives: set[Words] = set()
    for word in written.removesuffix("?").split("|") if is_optional else written.split("|"):
        alternatives |= _alternatives(word, sets)
    return OneOf(frozenset(alternatives), is_optional)


def _alternatives(word: str, sets: Sets) -> frozenset[Words]:
    if word == NUMBER:
        return frozenset({(NUMBER,)})
    if word.startswith("@"):
        if word.removeprefix("@") not in sets:
            raise LineError(f"there is no set named {word}")
        return sets[word.removeprefix("@")]
    return word_forms(word)


@cache  # a few thousand words stand in tens of thousands of places
def word_forms(word: str) -> frozenset[Words]:
    """Give the normal forms of a single word of a line or set; "~" at its end asks for every inflected form."""
    base = normal_words(word.removesuffix("~"))
    if not base:
        raise LineError(f"{word!r} leaves no word to match")
    forms = {(form,) for form in inflect(base[0])} if word.endswith("~") and len(base) == 1 else {base}
    short = {(*form[:-1], SHORT_FORMS[form[-1]]) for form in forms if form[-1] in SHORT_FORMS}
    return frozenset(forms | short)


def parse_sets(written: dict[str, list[str]]) -> Sets:
    """Read the named word sets; a set holds words only, no other set."""
    return {name: frozenset().union(*(word_forms(word) for word in words)) for name, words in written.items()}
