"""What a search parameter means of a table: each builder gives a function from what is asked to a condition."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from integration_api.fhir.elements import SUBJECT_OF_CONTENT, Json
from integration_api.fhir.search import OWN_SYSTEMS, Asked, plain, split_at
from integration_api.wording import Sentence
from models import Identifier

Condition = Callable[[Asked], ColumnElement[bool]]

MOST_VALUES = 300
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4}.*)")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(Z|[+ -]\d{2}:\d{2})?)?)?)?"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BEFORE = "The date reads like 2026-03-01 or 2026-03-01T21:15:00Z, with eq, ne, gt, ge, lt, le, sa or eb before it."


def uuid_in(text: str) -> UUID | None:
    """Read an id of ours; None for anything else."""
    return UUID(text) if _UUID.fullmatch(text) else None


def any_of(asked: Asked, make: Callable[[str], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Let any of the values do. SQLite holds no more than a thousand conditions in one."""
    if len(asked.values) > MOST_VALUES:
        raise asked.refuse(Sentence("A list of at most {n}.", n=MOST_VALUES))
    return or_(false(), *(make(each) for each in asked.values))


def _plain(asked: Asked) -> None:
    if asked.modifier is not None or asked.chain is not None:
        raise asked.refuse("This modifier or chain is not supported.")


def by_id(column: InstrumentedAttribute[UUID], suffix: str = "") -> Condition:
    """Compare a resource's id: a row's, with what tells the resources of one row apart."""

    def condition(asked: Asked) -> ColumnElement[bool]:
        _plain(asked)
        ids = [uuid_in(each.removesuffix(suffix)) for each in asked.values if each.endswith(suffix)]
        return column.in_([each for each in ids if each is not None])

    return condition


def by_time(column: Any) -> Condition:
    """Compare a time with dates of any precision; a date is the stretch of time that it names."""

    def one(asked: Asked, value: str) -> ColumnElement[bool]:
        prefix, since, until = stretch(asked, value)
        return _compared(column, prefix, since, until)

    return lambda asked: any_of(asked, lambda value: one(asked, value))


def by_day(column: Any) -> Condition:
    """Compare a calendar day."""

    def one(asked: Asked, value: str) -> ColumnElement[bool]:
        return _compared(column, *_days(asked, value))

    return lambda asked: any_of(asked, lambda value: one(asked, value))


def by_period(start: Any, end: Any, *, are_days: bool = False) -> Condition:
    """Compare a stretch of time that has two columns: where one is empty it reaches on; where both are, it is never."""

    def one(asked: Asked, value: str) -> ColumnElement[bool]:
        said = _days(asked, value) if are_days else stretch(asked, value)
        return and_(or_(start.is_not(None), end.is_not(None)), _overlapping(start, end, *said))

    return lambda asked: any_of(asked, lambda value: one(asked, value))


def _days(asked: Asked, value: str) -> tuple[str, date, date]:
    prefix, since, until = stretch(asked, value)
    last = max(until - timedelta(microseconds=1), since)
    return prefix, since.date(), last.date() + timedelta(days=1)


def _overlapping(start: Any, end: Any, prefix: str, since: date, until: date) -> ColumnElement[bool]:
    match prefix:
        case "ne":
            return or_(start.is_(None), start < since, end.is_(None), end >= until)
        case "gt" | "ge":
            return or_(end.is_(None), end >= (until if prefix == "gt" else since))
        case "lt" | "le":
            return or_(start.is_(None), start < (since if prefix == "lt" else until))
        case "sa":
            return start >= until  # type: ignore[no-any-return]
        case "eb":
            return end < since  # type: ignore[no-any-return]
        case _:
            return and_(start >= since, end < until)


def _compared(column: Any, prefix: str, since: date, until: date) -> ColumnElement[bool]:
    match prefix:
        case "ne":
            return or_(column < since, column >= until)
        case "gt" | "sa":
            return column >= until  # type: ignore[no-any-return]
        case "lt" | "eb":
            return column < since  # type: ignore[no-any-return]
        case "ge":
            return column >= since  # type: ignore[no-any-return]
        case "le":
            return column < until  # type: ignore[no-any-return]
        case _:
            return and_(column >= since, column < until)


def stretch(asked: Asked, value: str) -> tuple[str, datetime, datetime]:
    """Read a prefix and a date; give the stretch of time that the date names, its end excluded. UTC if unsaid."""
    _plain(asked)
    found = _PREFIX.fullmatch(value)
    parts = None if found is None else _DATE.fullmatch(found[2])
    if found is None or parts is None:
        raise asked.refuse(_BEFORE)
    try:
        return found[1] or "eq", *_bounds(parts)
    except (ValueError, OverflowError):
        raise asked.refuse("There is no such time.") from None


def _bounds(parts: re.Match[str]) -> tuple[datetime, datetime]:
    year, month, day, hour, minute, second, fraction, zone = parts.groups()
    if month is None:
        return datetime(int(year), 1, 1, tzinfo=UTC), datetime(int(year) + 1, 1, 1, tzinfo=UTC)
    if day is None:
        since = datetime(int(year), int(month), 1, tzinfo=UTC)
        return since, (since + timedelta(days=32)).replace(day=1)
    if hour is None:
        since = datetime(int(year), int(month), int(day), tzinfo=UTC)
        return since, since + timedelta(days=1)
    # A plus sign that was not escaped in the address has become a space.
    offset = (zone or "Z").replace(" ", "+")
    micro = (fraction or ".0")[1:7].ljust(6, "0")
    since = datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{micro}{offset}").astimezone(
        UTC
    )
    if second is None:
        return since, since + timedelta(minutes=1)
    if fraction is None:
        return since, since + timedelta(seconds=1)
    return since, since + timedelta(microseconds=10 ** max(0, 6 - (len(fraction) - 1)))


