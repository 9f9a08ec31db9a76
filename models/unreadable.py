"""Finding texts that do not open any more, before somebody comes to need them."""

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.data_key import DataKey
from models.sealing import CannotOpen, open_sealed, place_of


def find_damaged(
    db_session: Session, table: type[Any], after: UUID | None, limit: int
) -> tuple[UUID | None, list[UUID]]:
    """Open the texts of up to `limit` rows of a table, in the order of ids; give the last id, and the damaged ones.

    What a destroyed key sealed is gone, as it was meant to be, and is no damage.
    """
    columns = [table.__table__.c[each.column] for each in table.sealed_texts]
    query = select(table.id, DataKey, *columns).outerjoin(DataKey, table.data_key_id == DataKey.id)
    query = query.where(or_(*(each.is_not(None) for each in columns)), DataKey.destroyed_at.is_(None))
    if after is not None:
        query = query.where(table.id > after)
    rows = db_session.execute(query.order_by(table.id).limit(limit)).all()
    damaged = []
    for row_id, key, *sealed in rows:
        texts = [(each.name, text) for each, text in zip(columns, sealed, strict=True) if text is not None]
        if key is None or not all(_opens(key, table.__table__.name, name, row_id, text) for name, text in texts):
            damaged.append(row_id)
    return rows[-1][0] if rows else None, damaged


def _opens(key: DataKey, table: str, column: str, row_id: UUID, sealed: bytes) -> bool:
    try:
        open_sealed(key.cipher, place_of(table, column, row_id, key), sealed)
    except CannotOpen:
        return False
    return True
