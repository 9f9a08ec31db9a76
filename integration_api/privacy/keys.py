"""Changing keys while the service runs, in small steps, each a transaction of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from integration_api.access import keys as signing_keys
from integration_api.db import unit_of_work
from integration_api.login import second_factor
from models import new_id
from models.data_key import keyring_of
from models.rotation import forget_unused, replace_keys, seal_anew, sealed_tables, wrap_anew

BATCH = 200
# A row that was being written while its owner's key was replaced may still come in under the old one.
GRACE = timedelta(hours=1)


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
