"""Lexicon lines as they were parsed before: parsing them all takes a third of the time that loading takes.

`python -m nlp parse-lexicon` writes the file, as `make model` does. A line that is not in it is parsed when it is met,
and all are when anything has changed that decides how a line is read, or the file cannot be read.
"""

import gzip
import json
import zlib
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from spacy.about import __version__ as spacy_version

from nlp import inflection, norms, patterns, spelling, words
from nlp.lexicon_sets import FOLDER, load_sets, set_files
from nlp.patterns import Element, Gap, LineError, OneOf, parse_line

PARSED = FOLDER / "parsed.json.gz"
CODE = tuple(Path(str(each.__file__)) for each in (inflection, norms, patterns, spelling, words))
UNREADABLE = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError)
Elements = tuple[Element, ...]


def elements_of(written: str) -> Elements:
    """Give a line as the matcher reads it; raise LineError where it cannot be read."""
    kept = parsed_before().get(written)
    return parse_line(written, load_sets()[0]) if kept is None else kept


def problems_of_sets() -> tuple[str, ...]:
    """Say what is wrong with the word sets; lines are kept parsed only where nothing is."""
    return () if parsed_before() else load_sets()[1]


@cache
def parsed_before(path: Path = PARSED) -> dict[str, Elements]:
    """Read the lines that were parsed before, by how they are written; none where these are of no use any more."""
    try:
        kept = json.loads(gzip.decompress(path.read_bytes()))
        if kept["of"] != _fingerprint():
            return {}
        elements = [_element(each) for each in kept["elements"]]
        return {written: tuple(elements[number] for number in numbers) for written, numbers in kept["lines"].items()}
    except UNREADABLE:
        return {}


def write_parsed(lines: Iterable[str], path: Path = PARSED) -> int:
    """Parse lines anew, and write what they are; give how many there are.

    Raises LineError where a line or a set is amiss.
    """
    sets, problems = load_sets()
    if problems:
        raise LineError("; ".join(problems))
    numbers: dict[Element, int] = {}
    found = {
        line: [numbers.setdefault(each, len(numbers)) for each in parse_line(line, sets)] for line in sorted(set(lines))
    }
    kept = {"of": _fingerprint(), "elements": [_plain(each) for each in numbers], "lines": found}
    told = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    beside = path.with_suffix(".new")
    beside.write_bytes(gzip.compress(told, mtime=0))  # the same to the byte, whenever it is made
    beside.replace(path)  # at once: who starts meanwhile meets the old one or the new
    parsed_before.cache_clear()
    return len(found)


def _fingerprint() -> str:
    """Stand for all that decides how a line is read."""
    files = (*CODE, inflection.TABLE, spelling.TABLE, *set_files())
    parts = [path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") for path in files]
    return sha256(b"\0".join([spacy_version.encode(), *parts])).hexdigest()


def _plain(element: Element) -> int | list[str]:
    """Write a gap as its length, and words as a list behind "?" where they may be missing."""
    if isinstance(element, Gap):
        return element.longest
    return ["?" if element.is_optional else "", *sorted(" ".join(each) for each in element.alternatives)]


def _element(plain: Any) -> Element:
    if isinstance(plain, int):
        return Gap(plain)
    return OneOf(frozenset(tuple(each.split(" ")) for each in plain[1:]), plain[0] == "?")
