"""Bundles of requests: a transaction, all or nothing; a batch, each for itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from integration_api.errors import Fault, IntegrationError, Invalid
from integration_api.fhir.bundles import Cursors, etag_of, read_question, searchset
from integration_api.fhir.elements import Json, present
from integration_api.fhir.known import Known
from integration_api.fhir.search import read_search
from integration_api.fhir.shaping import shaped
from integration_api.fhir.sources import Hit
from integration_api.fhir.use_cases import read_resource, search_resources, type_named
from integration_api.fhir.writing import Writer, Written, condition_in, written_kind
from integration_api.wording import Sentence
from models import now

MOST_ENTRIES = 200
_OF_SERVER = re.compile(r"(https?://\S+/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_ORDER = {"POST Patient": 0, "PUT Patient": 0, "POST Encounter": 1, "PUT Encounter": 1}  # then what reads


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a bundle."""

    number: int
    method: str
    path: tuple[str, ...]
    query: str
    body: Any
    full_url: str | None
    if_none_exist: str | None
    if_match: str | None

    @property
    def root(self) -> str:
        """Give the address of the server that the entry names its resource by: relative references begin with it."""
        found = _OF_SERVER.fullmatch(self.full_url or "")
        return "" if found is None else found[1]

    @property
    def order(self) -> int:
        """Tell when it is its turn: patients before the visits that point to them, and reads last."""
        return _ORDER.get(f"{self.method} {self.path[0]}", len(_ORDER))


