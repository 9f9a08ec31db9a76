"""What stands in the database: taken out, kept, put back, so that a costly record is made by HTTP once a process."""

from collections.abc import Callable
from typing import Any

from callers import Clinic
from flask import Flask
from sqlalchemy import Table, exists, literal, select, union_all

from integration_api.db import db
from integration_api.themes.gleaned import Gleaned
from integration_api.web.remembered import Memory
from integration_api.wiring import parts
from models import AuditEvent, Base, Keyring
from models.audit import allow_changes, refuse_changes
from models.row_security import EVERYBODY, speak_for

Rows = list[tuple[Table, list[dict[str, Any]]]]
TABLES = {table.name: table for table in reversed(Base.metadata.sorted_tables)}
FILLED = union_all(*(select(literal(name)).where(exists(table.select())) for name, table in TABLES.items()))


def empty(app: Flask) -> None:
    """Take every row out, and forget what this process remembers of them."""
    app.extensions["memory"], app.extensions["gleaned"] = Memory(), Gleaned()
    app.extensions["keyring"] = Keyring(parts().key_service)
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        filled = set(connection.scalars(FILLED))  # asked at once, since most are empty
        is_audited = AuditEvent.__tablename__ in filled
        if is_audited:
            allow_changes(connection)
        for name, table in TABLES.items():
            if name in filled:
                connection.execute(table.delete())
        if is_audited:
            refuse_changes(connection)


def everything() -> Rows:
    """Read every row there is."""
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        tables = [(table, connection.execute(table.select()).mappings().all()) for table in Base.metadata.sorted_tables]
        return [(table, [dict(row) for row in rows]) for table, rows in tables if rows]


def put_back(rows: Rows) -> None:
    """Store rows that were read before, as they were."""
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        for table, kept in rows:
            connection.execute(table.insert(), kept)


def made_once(clinic: Clinic, kept: dict[str, Any], make: Callable[[Clinic], Any]) -> Clinic:
    """Give the clinic what `make` adds to it by HTTP. `kept` is empty at first; after that, it is put back from there.

    The ids that `make` notes in the clinic come back too. What lies outside the database does not: files, a clock.
    """
    with clinic.app.app_context():
        if not kept:
            make(clinic)
            kept.update(ids=dict(clinic.ids), rows=everything())
        else:
            empty(clinic.app)
            put_back(kept["rows"])
    clinic.ids = dict(kept["ids"])
    return clinic
