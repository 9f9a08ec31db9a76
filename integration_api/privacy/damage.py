"""Looking for texts that were damaged where they lie, so that somebody comes to know before they are needed."""

import logging
from datetime import timedelta
from typing import Any

from integration_api.db import reading
from integration_api.jobs.health import note_well, went_well_at
from integration_api.wiring import parts
from models.rotation import sealed_tables
from models.unreadable import find_damaged

BATCH = 200
OPENED_EVERY = timedelta(days=1)
ALL_OPENED = "all texts opened"  # noted when they did, beside the task, which goes well whenever it need not look
log = logging.getLogger(__name__)


class Damaged(Exception):
    """There are texts that do not open. Which, the log says."""


def open_every_text() -> int:
    """Open every sealed text once a day; raise `Damaged` where one does not open, so that somebody comes to know.

    One of several workers is enough, and one that has just begun anew need not do it again. Where there is damage it
    is looked for each time, until it is mended.
    """
    last = went_well_at(ALL_OPENED)
    if last is not None and abs(parts().now() - last) < OPENED_EVERY:
        return 0
    if sum(_damaged_in(table) for table in sealed_tables()):
        raise Damaged
    note_well([ALL_OPENED])
    return 0


def _damaged_in(table: type[Any]) -> int:
    count, last = 0, None
    while True:
        with reading() as db_session:
            last, damaged = find_damaged(db_session, table, last, BATCH)
        for row_id in damaged:
            log.error("%s %s cannot be opened: it was damaged where it is kept", table.__tablename__, row_id)
        count += len(damaged)
        if last is None:
            return count
