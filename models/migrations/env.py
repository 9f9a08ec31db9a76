"""How Alembic runs here: on the engine that the caller puts into `config.attributes["engine"]`."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from models.base import Base, UtcDateTime


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
    with context.begin_transaction():
        context.run_migrations()


engine: sa.Engine = context.config.attributes["engine"]
with engine.connect() as open_connection:
    run(open_connection)
    open_connection.commit()