def own(name: str) -> str:
    """Give a code system of ours as conditions know it: `Asked.here` takes this server's address off."""
    return f"{OWN_SYSTEMS}{name}"


def by_code(column: Any, system: str, ours: Mapping[str, str] | None = None) -> Condition:
    """Compare a code of one system: `ours` gives what we keep for each code; None: the code itself."""

    def one(value: str) -> ColumnElement[bool]:
        said, code = parted(value)
        if said not in (None, system):
            return false()
        if ours is None:
            return column.is_not(None) if code == "" else column == code  # type: ignore[no-any-return]
        wanted = ours.values() if code == "" else [ours[code]] if code in ours else []
        return column.in_(list(wanted))  # type: ignore[no-any-return]

    def condition(asked: Asked) -> ColumnElement[bool]:
        _plain(asked)
        return any_of(asked, one)

    return condition


def always(*codings: Json) -> Condition:
    """Compare codes that all resources of a source have."""

    def one(value: str) -> ColumnElement[bool]:
        system, code = parted(value)
        fits = (each for each in codings if system in (None, each.get("system")) and code in ("", each["code"]))
        return true() if any(fits) else false()

    def condition(asked: Asked) -> ColumnElement[bool]:
        _plain(asked)
        return any_of(asked, one)

    return condition


def parted(value: str) -> tuple[str | None, str]:
    """Part a token into system and code; None: any system, "": any code (or, for the system, none)."""
    first, *rest = split_at(value, "|")
    return (plain(first), plain("|".join(rest))) if rest else (None, plain(first))


def by_text(column: Any) -> Condition:
    """Compare words: how they begin, without regard to case; `:exact`, `:contains`."""

    def condition(asked: Asked) -> ColumnElement[bool]:
        if asked.chain is not None or asked.modifier not in (None, "exact", "contains"):
            raise asked.refuse("This modifier or chain is not supported.")
        if asked.modifier == "exact":
            return column.in_([plain(each) for each in asked.values])  # type: ignore[no-any-return]
        # A word within the name begins it as well: a name is kept in one piece.
        return any_of(asked, lambda value: _begins(column, value, is_anywhere=asked.modifier == "contains"))

    return condition


def _begins(column: Any, value: str, *, is_anywhere: bool) -> ColumnElement[bool]:
    lower, wanted = func.lower(column), plain(value).lower()
    if is_anywhere:
        return lower.contains(wanted, autoescape=True)
    return or_(lower.startswith(wanted, autoescape=True), lower.contains(f" {wanted}", autoescape=True))


def by_reference(column: Any, kind: str, chains: Mapping[str, Condition] | None = None, suffix: str = "") -> Condition:
    """Compare what a resource points to: an id, `Kind/id` or its whole address; or by a chained parameter."""

    def one(value: str) -> UUID | None:
        said, _, record = value.rpartition("/")
        fits = said in ("", kind) or said.endswith(f"/{kind}")
        return uuid_in(record.removesuffix(suffix)) if fits and record.endswith(suffix) else None

    def condition(asked: Asked) -> ColumnElement[bool]:
        if asked.modifier not in (None, kind):
            raise asked.refuse("This modifier or chain is not supported.")
        if asked.chain is None:
            return column.in_([each for each in map(one, asked.values) if each is not None])  # type: ignore[no-any-return]
        if chains is None or asked.chain not in chains:
            raise asked.refuse("This modifier or chain is not supported.")
        return chains[asked.chain](Asked(asked.chain, asked.values))

    return condition


def by_identifier(column: Any, kind: str) -> Condition:
    """Compare identifiers of a patient or session whose id is in the column: others', or our own."""
    named = Identifier.session_id if kind == "session" else Identifier.patient_id

    def one(value: str) -> ColumnElement[bool]:
        system, code = parted(value)
        own = uuid_in(code.removeprefix("urn:uuid:")) if system in (None, SUBJECT_OF_CONTENT) else None
        if own is not None and code.startswith("urn:uuid:"):
            return column == own  # type: ignore[no-any-return]
        wanted = [Identifier.kind == kind]
        wanted += [] if system is None else [Identifier.system == system]
        wanted += [] if code == "" else [Identifier.value == code]
        return column.in_(select(named).where(*wanted))  # type: ignore[no-any-return]

    def condition(asked: Asked) -> ColumnElement[bool]:
        _plain(asked)
        return any_of(asked, one)

    return condition


def through(column: Any, target: Any, conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """Ask conditions of the rows that a column points to, for a table that does not say itself whose its rows are."""

    def asking(condition: Condition) -> Condition:
        return lambda asked: column.in_(select(target).where(condition(asked)))

    return {name: asking(condition) for name, condition in conditions.items()}


def of_patient(column: Any) -> dict[str, Condition]:
    """Give the two parameters by which resources of a patient are searched."""
    chains = {"identifier": by_identifier(column, "patient"), "_id": by_id(column)}
    condition = by_reference(column, "Patient", chains)
    return {"patient": condition, "subject": condition}
