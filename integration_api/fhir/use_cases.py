"""What a record system does with resources: read one, search, go through all of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from integration_api.access.policy import reach
from integration_api.access.scopes import Action
from integration_api.errors import Fault, Invalid, NotAllowed, NotFound
from integration_api.fhir.elements import Json, moment
from integration_api.fhir.known import Known
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.search import MAXIMUM_COUNT, Asked, Include, Search
from integration_api.fhir.sources import Hit, Key, ResourceType
from models import Document
from models.facing import facing_gone

MOST_INCLUDED = 1000  # resources beside a page's own


class Gone(NotFound):
    """It was there, and was deleted."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was looked for, what else was asked to come with it, and where the next page begins.

    `is_cut`: not all of what was to come with it fitted.
    """

    matches: Sequence[Hit]
    included: Sequence[Hit] = ()
    total: int | None = None
    next_after: Key | None = None
    is_cut: bool = False


def type_named(name: str) -> ResourceType:
    """Find a type of resource; raise `NotFound` for one that is not served."""
    found = TYPES.get(name)
    if found is None:
        raise NotFound("This server has no such type of resource.")
    return found


def read_resource(known: Known, kind: ResourceType, record_id: str, version: str | None = None) -> Hit:
    """Read one resource, or one of the versions that are kept of it. Raise `NotFound`, `Gone`."""
    limits = reach(known.caller, kind.resource, Action.READ)
    hits = list(chain.from_iterable(each.read(known, limits, [record_id]) for each in kind.sources))
    if not hits:
        _refuse_deleted(known, kind, record_id)
        raise NotFound("There is no such resource.")
    if version in (None, hits[0].resource["meta"]["versionId"]):
        return hits[0]
    for earlier in _earlier(known, kind, hits[0]):
        if earlier["meta"]["versionId"] == version:
            return replace(hits[0], resource=earlier)
    raise NotFound("There is no such version of this resource, or it is not kept.")


def read_versions(known: Known, kind: ResourceType, record_id: str) -> list[Hit]:
    """Read all versions that are kept of a resource, the latest first. Raise `NotFound`, `Gone`."""
    current = read_resource(known, kind, record_id)
    return [current, *(replace(current, resource=each) for each in _earlier(known, kind, current))]


def _earlier(known: Known, kind: ResourceType, current: Hit) -> list[Json]:
    """Give the versions before the current one: of most types none is kept."""
    if kind.earlier is None:
        return []
    return kind.earlier(known, reach(known.caller, kind.resource, Action.READ), current.row)


def _refuse_deleted(known: Known, kind: ResourceType, record_id: str) -> None:
    """Tell what was deleted from what never was, where it could have been read before."""
    try:
        document_id = UUID(record_id)
    except ValueError:
        return
    if kind.name == "DocumentReference":
        limits = reach(known.caller, kind.resource, Action.READ)
        if known.db_session.scalars(facing_gone(limits).where(Document.id == document_id)).one_or_none():
            raise Gone("The document was deleted by its author.")


def search_resources(known: Known, kind: ResourceType, search: Search) -> Found:
    """Search one type, a page at a time."""
    limits = reach(known.caller, kind.resource, Action.SEARCH)
    if search.summary == "count":
        return Found((), total=sum(each.count(known, limits, search) for each in kind.sources))
    found = [hit for number, each in enumerate(kind.sources) for hit in each.search(known, limits, search, number)]
    if len(kind.sources) > 1:
        found.sort(key=lambda hit: hit.key or (), reverse=search.is_descending)
    matches, rest = found[: search.count], found[search.count :]
    is_paged = bool(rest) and rest[0].key is not None
    if not is_paged:
        matches = found  # a short list is whole at once
    total = _total(known, kind, search, is_whole=not is_paged and search.after is None, shown=len(matches))
    included = _included(known, search, matches)
    next_after = matches[-1].key if is_paged else None
    return Found(matches, included[:MOST_INCLUDED], total, next_after, len(included) > MOST_INCLUDED)


def _total(known: Known, kind: ResourceType, search: Search, *, is_whole: bool, shown: int) -> int | None:
    """Tell how many there are where that is known anyway, or asked for."""
    if is_whole:
        return shown
    if not search.is_total_wanted:
        return None
    limits = reach(known.caller, kind.resource, Action.SEARCH)
    return sum(each.count(known, limits, search) for each in kind.sources)


def every_resource(
    known: Known, kind: ResourceType, since: datetime | None = None, *more: Asked, after: Key | None = None
) -> Iterator[Hit]:
    """Give every resource of a type that the caller may search, of those changed since a time, in the order of ids.

    `more` narrows it as a search does, such as `Asked("patient", ids)`. Only a page is held at a time; by their ids
    the database finds the next one without going through those before. `after`: behind the hit with this key.
    """
    asked = more if since is None or not kind.has_times else (*more, Asked("_lastUpdated", (f"ge{moment(since)}",)))
    search = Search(asked=asked, count=MAXIMUM_COUNT, sort="_id", after=after)
    while True:
        found = search_resources(known, kind, search)
        yield from found.matches
        if found.next_after is None:
            return
        search = replace(search, after=found.next_after)


def _included(known: Known, search: Search, matches: Sequence[Hit]) -> list[Hit]:
    """Find what the matches point to, and what points to them, as far as role, scope and consents allow."""
    shown = {(each.resource["resourceType"], each.resource["id"]) for each in matches}
    wanted: dict[str, set[str]] = {}
    for include in search.includes:
        for hit in matches:
            _note_targets(wanted, include, hit.resource)
    found = [hit for name, ids in wanted.items() for hit in _read_many(known, name, ids)]
    for include in search.revincludes:
        found += _pointing(known, include, matches)
    return _once(found, shown)


def _once(found: Iterable[Hit], shown: set[tuple[str, str]]) -> list[Hit]:
    kept = []
    for hit in found:
        named = (hit.resource["resourceType"], hit.resource["id"])
        if named not in shown:
            shown.add(named)
            kept.append(hit)
    return kept


def _note_targets(wanted: dict[str, set[str]], include: Include, resource: dict[str, Any]) -> None:
    kind = type_named(include.kind)
    names = list(kind.references) if include.parameter == "*" else [include.parameter]
    for name in names:
        if name not in kind.references:
            raise Invalid(Fault("There is no such reference to include.", parameter="_include"))
        if resource["resourceType"] == kind.name:
            for target in references_at(resource, kind.references[name].path):
                there, _, record_id = target.partition("/")
                if include.target in (None, there):
                    wanted.setdefault(there, set()).add(record_id.partition("/")[0])


def references_at(resource: Any, path: str) -> list[str]:
    """List what a resource points to at a path such as `context.encounter`."""
    step, _, rest = path.partition(".")
    value = resource.get(step) if step else resource
    found = value if isinstance(value, list) else [] if value is None else [value]
    if rest:
        return [target for each in found for target in references_at(each, rest)]
    return [each["reference"] for each in found if "reference" in each]


def _read_many(known: Known, name: str, ids: set[str]) -> list[Hit]:
    if name not in TYPES:
        return []
    kind = TYPES[name]
    try:
        limits = reach(known.caller, kind.resource, Action.READ)
    except NotAllowed:
        return []
    return [hit for each in kind.sources for hit in each.read(known, limits, sorted(ids))]


def _pointing(known: Known, include: Include, matches: Sequence[Hit]) -> Sequence[Hit]:
    kind = type_named(include.kind)
    if kind.parameters.get(include.parameter) != "reference":
        raise Invalid(Fault("There is no such reference to include.", parameter="_revinclude"))
    if not matches:
        return ()
    targets = tuple(f"{each.resource['resourceType']}/{each.resource['id']}" for each in matches)
    try:
        question = Search(asked=(Asked(include.parameter, targets),), count=MOST_INCLUDED + 1)
        return search_resources(known, kind, question).matches
    except NotAllowed:
        return ()
