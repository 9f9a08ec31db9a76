"""Changing keys while the service runs, in small steps, each a transaction of its own."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from integration_api.access import keys as signing_keys
from integration_api.db import reading, unit_of_work
from integration_api.jobs.health import note_well, went_well_at
from integration_api.login import second_factor
from integration_api.wiring import parts
from models import new_id
from models.data_key import keyring_of
from models.rotation import forget_unused, replace_keys, seal_anew, sealed_tables, wrap_anew
from models.unreadable import find_damaged

BATCH = 200
# A row that was being written while its owner's key was replaced may still come in under the old one.
GRACE = timedelta(hours=1)


OPENED_EVERY = timedelta(days=1)
ALL_OPENED = "all texts opened"  # noted when they did, beside the task, which goes well whenever it need not look
log = logging.getLogger(__name__)


class Damaged(Exception):
    """There are texts that do not open. Which, the log says."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: keys wrapped anew, keys replaced, keys destroyed since nothing names them any more.

    `unreadable`: rows that could not be opened, and so could not be sealed anew.
    """

    wrapped: int
    replaced: int = 0
    destroyed: int = 0
    unreadable: int = 0


def rotate(at: datetime, *, data_keys: bool = False) -> Rotated:
    """Wrap every data key, second factor and signing key with the newest wrapping key.

    With `data_keys` also replace the data keys, and seal all text anew. Afterwards older wrapping keys can be taken
    out of the settings, once no backup needs them.
    """
    wrapped = 0
    while True:
        with unit_of_work() as db_session:
            count = wrap_anew(db_session, BATCH)
        wrapped += count
        if count == 0:
            break
    with unit_of_work() as db_session:
        keys = keyring_of(db_session).service
        wrapped += second_factor.rewrap(db_session, keys) + signing_keys.rewrap(db_session, keys)
    return _rotate_data_keys(at, wrapped) if data_keys else Rotated(wrapped)


def _rotate_data_keys(at: datetime, wrapped: int) -> Rotated:
    with unit_of_work() as db_session:
        destroyed = forget_unused(db_session, at - GRACE)
    replaced, started = 0, new_id()
    while True:
        with unit_of_work() as db_session:
            count = replace_keys(db_session, started, BATCH)
        replaced += count
        if count == 0:
            break
    unreadable = 0
    for table in sealed_tables():
        last: UUID | None = None
        while True:
            with unit_of_work() as db_session:
                last, left = seal_anew(db_session, table, last, BATCH)
            unreadable += left
            if last is None:
                break
    return Rotated(wrapped, replaced, destroyed, unreadable)


def open_every_text() -> int:
    """Open every sealed text once a day; raise `Damaged` where one does not open, so that somebody comes to know.

    One of several workers is enough, and one that has just begun anew need not do it again. Where there is damage it
    is looked for each time, until it is mended.
    """
    last = went_well_at(ALL_OPENED)
    if last is not None and parts().now() - last < OPENED_EVERY:
        return 0
    if sum([_damaged_in(table) for table in sealed_tables()]):
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
