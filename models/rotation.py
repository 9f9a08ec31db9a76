"""Changing keys while the service runs: wrapping keys, and the data keys that they wrap."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.base import Base
from models.data_key import DataKey, KeyOwner, current_key, keyring_of
from models.key_service import KeyUnavailable
from models.sealing import Sealed, seal_value

log = logging.getLogger(__name__)


def sealed_tables() -> list[type[Any]]:
    """List the tables whose rows hold sealed text, each once."""
    found = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Sealed)]
    return [each for each in found if not any(each is not other and issubclass(each, other) for other in found)]


def wrap_anew(db_session: Session, limit: int) -> int:
    """Wrap up to `limit` data keys that an older wrapping key still holds; tell how many."""
    newest = keyring_of(db_session).service.newest
    query = select(DataKey).where(DataKey.sealed.is_not(None), DataKey.wrapping_key != newest)
    keys = db_session.scalars(query.order_by(DataKey.id).limit(limit)).all()
    for key in keys:
        key.wrap_anew()
    db_session.flush()
    return len(keys)


def replace_keys(db_session: Session, made_before: UUID, limit: int) -> int:
    """Give up to `limit` owners of a key with an id before this one (ids rise with time) a new one; tell how many."""
    query = select(DataKey).where(DataKey.is_current, DataKey.id < made_before, DataKey.owner_kind != "audit")
    keys = db_session.scalars(query.order_by(DataKey.id).limit(limit)).all()
    for key in keys:
        key.is_current = False
    db_session.flush()
    for key in keys:
        current_key(db_session, KeyOwner(key.owner_kind, key.owner_id, key.organization_id))
    db_session.flush()
    return len(keys)


def seal_anew(db_session: Session, table: type[Any], after: UUID | None, limit: int) -> tuple[UUID | None, int]:
    """Seal up to `limit` rows of a table with their owners' current keys, in the order of ids.

    Gives the last id, and how many could not be opened: these stay as they are, and hold no other up. It is no edit:
    versions and times stay. A row that somebody changes meanwhile is left to that change.
    """
    query = select(table).join(DataKey, table.data_key_id == DataKey.id)
    query = query.where(DataKey.is_current.is_(False), DataKey.sealed.is_not(None))
    if after is not None:
        query = query.where(table.id > after)
    rows = db_session.scalars(query.order_by(table.id).limit(limit)).unique().all()
    unreadable = 0
    for row in rows:
        try:
            _seal_row(db_session, row)
        except KeyUnavailable:
            unreadable += 1
            log.error("%s %s cannot be opened, and stays under its old key", table.__tablename__, row.id)  # noqa: TRY400
    return rows[-1].id if rows else None, unreadable


def _seal_row(db_session: Session, row: Sealed) -> None:
    key = current_key(db_session, row.key_owner)
    db_session.flush()
    table = Base.metadata.tables[type(row).__table__.name]  # type: ignore[attr-defined]
    before = [table.c.id == row.id, table.c.data_key_id == row.data_key_id]
    values: dict[str, Any] = {"data_key_id": key.id, "updated_at": table.c.updated_at}
    for each in row.sealed_texts:
        sealed = getattr(row, each.column)
        before.append(table.c[each.column].is_not_distinct_from(sealed))
        values[each.column] = None if sealed is None else seal_value(key.cipher, each.place(row, key), each.read(row))
    db_session.execute(update(table).where(*before).values(values))


def forget_unused(db_session: Session, unused_since: datetime) -> int:
    """Destroy keys that were replaced before a time and that no row names any more; tell how many."""
    is_replaced = (DataKey.is_current.is_(False), DataKey.sealed.is_not(None), DataKey.updated_at < unused_since)
    named: set[UUID] = set()
    for table in sealed_tables():  # of all keys at once: each table is walked through once, and no index is kept for it
        query = select(table.data_key_id).join(DataKey, table.data_key_id == DataKey.id).where(*is_replaced)
        named.update(db_session.scalars(query.distinct()))
    unused = [key for key in db_session.scalars(select(DataKey).where(*is_replaced)) if key.id not in named]
    for key in unused:
        key.destroy()
    db_session.flush()
    return len(unused)
