"""Files that no row names any more: deleted at once where that can be done, and swept later where it could not."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from integration_api.db import reading
from integration_api.file_store import StoreFailed
from integration_api.wiring import parts
from models import Attachment, BulkFile

NAMING = (Attachment.storage_name, BulkFile.storage_name)  # the columns that name files
BATCH = 500
FEW = 100  # so many orphans are no surprise, however few files there are

log = logging.getLogger(__name__)


class TooMany(Exception):
    """More than half of the files belong to no row: that is rather the wrong database than so many orphans."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files there were, how many were deleted, and how many that rows name are not there."""

    files: int
    deleted: int
    missing: int


def discard(names: Iterable[str]) -> None:
    """Delete files whose rows are gone. One that cannot be deleted now is left to the sweep."""
    for name in names:
        try:
            parts().file_store.delete(name)
        except StoreFailed as error:
            log.warning("a file that belongs to nothing could not be deleted yet: %s", error)


def sweep(before: datetime, *, even_many: bool = False) -> Swept:
    """Delete the files that no row names and that were stored before a time; raise `TooMany`.

    A file is stored before its row is, so a young one may be about to get its row. An older one cannot get one: names
    are never used again.
    """
    found = list(parts().file_store.files())
    old = [each.name for each in found if each.stored_at < before]
    orphans = [name for batch in _batches(old) for name in batch - _named(batch)]
    if len(orphans) > max(FEW, len(found) // 2) and not even_many:
        raise TooMany(f"{len(orphans)} of {len(found)} files belong to nothing here")
    discard(orphans)
    return Swept(len(found), len(orphans), _missing({each.name for each in found}))


def _batches(names: list[str]) -> Iterator[set[str]]:
    return (set(names[start : start + BATCH]) for start in range(0, len(names), BATCH))


def _named(names: set[str]) -> set[str]:
    with reading() as db_session:
        return {name for column in NAMING for name in db_session.scalars(select(column).where(column.in_(names)))}


def _missing(there: set[str]) -> int:
    """Count the rows whose file was not listed, as after a backup of the database alone was put back."""
    with reading() as db_session:
        named = (db_session.scalars(select(each).execution_options(yield_per=BATCH)) for each in NAMING)
        return sum(name not in there for names in named for name in names)