def read_entries(bundle: Any, base: str) -> tuple[str, Sequence[Entry]]:
    """Read a bundle of requests; raise `Invalid`."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise Invalid.at("resourceType", "The body is no Bundle.")
    kind, entries = bundle.get("type"), bundle.get("entry", [])
    if kind not in ("transaction", "batch"):
        raise Invalid.at("type", "A bundle to be carried out is a transaction or a batch.")
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        raise Invalid.at("entry", Sentence("A list of at most {n}.", n=MOST_ENTRIES))
    found = [_entry(number, each, base) for number, each in enumerate(entries)]
    if kind == "transaction":
        _check_names(found)
        for each in found:
            check_request(each)
    return kind, found


def _check_names(entries: Sequence[Entry]) -> None:
    """Refuse a name that two entries go by: a visit would be put into the record of whoever came last."""
    seen: set[str] = set()
    for each in entries:
        if each.full_url in seen:
            raise Invalid.at(f"Bundle.entry[{each.number}].fullUrl", "Another entry of the bundle has this fullUrl.")
        if each.full_url is not None:
            seen.add(each.full_url)


def _entry(number: int, entry: Any, base: str) -> Entry:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not all(isinstance(request.get(each), str) for each in ("method", "url")):
        raise Invalid.at(f"entry[{number}].request", "It needs a request with method and url.")
    named = (entry.get("fullUrl"), request.get("ifNoneExist"), request.get("ifMatch"))
    if not all(each is None or isinstance(each, str) for each in named):
        raise Invalid.at(f"entry[{number}].request", "Its fullUrl, ifNoneExist and ifMatch are texts.")
    try:
        address = urlsplit(request["url"].removeprefix(base).lstrip("/"))
    except ValueError:  # such as of a broken IPv6 address
        address = urlsplit("")
    return Entry(
        number,
        request["method"],
        tuple(each for each in address.path.split("/") if each),
        address.query,
        entry.get("resource"),
        *named,
    )


def check_request(entry: Entry) -> None:
    """Refuse what is never carried out; raise `Invalid`. In a batch that is the answer of this entry alone."""
    if not entry.path or entry.method not in ("GET", "POST", "PUT"):
        raise Invalid.at(f"entry[{entry.number}].request", "Here one can GET, POST and PUT resources.")


def carry_out(writer: Writer, entry: Entry, secret: str) -> tuple[Json, Sequence[Hit]]:
    """Carry out one request; give its entry of the answer, and what the audit trail must know that it shows.

    The secret is what the cursors to further pages of a search are signed with.
    """
    if entry.method == "GET":
        return _read(writer.known, entry, secret)
    kind = written_kind(entry.path[0])
    if kind is None:
        raise Invalid.at("request", "Of these resources none can be put in.")
    written = _write(replace(writer, root=entry.root), entry)
    resource = written.hit.resource
    here = f"{resource['resourceType']}/{resource['id']}"
    if entry.method == "PUT" and here in writer.changed:  # R4, http.html#trules: their order would decide
        raise Invalid.at("request", "Another entry of the transaction changes the same resource.")
    if entry.method == "PUT" or written.is_new:
        writer.changed.add(here)
    if entry.full_url is not None:
        writer.placed[entry.full_url] = here
    return _answer(writer.known, resource, 201 if written.is_new else 200), (written.hit,)


def _write(writer: Writer, entry: Entry) -> Written:
    kind = type_named(entry.path[0])
    if entry.method == "POST" and len(entry.path) == 1:
        condition = entry.if_none_exist if entry.if_none_exist is not None else entry.query or None
        return writer.create(kind, entry.body, None if condition is None else condition_in(condition))
    if entry.method == "PUT" and len(entry.path) == 1:
        return writer.update_matching(kind, condition_in(entry.query), entry.body, entry.if_match)
    if entry.method == "PUT" and len(entry.path) == 2 and not entry.query:  # noqa: PLR2004
        return writer.update(kind, entry.path[1], entry.body, entry.if_match)
    raise _not_an_address()


def _not_an_address() -> Invalid:
    return Invalid.at("request.url", "It reads like Patient, Patient/<id> or Patient?identifier=system|value.")


def _read(known: Known, entry: Entry, secret: str) -> tuple[Json, Sequence[Hit]]:
    kind = type_named(entry.path[0])
    if len(entry.path) == 1:
        cursors = Cursors(secret, known.caller.user_id, kind.name)
        search = read_question(kind, condition_in(entry.query), cursors)
        found = search_resources(known, kind, search)
        page = searchset(known.base, kind, search, found, now(), cursors.write(search, found))
        return {"resource": page, "response": {"status": "200"}}, (*found.matches, *found.included)
    match entry.path:
        case (_, record):
            version = None
        case (_, record, "_history", version):
            pass
        case _:
            raise _not_an_address()
    search = read_search(condition_in(entry.query), ())
    hit = read_resource(known, kind, record, version)
    return _answer(known, shaped(hit.resource, kind, search), 200), (hit,)


def _answer(known: Known, resource: Json, status: int) -> Json:
    here = f"{known.base}/{resource['resourceType']}/{resource['id']}"
    meta = resource["meta"]
    return {
        "fullUrl": here,
        "resource": resource,
        "response": present(
            status=str(status),
            location=f"{here}/_history/{meta['versionId']}",
            etag=etag_of(resource),
            lastModified=meta.get("lastUpdated"),
        ),
    }


def named_once(made: Sequence[Json]) -> list[Json]:
    """Name no resource in two entries of an answer (R4, bdl-7): one that two requests led to is named by the first."""
    seen: set[str] = set()
    found = []
    for each in made:
        name = each.get("fullUrl", "")
        found.append({key: value for key, value in each.items() if key != "fullUrl" or name not in seen})
        seen.add(name)
    return found


def at_entry(number: int, error: IntegrationError) -> IntegrationError:
    """Say in which entry it went wrong."""
    place = f"Bundle.entry[{number}]"
    if isinstance(error, Invalid):
        return Invalid(*(_fault(place, each) for each in error.faults))
    return type(error)(f"{place}: {error}")


def _fault(place: str, fault: Fault) -> Fault:
    where = fault.pointer or f"request.url ({fault.parameter})"
    return Fault(fault.detail, pointer=f"{place}.{where}")
