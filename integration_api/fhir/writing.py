"""What a record system puts in: a patient or a visit, created or changed, also by condition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from integration_api.care.received import change_received_visit, receive_visit
from integration_api.errors import Fault, Invalid, NotFound, Stale
from integration_api.fhir.elements import Json
from integration_api.fhir.incoming import FindPatient, read_encounter, read_patient
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import uuid_in
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.search import Pairs, escaped, read_search
from integration_api.fhir.sources import Hit, ResourceType, Rows
from integration_api.fhir.use_cases import search_resources
from integration_api.people.received import change_received_patient, receive_patient
from integration_api.wording import Sentence

Row = Any


class SeveralMatch(Stale):
    """A condition fits several records, so that none of them can be meant."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write, and whether it is new (201) or was there (200)."""

    hit: Hit
    is_new: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """Carries out one write after another in one transaction, at one time.

    `placed` is where references to each other lead, `changed` what was created or changed so far; `root` the address
    of the server that a resource comes from, which its relative references begin with.
    """

    known: Known
    at: datetime
    placed: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    root: str = ""

    def create(self, kind: ResourceType, body: Json, condition: Pairs | None = None) -> Written:
        """Create a resource, unless the condition finds one that is there."""
        self._check(kind, body)
        if condition is not None:
            found = matching(self.known, kind, condition)
            if found is not None:
                return Written(found, is_new=False)
        return Written(self._hit(kind, self._receive(kind, body)), is_new=True)

    def update(self, kind: ResourceType, record_id: str, body: Json, if_match: str | None = None) -> Written:
        """Change a resource that the caller has put in."""
        self._check(kind, body)
        ours = uuid_in(record_id)
        if ours is None:
            raise NotFound("There is no such resource.")
        if body.get("id", record_id) != record_id:
            raise Invalid.at("id", "Not the id in the address.")
        return Written(self._hit(kind, self._change(kind, ours, body, _matcher(if_match))), is_new=False)

    def update_matching(self, kind: ResourceType, condition: Pairs, body: Json, if_match: str | None = None) -> Written:
        """Change the one resource that a condition finds; create it where there is none."""
        self._check(kind, body)
        found = matching(self.known, kind, condition)
        if found is None:
            return self.create(kind, body)
        return self.update(kind, found.resource["id"], {**body, "id": found.resource["id"]}, if_match)

    def _check(self, kind: ResourceType, body: Json) -> None:
        if not isinstance(body, dict) or body.get("resourceType") != kind.name:
            raise Invalid.at("resourceType", Sentence("The body is no {name}.", name=kind.name))

    def _receive(self, kind: ResourceType, body: Json) -> Row:
        db_session, caller = self.known.db_session, self.known.caller
        if kind.name == "Patient":
            return receive_patient(db_session, caller, read_patient(body), self.at)
        return receive_visit(db_session, caller, read_encounter(body, self._finder()), self.at)

    def _change(self, kind: ResourceType, record_id: UUID, body: Json, match: Callable[[Row], None]) -> Row:
        db_session, caller = self.known.db_session, self.known.caller
        if kind.name == "Patient":
            return change_received_patient(db_session, caller, record_id, read_patient(body), match, self.at)
        told = read_encounter(body, self._finder())
        return change_received_visit(db_session, caller, record_id, told, match, self.at)

    def _hit(self, kind: ResourceType, row: Row) -> Hit:
        """Show a record that was just written, as the database has it."""
        source = next(each for each in kind.sources if isinstance(each, Rows))
        self.known.forget_identifiers(row.id)
        return source.hit(self.known, row)

    def _finder(self) -> FindPatient:
        def named(said: str) -> str:
            return self.placed.get(self.root + said) or self.placed.get(said, said)

        return lambda reference: find_patient(self.known, named, reference)


def find_patient(known: Known, placed: Callable[[str], str], reference: Json) -> UUID:
    """Say whom a reference means: by id, by another entry of the bundle, by a condition, or by an identifier."""
    said, named = reference.get("reference"), reference.get("identifier")
    condition: Pairs | None = None
    if said is None and isinstance(named, dict):
        condition = [("identifier", "|".join(escaped(str(named.get(each, ""))) for each in ("system", "value")))]
    said = placed(str(said))
    kind, question, query = said.partition("?")
    if question and kind == "Patient":
        condition = condition_in(query)
    if condition is not None:
        found = matching(known, TYPES["Patient"], condition)
        said = f"Patient/{found.resource['id']}" if found else ""
    before, _, record_id = said.rpartition("/")
    ours = uuid_in(record_id) if before in ("Patient", f"{known.base}/Patient") else None
    if ours is None:
        raise Invalid.at("subject", "There is no such patient.")
    return ours


def matching(known: Known, kind: ResourceType, condition: Pairs) -> Hit | None:
    """Find the one resource that a condition fits; None: there is none. Raise `SeveralMatch`."""
    search = read_search(condition, kind.search_names)
    if not search.asked:
        raise Invalid(Fault("A condition names what to match by, such as identifier=system|value.", parameter="search"))
    found = search_resources(known, kind, replace(search, count=1, summary="false", includes=(), revincludes=()))
    if found.next_after is not None:
        raise SeveralMatch("Several resources fit the condition.")
    return found.matches[0] if found.matches else None


def written_kind(name: str) -> ResourceType | None:
    """Find a type that can be put in; None where it can only be read."""
    kind = TYPES.get(name)
    return kind if kind is not None and kind.is_written else None


def condition_in(query: str) -> Sequence[tuple[str, str]]:
    """Read a condition, with or without its question mark.

    In a body it may hold half a character, which no encoding has: a value with one is refused where it is read, a
    name is told to whoever asked, and has to be written for that.
    """
    pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True)
    return [(name.encode("utf-8", "replace").decode(), value) for name, value in pairs]


def _matcher(if_match: str | None) -> Callable[[Row], None]:
    """Refuse to change a version that the caller has not seen, where it says which one it has."""

    def check(row: Row) -> None:
        wanted = None if if_match is None else if_match.strip().removeprefix("W/").strip('"')
        if wanted not in (None, "*", str(row.version)):
            raise Stale("The resource is not of the version that If-Match names; read it again.")

    return check
