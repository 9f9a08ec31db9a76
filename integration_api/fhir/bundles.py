"""Bundles: pages of a search, a history, the answers to a transaction; and the cursor from page to page."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from integration_api.errors import Fault, Invalid
from integration_api.fhir.elements import Json, moment, present
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.search import PAGE, Pairs, Search, read_search
from integration_api.fhir.shaping import shaped
from integration_api.fhir.sources import ResourceType
from integration_api.fhir.use_cases import Found
from models import new_id, now

# Each page that is read adds events, and would put the last page off for ever: what came later is on none of them.
GROW_WHEN_READ = frozenset({"AuditEvent"})
LONGEST_LINK = 8000  # the server takes lines of 8,190 (integration_api/server.py), many proxies of 8,192


def bundle(kind: str, at: datetime, entries: list[Json], **more: Any) -> Json:
    """Build a bundle."""
    head = {"resourceType": "Bundle", "id": str(new_id()), "meta": {"lastUpdated": moment(at)}, "type": kind}
    return head | present(**more) | ({"entry": entries} if entries else {})


def searchset(base: str, kind: ResourceType, search: Search, found: Found, at: datetime, cursor: str | None) -> Json:
    """Build a page of a search: what fits, what was included, and the way to the next page."""
    query = urlencode(search.pairs)
    links = [{"relation": "self", "url": f"{base}/{kind.name}" + (f"?{query}" if query else "")}]
    if cursor is not None:
        links.append({"relation": "next", "url": _next(f"{base}/{kind.name}?{urlencode({PAGE: cursor})}")})
    entries = [_entry(base, shaped(each.resource, kind, search), "match") for each in found.matches]
    entries += [_entry(base, _included(each.resource, search), "include") for each in found.included]
    if found.is_cut:
        entries.append({"resource": _left_out(), "search": {"mode": "outcome"}})
    total = {} if found.total is None else {"total": found.total}
    made = bundle("searchset", at, entries, link=links)
    return {**{name: made[name] for name in ("resourceType", "id", "meta", "type")}, **total, **made}


def _left_out() -> Json:
    """Say that not all of what was to be included is."""
    detail = (
        "Not all that was to be included fitted. Ask for fewer on a page (_count), or for the others by themselves."
    )
    issue = {"severity": "warning", "code": "too-costly", "diagnostics": detail}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _next(link: str) -> str:
    """Refuse a question, such as one for hundreds of ids, whose next page could not be asked for."""
    if len(link) > LONGEST_LINK:
        raise Invalid(
            Fault(
                "The question is too long to go on from page to page: ask for less at once, or for more on a page.",
                parameter="_count",
            )
        )
    return link


def _included(resource: Json, search: Search) -> Json:
    """Shape what is included as far as `_summary` goes: `_elements` are the matches' own."""
    whole = Search(summary=search.summary)
    return shaped(resource, TYPES[resource["resourceType"]], whole)


def _entry(base: str, resource: Json, mode: str) -> Json:
    return {
        "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
        "resource": resource,
        "search": {"mode": mode},
    }


def history(base: str, versions: Sequence[Json], at: datetime) -> Json:
    """Build the history of a resource: those of its versions that are kept, the latest first."""
    here = f"{versions[0]['resourceType']}/{versions[0]['id']}"
    link = [{"relation": "self", "url": f"{base}/{here}/_history"}]
    entries = [_past(base, here, each) for each in versions]
    return bundle("history", at, entries, total=len(entries), link=link)


def _past(base: str, here: str, resource: Json) -> Json:
    is_first = resource["meta"].get("versionId") == "1"
    return {
        "fullUrl": f"{base}/{here}",
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]} if is_first else {"method": "PUT", "url": here},
        "response": present(
            status="201" if is_first else "200",
            lastModified=resource["meta"].get("lastUpdated"),
            etag=etag_of(resource),
        ),
    }


def etag_of(resource: Json) -> str:
    """Write a resource's version as an ETag: weak, as FHIR has it."""
    return f'W/"{resource["meta"].get("versionId", "1")}"'


class Cursors:
    """Cursors that only we can make: the whole question, whose it is, and where the page before ended."""

    def __init__(self, secret: str, user_id: UUID, kind: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="fhir-page")
        self._bound = [str(user_id), kind]

    def write(self, search: Search, found: Found) -> str | None:
        """Give the cursor to the next page; None where there is none."""
        if found.next_after is None:
            return None
        value, row_id, number = found.next_after
        key = [_to_wire(value), str(row_id), number]
        pairs = list(search.pairs)
        if self._bound[1] in GROW_WHEN_READ and search.after is None:
            pairs.append(("_lastUpdated", f"lt{moment(now())}"))
        return str(self._serializer.dumps([self._bound, pairs, key]))

    def read(self, cursor: str) -> tuple[list[tuple[str, str]], tuple[Any, UUID, int]]:
        """Give the question and the key; raise `Invalid` for a cursor that is not ours or not the caller's."""
        try:
            bound, pairs, (value, row_id, number) = self._serializer.loads(cursor)
        except (BadSignature, ValueError, TypeError):
            bound, pairs, value, row_id, number = None, [], None, "", 0
        if bound != self._bound:
            raise Invalid(Fault("This page is not of this list.", parameter=PAGE))
        return [(name, text) for name, text in pairs], (_from_wire(value), UUID(row_id), number)


def read_question(kind: ResourceType, pairs: Pairs, cursors: Cursors, *, is_lenient: bool = False) -> Search:
    """Read a question to a type, or the one that a cursor holds, to be gone on with; raise `Invalid`."""
    after = None
    cursor = next((value for name, value in pairs if name == PAGE), None)
    if cursor is not None:
        pairs, after = cursors.read(cursor)
    search = read_search(pairs, kind.search_names, is_lenient=is_lenient)
    return search if after is None else search.following(after)


def _to_wire(value: Any) -> list[str]:
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    return ["d", value.isoformat()] if isinstance(value, date) else ["u", str(value)]


def _from_wire(value: list[str]) -> Any:
    kind, plain = value
    if kind == "t":
        return datetime.fromisoformat(plain)
    return date.fromisoformat(plain) if kind == "d" else UUID(plain)
