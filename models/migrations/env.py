"""How Alembic runs here: on the engine that the caller puts into `config.attributes["engine"]`."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from models.base import Base, UtcDateTime
from models.row_security import EVERYBODY, speak_for


def render_item(kind: str, item: Any, _autogen_context: Any) -> str | Literal[False]:
    """Write our own column types as the plain ones that they are in the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: sa.Connection) -> None:
    """Run the migrations in one transaction; SQLite changes tables by copying them."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    speak_for(connection, EVERYBODY)
    if connection.dialect.name == "postgresql":  # another machine may be migrating: wait, and find it done
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(24, 0)"))
    with context.begin_transaction():
        context.run_migrations()


def mind_references(connection: sa.Connection, *, is_minded: bool) -> None:
    """Switch SQLite's foreign keys on or off; outside a transaction, since within one it does nothing.

    A table is changed there by making it anew and dropping the old one, which would delete all that hangs on its rows.
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA foreign_keys = {'ON' if is_minded else 'OFF'}")


engine: sa.Engine = context.config.attributes["engine"]
# SQLite, too, has whoever comes second wait for a write that says at its beginning that it is one.
with engine.connect().execution_options(is_write=True) as open_connection:
    mind_references(open_connection, is_minded=False)
    try:
        run(open_connection)
        if (
            open_connection.dialect.name == "sqlite"
            and open_connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        ):
            raise RuntimeError("the migration left a row that refers to one that is not there; nothing was changed")
        open_connection.commit()
    finally:
        open_connection.rollback()
        mind_references(open_connection, is_minded=True)
