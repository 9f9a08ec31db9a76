"""The database: Flask-SQLAlchemy over the tables of `models`, and the one place that commits."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

import models
from integration_api.errors import Conflict, Stale

BUSY_MILLISECONDS = 10_000

db: SQLAlchemy = SQLAlchemy(model_class=models.Base, session_options={"expire_on_commit": False})
migrate = Migrate(db=db, directory=str(Path(models.__file__).parent / "migrations"))


class Collision(Conflict):
    """Another request stored a row with the same key at the same moment; trying again sees it."""


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Give a database session whose changes are kept together when the block ends, or not at all.

    Records of the block before stay readable as plain values, but are not carried over: they may be old by now.
    """
    db_session: Session = db.session()
    db_session.expunge_all()
    db_session.connection(execution_options={"is_write": True})
    try:
        yield db_session
        db_session.commit()
    except StaleDataError:
        db_session.rollback()
        raise Stale("The record was changed by somebody else in between.") from None
    except IntegrityError:
        db_session.rollback()
        # The driver's message quotes the row's values, so it ends here.
        raise Collision("The request clashes with a record that is already there.") from None
    except BaseException:
        db_session.rollback()
        raise


@contextmanager
def reading() -> Iterator[Session]:
    """Give a database session to read from. PostgreSQL refuses any write in it."""
    db_session: Session = db.session()
    db_session.expunge_all()
    db_session.connection(execution_options={"postgresql_readonly": True})
    try:
        yield db_session
        db_session.commit()  # ends the transaction without forgetting what was read, as a rollback would
    except BaseException:
        db_session.rollback()
        raise


def tune(engine: Engine) -> None:
    """Set SQLite up for a server: write-ahead log, foreign keys, patience, and real transactions."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)


def _on_sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own idea of transactions would hide BEGIN from us
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged entry survives a power cut
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A write that begins as a read may find the lock taken half-way, and fail; so it takes the lock first.
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


@migrate.configure
def _give_engine(config: Any) -> Any:
    config.attributes["engine"] = db.engine
    return config


def is_reachable() -> bool:
    """Tell whether the database answers."""
    try:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except OperationalError:
        return False
    return True


def is_migrated() -> bool:
    """Tell whether the database stands at the newest migration."""
    config = current_app.extensions["migrate"].migrate.get_config()
    newest = set(ScriptDirectory.from_config(config).get_heads())
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == newest
