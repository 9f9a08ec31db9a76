"""Lexicon lines as they were parsed before: parsing them all takes a third of the time that loading takes.

`python -m nlp parse-lexicon` writes the file, `make model` among others does. A line that is not in it is parsed when
it is met, and all are when a word set or the spelling has changed since.
"""

import gzip
import json
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from nlp.lexicon_sets import FOLDER, load_sets, set_files
from nlp.patterns import Element, Gap, OneOf, parse_line
from nlp.spelling import TABLE as SPELLING

PARSED = FOLDER / "parsed.json.gz"
Elements = tuple[Element, ...]


def elements_of(written: str) -> Elements:
    """Give a line as the matcher reads it; raise LineError where it cannot be read."""
    kept = parsed_before().get(written)
    return parse_line(written, load_sets()[0]) if kept is None else kept


def problems_of_sets() -> tuple[str, ...]:
    """Say what is wrong with the word sets: nothing was when lines were parsed with them."""
    return () if parsed_before() else load_sets()[1]


@cache
def parsed_before(path: Path = PARSED) -> dict[str, Elements]:
    """Read the lines that were parsed before, by how they are written; none where these are out of date."""
    if not path.exists():
        return {}
    kept = json.loads(gzip.decompress(path.read_bytes()))
    if kept["of"] != _fingerprint():
        return {}
    elements = [_element(each) for each in kept["elements"]]
    return {written: tuple(elements[number] for number in numbers) for written, numbers in kept["lines"].items()}


def write_parsed(lines: Iterable[str], path: Path = PARSED) -> int:
    """Parse lines anew, and write what they are; give how many there are."""
    sets = load_sets()[0]
    numbers: dict[Element, int] = {}
    found = {
        line: [numbers.setdefault(each, len(numbers)) for each in parse_line(line, sets)] for line in sorted(set(lines))
    }
    kept = {"of": _fingerprint(), "elements": [_plain(each) for each in numbers], "lines": found}
    told = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(told, mtime=0))  # the same to the byte, whenever it is made
    parsed_before.cache_clear()
    return len(found)


def _fingerprint() -> str:
    files = (SPELLING, *set_files())
    return sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)).hexdigest()


def _plain(element: Element) -> int | list[str]:
    """Write a gap as its length, and words as a list behind "?" where they may be missing."""
    if isinstance(element, Gap):
        return element.longest
    return ["?" if element.is_optional else "", *sorted(" ".join(words) for words in element.alternatives)]


def _element(plain: int | list[str]) -> Element:
    if isinstance(plain, int):
        return Gap(plain)
    return OneOf(frozenset(tuple(words.split(" ")) for words in plain[1:]), plain[0] == "?")
