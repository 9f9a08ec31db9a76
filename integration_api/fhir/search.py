"""The search grammar: what a FHIR search asks for, read from its parameters. Pure; knows no table and no web.

FHIR R4, "Search": repeated parameters must all hold, values parted by commas are alternatives.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integration_api.errors import Fault, Invalid
from integration_api.wording import Sentence

MOST_PARAMETERS = 100
DEFAULT_COUNT, MAXIMUM_COUNT = 50, 200
PAGE = "_page"  # ours: where the page before ended, and the whole question
OWN_SYSTEMS = "/CodeSystem/"  # where ours are, on this server
IGNORED = frozenset({"_format", "_pretty"})
SUMMARIES = ("true", "false", "count", "text", "data")
SORTS = ("_lastUpdated", "date", "_id")
TOTALS = ("none", "estimate", "accurate")
_NAME = re.compile(r"(_?[A-Za-z][A-Za-z-]*)(?::([A-Za-z]+))?(?:\.([A-Za-z_-]+))?")
_INCLUDE = re.compile(r"([A-Z][A-Za-z]+):([a-z-]+|\*)(?::([A-Z][A-Za-z]+))?")
_PIECE = re.compile(r"\\.|.", re.DOTALL)
_SIGNS = re.compile(r"[\\,$|]")
_UNKEPT = re.compile("[\\x00\\ud800-\\udfff]")  # by no database, so that nothing has it
_ESCAPED = re.compile(r"\\([\\,$|])")
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter: any of its values will do. They are as they were sent: `plain` takes their escapes out."""

    name: str
    values: tuple[str, ...]
    modifier: str | None = None
    chain: str | None = None

    def here(self, base: str) -> "Asked":
        """Say codes of our own systems without this server's address, which conditions do not know."""
        ours = f"{base}{OWN_SYSTEMS}"
        cut = (len(base) if each.startswith(ours) else 0 for each in self.values)
        return replace(self, values=tuple(each[start:] for each, start in zip(self.values, cut, strict=True)))

    def refuse(self, detail: str) -> Invalid:
        """Say what is wrong with it."""
        return Invalid(Fault(detail, parameter=self.name))


@dataclass(frozen=True, slots=True)
class Include:
    """What else to answer with: what a parameter of a type points to, or what points here by it."""

    kind: str
    parameter: str
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A whole question. `pairs` is it in its own words, without what was left out."""

    asked: tuple[Asked, ...] = ()
    count: int = DEFAULT_COUNT
    sort: str = "_lastUpdated"
    is_descending: bool = False
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    summary: str = "false"
    elements: tuple[str, ...] = ()
    is_total_wanted: bool = False
    pairs: tuple[tuple[str, str], ...] = ()
    after: tuple[Any, ...] | None = None

    def following(self, after: tuple[Any, ...]) -> "Search":
        """Ask for the page after a key."""
        return replace(self, after=after)


def read_search(pairs: Pairs, known: Iterable[str], *, is_lenient: bool = False) -> Search:
    """Read a question to a type whose parameters are `known`; raise `Invalid`, with every fault."""
    kept: list[tuple[str, str]] = []
    controls: dict[str, Any] = {}
    asked: list[Asked] = []
    faults: list[Fault] = []
    known = frozenset(known)
    for name, value in pairs:
        if name in IGNORED:
            continue
        try:
            if name in _CONTROLS:
                _CONTROLS[name](controls, value)
            else:
                asked.append(_asked(name, value, known))
        except Invalid as error:
            if not (is_lenient and name not in _CONTROLS):
                faults += error.faults
            continue
        kept.append((name, value))
    if len(asked) > MOST_PARAMETERS:
        faults.append(Fault(Sentence("A list of at most {n}.", n=MOST_PARAMETERS), parameter=asked[-1].name))
    if faults:
        raise Invalid(*faults)
    return Search(asked=tuple(asked), pairs=tuple(kept), **controls)


def _asked(name: str, value: str, known: frozenset[str]) -> Asked:
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in known:
        raise Invalid(Fault("This server does not search by it.", parameter=name[:80]))
    values = tuple(each.strip() for each in split_at(value, ","))
    if not all(values):
        raise Invalid(Fault("It has no value.", parameter=match[1]))
    unkept = _UNKEPT.search(value)
    if unkept:
        told = Sentence(
            "Character {place} is {code}, which cannot be kept. Please take it out.",
            place=unkept.start(),
            code=f"U+{ord(unkept[0]):04X}",
        )
        raise Invalid(Fault(told, parameter=match[1]))
    return Asked(match[1], values, match[2], match[3])


def split_at(value: str, sign: str) -> list[str]:
    """Part a value at a sign, where no backslash keeps it from parting."""
    parts = [""]
    for each in _PIECE.findall(value):
        if each == sign:
            parts.append("")
        else:
            parts[-1] += each
    return parts


def plain(value: str) -> str:
    """Take out of one part of a value the backslashes that kept commas, bars, dollars and themselves."""
    return _ESCAPED.sub(r"\1", value)


def escaped(value: str) -> str:
    """Keep the signs in words that are no search from meaning what they mean in one."""
    return _SIGNS.sub(r"\\\g<0>", value)


def _count(controls: dict[str, Any], value: str) -> None:
    if not re.fullmatch(r"\d{1,9}", value):
        raise Invalid(Fault("Not a whole number.", parameter="_count"))
    if int(value) == 0:
        controls["summary"] = "count"
        return
    controls["count"] = min(int(value), MAXIMUM_COUNT)


def _sort(controls: dict[str, Any], value: str) -> None:
    if value.removeprefix("-") not in SORTS:
        raise Invalid(
            Fault(
                Sentence("One of {names}, with a hyphen before it to go down.", names=", ".join(SORTS)),
                parameter="_sort",
            )
        )
    controls["sort"], controls["is_descending"] = value.removeprefix("-"), value.startswith("-")


def _summary(controls: dict[str, Any], value: str) -> None:
    if value not in SUMMARIES:
        raise Invalid(Fault(Sentence("One of {names}.", names=", ".join(SUMMARIES)), parameter="_summary"))
    controls["summary"] = value


def _elements(controls: dict[str, Any], value: str) -> None:
    names = tuple(each.strip() for each in value.split(","))
    if not all(re.fullmatch(r"[A-Za-z]{1,40}", each) for each in names):
        raise Invalid(Fault("Names of elements, parted by commas.", parameter="_elements"))
    controls["elements"] = (*controls.get("elements", ()), *names)


def _total(controls: dict[str, Any], value: str) -> None:
    if value not in TOTALS:
        raise Invalid(Fault(Sentence("One of {names}.", names=", ".join(TOTALS)), parameter="_total"))
    controls["is_total_wanted"] = value == "accurate"


def _include_into(where: str, parameter: str) -> Any:
    def read(controls: dict[str, Any], value: str) -> None:
        match = _INCLUDE.fullmatch(value)
        if match is None:
            raise Invalid(Fault("It reads like Encounter:patient.", parameter=parameter))
        controls[where] = (*controls.get(where, ()), Include(match[1], match[2], match[3]))

    return read


_CONTROLS: dict[str, Any] = {
    "_count": _count,
    "_sort": _sort,
    "_summary": _summary,
    "_elements": _elements,
    "_total": _total,
    "_include": _include_into("includes", "_include"),
    "_revinclude": _include_into("revincludes", "_revinclude"),
}
CONTROLS = tuple(_CONTROLS)
