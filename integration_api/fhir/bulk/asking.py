"""What a kick-off asks for, read from its parameters. Pure; knows no table and no web.

HL7 Bulk Data Access 2.0, "Bulk Data Kick-off Request".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from integration_api.errors import Fault, Invalid
from integration_api.fhir.elements import NDJSON
from integration_api.fhir.parameters import uuid_in
from integration_api.fhir.search import CONTROLS, IGNORED, Asked, read_search
from integration_api.fhir.sources import ResourceType

FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson", "application/fhir ndjson"})  # a plus unescaped is a blank
Pairs = Sequence[tuple[str, str]]
_LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(seconds=1)  # a search by it asks for the second that it names


@dataclass(slots=True)
class Wish:
    """What is wanted. `types` empty: all. `filters`: a search each, by type."""

    types: list[str] = field(default_factory=list)
    since: datetime | None = None
    patient_ids: list[UUID] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)


def read_wish(pairs: Pairs, *, is_lenient: bool = False) -> Wish:
    """Read the parameters; raise `Invalid`, with every fault. What is not known is left out where that is agreed to."""
    wish, faults = Wish(), list[Fault]()
    for name, value in pairs:
        if name in IGNORED:
            continue
        if name not in _READ:
            faults += [] if is_lenient else [Fault("This export is not steered by it.", parameter=name[:80])]
            continue
        try:
            _READ[name](wish, value.strip())
        except Invalid as error:
            faults += error.faults
    if faults:
        raise Invalid(*faults)
    return wish


def _format(_wish: Wish, value: str) -> None:
    if value not in FORMATS:
        raise Invalid(Fault("Files are application/fhir+ndjson.", parameter="_outputFormat"))


def _since(wish: Wish, value: str) -> None:
    try:
        found = datetime.fromisoformat(value.replace(" ", "+"))
        is_instant = found.tzinfo is not None and found.astimezone(UTC) <= _LATEST
    except (ValueError, OverflowError):
        is_instant = False
    if not is_instant:
        raise Invalid(Fault("An instant reads like 2026-03-01T21:15:00Z.", parameter="_since"))
    wish.since = found


def _types(wish: Wish, value: str) -> None:
    wish.types += [each.strip() for each in value.split(",") if each.strip() and each.strip() not in wish.types]


def _filters(wish: Wish, value: str) -> None:
    """Read searches such as `Encounter?status=finished`, parted by commas; a comma within one is escaped twice."""
    for each in value.split(","):
        kind, _, query = each.partition("?")
        if not query:
            raise Invalid(Fault("It reads like Encounter?status=finished.", parameter="_typeFilter"))
        if kind in wish.filters:
            raise Invalid(Fault("One for each type.", parameter="_typeFilter"))
        wish.filters[kind] = query


def _patient(wish: Wish, value: str) -> None:
    found = uuid_in(value.rpartition("/")[2])
    if found is None or value.rpartition("/")[0].rpartition("/")[2] not in ("", "Patient"):
        raise Invalid(Fault("There is no such patient.", parameter="patient"))
    wish.patient_ids.append(found)


_READ: dict[str, Any] = {
    "_outputFormat": _format,
    "_since": _since,
    "_type": _types,
    "_typeFilter": _filters,
    "patient": _patient,
}


def asked_by(kind: ResourceType, query: str, *, is_lenient: bool = False) -> tuple[Asked, ...]:
    """Read one filter as a search of its type; raise `Invalid`."""
    search = read_search(parse_qsl(query, keep_blank_values=True), kind.search_names, is_lenient=is_lenient)
    if any(name in CONTROLS for name, _ in search.pairs):
        raise Invalid(Fault("It narrows, and does not sort, count or include.", parameter="_typeFilter"))
    return search.asked


def pairs_in(body: Any) -> list[tuple[str, str]]:
    """Read a body of parameters (FHIR's Parameters); raise `Invalid`."""
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise Invalid.at("/resourceType", "A Parameters resource is wanted.")
    listed = body.get("parameter", [])
    return [_pair(each, number) for number, each in enumerate(listed if isinstance(listed, Iterable) else ())]


def _pair(told: Any, number: int) -> tuple[str, str]:
    values = [told[name] for name in told if name.startswith("value")] if isinstance(told, dict) else []
    value = values[0] if len(values) == 1 else None
    if isinstance(value, dict):
        value = value.get("reference")
    if not isinstance(value, str) or not isinstance(told.get("name"), str):
        raise Invalid.at(f"/parameter/{number}", "It has a name and one value.")
    return told["name"], value
