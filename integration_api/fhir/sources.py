"""Where resources come from: rows of a table, one resource each, or a short list that is made when it is asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from integration_api.access.policy import Resource
from integration_api.errors import Fault, Invalid
from integration_api.fhir.codes import SUBSETTED
from integration_api.fhir.elements import Json
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import Condition, by_id, by_time, parted, uuid_in
from integration_api.fhir.search import Asked, Search, plain
from models import Reach

Key = tuple[Any, UUID, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """A resource, the row that it was made of (None: of none), and where it stands in the order that is asked for."""

    resource: Json
    row: Any = None
    key: Key | None = None


class Source(Protocol):
    """Gives resources of one type."""

    def search(self, known: Known, limits: Reach, search: Search, number: int) -> list[Hit]:
        """Give what fits, one more than is asked for, in order."""

    def count(self, known: Known, limits: Reach, search: Search) -> int:
        """Count what fits."""

    def read(self, known: Known, limits: Reach, ids: Iterable[str]) -> list[Hit]:
        """Give the resources with these ids, as far as they are there for the caller."""

    def still(self, known: Known, limits: Reach, ids: Iterable[str]) -> Mapping[str, Json | None]:
        """Tell which of these ids are there for the caller at this moment.

        With the resource where what was made of it before may tell of somebody who is not; None: that will do.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of a table. `suffix` ends the ids of those resources that share a row with others."""

    within: Callable[[Reach], Select[Any]]
    id: InstrumentedAttribute[UUID]
    updated: InstrumentedAttribute[datetime]
    make: Callable[[Any, Known], Json]
    at: InstrumentedAttribute[datetime] | None = None
    parameters: Mapping[str, Condition] = field(default_factory=dict)
    suffix: str = ""
    prepare: Callable[[Known, Sequence[Any]], None] | None = None

    def search(self, known: Known, limits: Reach, search: Search, number: int) -> list[Hit]:
        """Give what fits, one more than is asked for, in order."""
        by = self._sorted_by(search.sort)
        query = self._matching(known, limits, search)
        if search.after is not None:
            query = query.where(self._beyond(by, search, number))
        order = (by.desc(), self.id.desc()) if search.is_descending else (by.asc(), self.id.asc())
        asked = query.add_columns(by.label("sorted_by")).order_by(None).order_by(*order).limit(search.count + 1)
        found = [(row[0], row[1]) for row in known.db_session.execute(asked).unique()]
        made = self._make(known, [row for row, _ in found])
        return [Hit(resource, row, (value, row.id, number)) for (row, value), resource in zip(found, made, strict=True)]

    def count(self, known: Known, limits: Reach, search: Search) -> int:
        """Count what fits."""
        query = self._matching(known, limits, search).with_only_columns(self.id).order_by(None)
        return known.db_session.scalar(select(func.count()).select_from(query.subquery())) or 0

    def read(self, known: Known, limits: Reach, ids: Iterable[str]) -> list[Hit]:
        """Give the resources with these ids."""
        ours = [uuid_in(each.removesuffix(self.suffix)) for each in ids if each.endswith(self.suffix)]
        wanted = [each for each in ours if each is not None]
        if not wanted:
            return []
        query = self.within(limits).where(self.id.in_(wanted))
        rows = known.db_session.scalars(query).unique().all()
        return [Hit(made, row) for row, made in zip(rows, self._make(known, rows), strict=True)]

    def still(self, known: Known, limits: Reach, ids: Iterable[str]) -> Mapping[str, Json | None]:
        """Tell which of these ids are there, without making the resources: each is of one row, and stands with it."""
        named = {uuid_in(each.removesuffix(self.suffix)): each for each in ids if each.endswith(self.suffix)}
        wanted = [each for each in named if each is not None]
        query = self.within(limits).where(self.id.in_(wanted)).with_only_columns(self.id).order_by(None)
        return {named[each]: None for each in known.db_session.scalars(query)} if wanted else {}

    def hit(self, known: Known, row: Any) -> Hit:
        """Show one row that is at hand."""
        return Hit(self._make(known, [row])[0], row)

    def _make(self, known: Known, rows: Sequence[Any]) -> list[Json]:
        if self.prepare is not None and rows:
            self.prepare(known, rows)
        return [_told(row, self.make(row, known)) for row in rows]

    def _matching(self, known: Known, limits: Reach, search: Search) -> Select[Any]:
        common = {"_id": by_id(self.id, self.suffix), "_lastUpdated": by_time(self.updated)}
        query = self.within(limits)
        for asked in search.asked:
            condition = common.get(asked.name) or self.parameters.get(asked.name)
            query = query.where(literal(value=False) if condition is None else condition(asked.here(known.base)))
        return query

    def _sorted_by(self, sort: str) -> ColumnElement[Any]:
        by: Any = {"_lastUpdated": self.updated, "date": self.at, "_id": self.id}[sort]
        if by is None:
            raise Invalid(Fault("These resources are not sorted by date.", parameter="_sort"))
        found: ColumnElement[Any] = by
        return found

    def _beyond(self, by: ColumnElement[Any], search: Search, number: int) -> ColumnElement[bool]:
        """Keep what stands behind the key; resources of one row stand in the order of their sources."""
        value, row_id, before = search.after or (None, None, 0)
        down = search.is_descending
        later = by < value if down else by > value
        id_later = self.id < row_id if down else self.id > row_id
        is_behind = number < before if down else number > before
        ties = or_(id_later, self.id == row_id) if is_behind else id_later
        return or_(later, and_(by == value, ties))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A short list, made anew each time, and searched in memory: whole on its first page."""

    make: Callable[[Known, Reach], Sequence[Json]]
    parameters: Mapping[str, Callable[[Json], Iterable[str]]] = field(default_factory=dict)
    tokens: Mapping[str, Callable[[Json], tuple[str, str]]] = field(default_factory=dict)  # a system and a code
    texts: tuple[str, ...] = ("name",)  # those of them that are words

    def search(self, known: Known, limits: Reach, search: Search, number: int) -> list[Hit]:  # noqa: ARG002
        """Give what fits; there is nothing behind the first page."""
        return [] if search.after is not None else self._fitting(known, limits, search)

    def count(self, known: Known, limits: Reach, search: Search) -> int:
        """Count what fits."""
        return len(self._fitting(known, limits, search))

    def read(self, known: Known, limits: Reach, ids: Iterable[str]) -> list[Hit]:
        """Give the resources with these ids."""
        wanted = set(ids)
        return [Hit(each) for each in self.make(known, limits) if each["id"] in wanted]

    def still(self, known: Known, limits: Reach, ids: Iterable[str]) -> Mapping[str, Json | None]:
        """Give those of these ids that are there, made anew: one may list what is gone."""
        return {hit.resource["id"]: hit.resource for hit in self.read(known, limits, ids)}

    def _fitting(self, known: Known, limits: Reach, search: Search) -> list[Hit]:
        listed = self.make(known, limits)
        return [Hit(each) for each in listed if all(self._fits(each, asked) for asked in search.asked)]

    def _fits(self, resource: Json, asked: Asked) -> bool:
        if asked.modifier is not None or asked.chain is not None:
            raise asked.refuse("This modifier or chain is not supported.")
        if asked.name == "_id":
            return resource["id"] in asked.values
        if asked.name == "_lastUpdated":
            raise asked.refuse("These resources are made when they are asked for, and have no such time.")
        if asked.name in self.tokens:
            system, code = self.tokens[asked.name](resource)
            return any(said in (None, system) and wanted in ("", code) for said, wanted in map(parted, asked.values))
        found = set(self.parameters[asked.name](resource))
        if asked.name in self.texts:
            return any(_begins(each, plain(value)) for each in found for value in asked.values)
        return any(plain(value) in found for value in asked.values)


