"""The catalogue: published questionnaires, one file each, checked when they are loaded.

Their words are the authors' own. A file whose options, items, bands or languages do not fit together is refused.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("published")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be given, and what it counts."""

    value: int
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `loinc` where the code is verified."""

    number: str
    text: Mapping[str, str]
    loinc: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """A question before the others (yes or no): after a no, none of them is asked."""

    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Band:
    """A published range of totals, both ends included."""

    name: str
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class ReliableChange:
    """From how many points on a change is more than the measure's own unsteadiness, after its source."""

    points: int
    source: str


@dataclass(frozen=True, slots=True)
class SafetyItem:
    """An answer that a person must see soon, whatever the total: from `at_least` on it raises a flag of `theme`."""

    item: str
    at_least: int
    theme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A questionnaire as it was published. `recall` is an ISO 8601 duration; higher totals are worse in all of them."""

    name: str
    version: str
    title: Mapping[str, str]
    about: str
    recall: str
    instruction: Mapping[str, str]
    licence: str
    notice: str
    source: str
    limits: str
    missing: str
    options: tuple[Option, ...]
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    loinc: Mapping[str, str] | None = None
    reliable_change: ReliableChange | None = None
    gate: Gate | None = None
    safety: tuple[SafetyItem, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that there is a published version in."""
        return tuple(self.instruction)

    @property
    def values(self) -> frozenset[int]:
        """What an answer may count."""
        return frozenset(each.value for each in self.options)

    @property
    def highest(self) -> int:
        """The highest total."""
        return len(self.items) * max(self.values)

    def band_of(self, total: int) -> Band:
        """Give the band that a total lies in."""
        return next(each for each in self.bands if each.lowest <= total <= each.highest)


@cache
def measures() -> Mapping[str, Measure]:
    """Load the catalogue, by name; raise `ValueError` for a file that does not fit together."""
    found = [_read(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {each.name: each for each in found}


def _read(path: Path) -> Measure:
    measure = measure_from(tomllib.loads(path.read_text("utf-8")))
    if measure.name != path.stem:
        raise ValueError(f"{path.name} holds another measure")
    return measure


def measure_from(table: Mapping[str, Any]) -> Measure:
    """Make a measure of what a file says; raise `ValueError` where it does not fit together."""
    try:
        parts: dict[str, Any] = {
            "options": tuple(Option(**each) for each in table["options"]),
            "items": tuple(Item(**each) for each in table["items"]),
            "bands": tuple(Band(**each) for each in table["bands"]),
            "safety": tuple(SafetyItem(**each) for each in table.get("safety", ())),
            "reliable_change": ReliableChange(**table["reliable_change"]) if "reliable_change" in table else None,
            "gate": Gate(**table["gate"]) if "gate" in table else None,
        }
        measure = Measure(**{**table, **parts})
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part is missing or not known: {error}") from None
    _check(measure)
    return measure


def _check(measure: Measure) -> None:
    texts = [measure.title, *(each.text for each in measure.options), *(each.text for each in measure.items)]
    texts += [measure.gate.text] if measure.gate else []
    numbers = [each.number for each in measure.items]
    covered = [total for band in measure.bands for total in range(band.lowest, band.highest + 1)]
    problems = {
        "it says something in one language and not in another": any(
            set(each) != set(measure.languages) for each in texts
        ),
        "two options count the same": len(measure.values) != len(measure.options),
        "the items are not numbered from 1": numbers != [str(each) for each in range(1, len(numbers) + 1)],
        "the bands leave totals out, or overlap": covered != list(range(measure.highest + 1)),
        "a safety item is none of its items": any(each.item not in numbers for each in measure.safety),
        "its rule for missing answers is not known": measure.missing != "no_score",
    }
    for problem, is_so in problems.items():
        if is_so:
            raise ValueError(f"{measure.name}: {problem}")
