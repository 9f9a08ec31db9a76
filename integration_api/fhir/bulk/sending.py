"""A file on its way out: of what was written, what may be read at this moment."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from uuid import UUID

from integration_api.access.policy import reach
from integration_api.access.scopes import Action
from integration_api.attachments.receiving import opened
from integration_api.fhir.bulk.use_cases import patients_within_reach
from integration_api.fhir.bulk.writing import kind_of
from integration_api.fhir.known import Known
from integration_api.file_store import FileStore
from models import BulkFile

BATCH = 200
StillThere = Callable[[list[str]], set[str]]  # of some ids, those that may be read


def still_there(known: Known, file: BulkFile, ids: list[str]) -> set[str]:
    """Tell which resources of a file the caller may read now: consent, sharing, confirmation, all of it."""
    kind = kind_of(file.type, file.section)
    limits = reach(known.caller, kind.resource, Action.SEARCH)
    return {found for source in kind.sources for found in source.still(known, limits, ids)}


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
        kept = b"".join(line for line, record_id in zip(batch, ids, strict=True) if record_id in there)
        if kept:
            yield kept


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for piece in pieces:
        *whole, waiting = (waiting + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if waiting:
        yield waiting