def _told(row: Any, resource: Json) -> Json:
    """Mark a resource that is not whole, since words of its row do not open: no client shall take it for all."""
    if getattr(row, "has_gaps", False):
        resource["meta"]["tag"] = [*resource["meta"].get("tag", ()), SUBSETTED]
    return resource


def _begins(text: str, value: str) -> bool:
    """Tell whether words begin so, or one of them; in memory what `by_text` asks of a database."""
    return f" {value.lower()}" in f" {text.lower()}"


@dataclass(frozen=True, slots=True)
class Link:
    """A reference: where it stands in the resource, such as `context.encounter`, and to which types it points."""

    path: str
    targets: tuple[str, ...]


SUBJECT = Link("subject", ("Patient",))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One type of FHIR resource: how it is served, and what the CapabilityStatement says of it."""

    name: str
    resource: Resource
    sources: tuple[Source, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)  # name and FHIR's kind: token, date, reference, string
    references: Mapping[str, "Link"] = field(default_factory=dict)  # by parameter
    chains: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    is_written: bool = False
    earlier: Callable[[Known, Reach, Any], list[Json]] | None = None  # a row's earlier versions, the latest first
    is_about: str = ""  # what of ours it is, for the documentation

    @property
    def has_times(self) -> bool:
        """Tell whether it is known when these resources changed: not of what is made when it is asked for."""
        return any(isinstance(each, Rows) for each in self.sources)

    @property
    def search_names(self) -> frozenset[str]:
        """Every parameter beside those that steer the answer."""
        return frozenset({"_id", "_lastUpdated", *self.parameters})
