"""The lines of an export, as many as go into the next file; where a file ends says where the next one begins."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import json
from sqlalchemy import Select

from integration_api.fhir.bulk.asking import asked_by
from integration_api.fhir.bulk.use_cases import is_of_patients
from integration_api.fhir.elements import Json
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import of_patient
from integration_api.fhir.resources.group import groups_to_export
from integration_api.fhir.resources.observation_mood import SUFFIX as MOOD_SUFFIX
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.search import Asked
from integration_api.fhir.sources import Hit, Key, ResourceType, Rows
from integration_api.fhir.use_cases import every_resource
from models import BulkExport, Document, Patient, Reach
from models.facing import facing_gone

LARGEST = 8_000_000  # bytes of a file, roughly: it is sealed as a whole
_FEW = 100  # patients that the database is asked for by name; of more, the others' resources are passed over


def _gone_entries(limits: Reach) -> Select[Document]:
    return facing_gone(limits).where(Document.source == "journal")


def _deletion(name: str, within: Callable[[Reach], Select[Document]], suffix: str = "") -> ResourceType:
    """Say of deleted documents that they, or what was told of each beside them, are to be deleted."""

    def make(row: Document, _known: Known) -> Json:
        record_id = f"{row.id}{suffix}"
        request = {"method": "DELETE", "url": f"{name}/{record_id}"}
        return {"resourceType": "Bundle", "id": record_id, "type": "transaction", "entry": [{"request": request}]}

    rows = Rows(
        within=within,
        id=Document.id,
        updated=Document.updated_at,
        make=make,
        suffix=suffix,
        parameters=of_patient(Document.patient_id),
    )
    return ResourceType(name=name, resource=TYPES[name].resource, sources=(rows,), parameters={"patient": "reference"})


# Whether an entry had a mood went with its words. That something is to be deleted which there never was does no harm.
DELETED = {
    "DocumentReference": _deletion("DocumentReference", facing_gone),
    "Observation": _deletion("Observation", _gone_entries, MOOD_SUFFIX),
}


def kind_of(name: str, section: str) -> ResourceType:
    """Give what makes the lines of a file."""
    return DELETED[name] if section == "deleted" else TYPES[name]


def line_of(resource: Json) -> bytes:
    """Write a resource as a line."""
    return json.dumps(resource, separators=(",", ":")).encode() + b"\n"


@dataclass(slots=True)
class Piece:
    """What goes into one file. `after` is where the next one begins."""

    type: str
    section: str
    after: dict[str, Any]
    lines: bytearray = field(default_factory=bytearray)
    count: int = 0
    patient_ids: set[str] = field(default_factory=set)

    def add(self, hit: Hit, patient_id: UUID | None) -> None:
        """Add one line."""
        self.lines += line_of(hit.resource)
        self.count += 1
        if patient_id is not None:
            self.patient_ids.add(str(patient_id))
        if hit.key is not None:
            self.after |= {"id": str(hit.key[1]), "number": hit.key[2]}


class Writing:
    """One export on its way into files, seen from one moment of the database."""

    def __init__(self, known: Known, export: BulkExport, limit: int) -> None:
        self._known, self._export, self._limit = known, export, limit
        self.parts = [(name, "output") for name in export.types]
        if export.since is not None:
            self.parts += [(name, "deleted") for name in DELETED if name in export.types]
        self._patients = _patients(known, export)

    def next_piece(self, place: dict[str, Any]) -> Piece | None:
        """Give what the next file holds, beginning at a place; None: there is no more."""
        for number in range(place.get("part", 0), len(self.parts)):
            name, section = self.parts[number]
            piece = Piece(name, section, {"part": number})
            after = _key(place) if number == place.get("part") else None
            for hit, patient_id in self._hits(kind_of(name, section), after):
                if hit.key is not None and (piece.count >= self._limit or len(piece.lines) >= LARGEST):
                    return piece
                piece.add(hit, patient_id)
            if piece.count:
                piece.after = {"part": number + 1}
                return piece
        return None

    def _hits(self, kind: ResourceType, after: Key | None) -> Iterator[tuple[Hit, UUID | None]]:
        narrow = self._patients if is_of_patients(kind) else None
        asked: list[Asked] = []
        if narrow is not None and len(narrow) <= _FEW:
            ids = tuple(sorted(str(each) for each in narrow))
            asked.append(Asked("_id" if kind.name == "Patient" else "patient", ids))
        filters = self._export.question["filters"]
        if kind is TYPES[kind.name] and kind.name in filters:
            asked += asked_by(kind, filters[kind.name], is_lenient=True)
        for hit in every_resource(self._known, kind, self._export.since, *asked, after=after):
            patient_id = patient_of(hit)
            if narrow is None or patient_id in narrow:
                yield hit, patient_id


def _patients(known: Known, export: BulkExport) -> frozenset[UUID] | None:
    """Give the patients that it is narrowed to, as they are now; None: all within reach."""
    found = None if export.patient_ids is None else frozenset(UUID(each) for each in export.patient_ids)
    if export.group_id is None:
        return found
    members = groups_to_export(known).get(export.group_id, ())
    return frozenset(members) if found is None else found & frozenset(members)


def _key(place: dict[str, Any]) -> Key | None:
    if "id" not in place:
        return None
    return UUID(place["id"]), UUID(place["id"]), place["number"]


def patient_of(hit: Hit) -> UUID | None:
    """Tell whose a resource is; None: no patient's."""
    if isinstance(hit.row, Patient):
        return hit.row.id
    found = getattr(hit.row, "patient_id", None)
    if isinstance(found, UUID):
        return found
    told = hit.resource.get("subject", {}).get("reference", "")
    return UUID(told.removeprefix("Patient/")) if told.startswith("Patient/") else None
