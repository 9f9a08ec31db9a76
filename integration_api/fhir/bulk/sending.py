"""A file on its way out: of what was written, what may be read at this moment."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from uuid import UUID

from integration_api.access.policy import reach
from integration_api.access.scopes import Action
from integration_api.attachments.receiving import opened
from integration_api.fhir.bulk.use_cases import patients_within_reach
from integration_api.fhir.bulk.writing import kind_of, line_of
from integration_api.fhir.elements import Json
from integration_api.fhir.known import Known
from integration_api.file_store import FileStore
from models import BulkFile

BATCH = 200
StillThere = Callable[[list[str]], Mapping[str, Json | None]]  # of some ids, those that may be read


def still_there(known: Known, file: BulkFile, ids: list[str]) -> dict[str, Json | None]:
    """Tell which resources of a file the caller may read now: consent, sharing, confirmation, all of it."""
    kind = kind_of(file.type, file.section)
    limits = reach(known.caller, kind.resource, Action.SEARCH)
    found: dict[str, Json | None] = {}
    for source in kind.sources:
        found |= source.still(known, limits, ids)
    return found


def seen_in(known: Known, file: BulkFile) -> set[UUID]:
    """Tell whose records of a file the caller may read now, or some of them."""
    limits = reach(known.caller, kind_of(file.type, file.section).resource, Action.SEARCH)
    return patients_within_reach(known, limits, [UUID(each) for each in file.patient_ids])


def sent_lines(store: FileStore, file: BulkFile, still: StillThere) -> Iterator[bytes]:
    """Give the lines that may be read, some at a time; nothing is read ahead of them."""
    lines = _lines(opened(store, file))
    while batch := list(islice(lines, BATCH)):
        ids = [str(json.loads(line)["id"]) for line in batch]
        there = still(ids)
        known = ((line, there[each]) for line, each in zip(batch, ids, strict=True) if each in there)
        kept = b"".join(line if anew is None else line_of(anew) for line, anew in known)
        if kept:
            yield kept


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for piece in pieces:
        *whole, waiting = (waiting + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if waiting:
        yield waiting
