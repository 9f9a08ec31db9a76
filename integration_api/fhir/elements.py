"""The few building blocks that all FHIR resources are made of, as plain dictionaries."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

Json = dict[str, Any]

NDJSON = "application/fhir+ndjson"  # a resource a line

_WHY_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
SUBJECT_OF_CONTENT = "urn:ietf:rfc:3986"  # the system of identifiers that are URIs, ours among them


def present(**elements: Any) -> Json:
    """Keep what there is: FHIR knows neither null nor empty. A name ends in `_` where Python would not have it."""
    kept = {name.rstrip("_"): value for name, value in elements.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", [], {}, ())}


def words_or_why_not(words: str, **elements: Any) -> Json:
    """Give `elements`, which have words in them, or say that there are words which cannot be opened right now."""
    return elements if words else {"extension": [{"url": _WHY_ABSENT, "valueCode": "error"}]}


def moment(at: datetime | None) -> str | None:
    """Write a time, in UTC, with all the precision that we keep."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(on: date | None) -> str | None:
    """Write a calendar day."""
    return None if on is None else on.isoformat()


def coding(system: str, code: str, display: str | None = None) -> Json:
    """Build a code of a system."""
    return present(system=system, code=code, display=display)


def concept(*codings: Json, text: str | None = None) -> Json:
    """Build a concept: codes that mean the same, and how it reads."""
    return present(coding=list(codings), text=text)


def reference(kind: str, record_id: UUID | str | None, version: int | None = None) -> Json | None:
    """Point to a resource of ours, or to one version of it."""
    if record_id is None:
        return None
    return {"reference": f"{kind}/{record_id}" + ("" if version is None else f"/_history/{version}")}


def period(start: str | None, end: str | None) -> Json:
    """Build a stretch of time from written times or days."""
    return present(start=start, end=end)


def quantity(value: float | None, unit: str, code: str | None = None) -> Json | None:
    """Build an amount in a unit of UCUM."""
    if value is None:
        return None
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": code or unit}


def identifier(system: str, value: str, use: str | None = None) -> Json:
    """Build an identifier."""
    return present(use=use, system=system, value=value)


def own_identifier(record_id: UUID) -> Json:
    """Name a record by our own id, which is unique everywhere."""
    return identifier(SUBJECT_OF_CONTENT, f"urn:uuid:{record_id}", "official")


def meta(version: int, updated: datetime, *, profiles: Iterable[str] = (), security: Iterable[Json] = ()) -> Json:
    """Say which version a resource is of, and how it must be handled."""
    return present(versionId=str(version), lastUpdated=moment(updated), profile=list(profiles), security=list(security))
