"""What stands in the database: taken out, kept, put back, so that a costly record is made by HTTP once a process."""

from typing import Any

from flask import Flask
from sqlalchemy import Table

from integration_api.db import db
from integration_api.themes.gleaned import Gleaned
from integration_api.web.remembered import Memory
from integration_api.wiring import parts
from models import Base, Keyring
from models.audit import allow_changes, refuse_changes
from models.row_security import EVERYBODY, speak_for

Rows = list[tuple[Table, list[dict[str, Any]]]]


def empty(app: Flask) -> None:
    """Take every row out, and forget what this process remembers of them."""
    app.extensions["memory"], app.extensions["gleaned"] = Memory(), Gleaned()
    app.extensions["keyring"] = Keyring(parts().key_service)
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        allow_changes(connection)
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
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
