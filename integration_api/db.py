"""The database: Flask-SQLAlchemy over the tables of `models`, and the one place that commits."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app, g, has_request_context
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

import models
from integration_api.access.audit import Trace
from integration_api.errors import Conflict, NotFound, Stale
from models.attachment import DISCARDED
from models.audit import TOUCHED
from models.data_key import KEYRING
from models.row_security import EVERYBODY, speak_for
from models.sealing import GAPS
from models.stamp import FORGOTTEN, RECKONED, RecordErased
from models.tenancy import TENANT

CHANGED_ELSEWHERE = "This was changed somewhere else, and is kept as it is now. Please read it again, then change it."
BUSY_MILLISECONDS = 10_000
NOBODY = UUID(int=0)  # no organization has this id

db: SQLAlchemy = SQLAlchemy(model_class=models.Base, session_options={"expire_on_commit": False})
migrate = Migrate(db=db, directory=str(Path(models.__file__).parent / "migrations"))


class Collision(Conflict):
    """Another request stored a row with the same key at the same moment; trying again sees it."""


def is_deadlock(error: OperationalError) -> bool:
    """Tell whether PostgreSQL ended a transaction since it and another waited for each other: it may begin anew."""
    return getattr(error.orig, "sqlstate", None) == "40P01"


@contextmanager
def unit_of_work(*, everywhere: bool = False) -> Iterator[Session]:
    """Give a database session whose changes are kept together when the block ends, or not at all.

    Within a request it is the caller's organization's; `everywhere` is for what comes before a caller is known.

    Records of the block before stay readable as plain values, but are not carried over: they may be old by now.
    """
    db_session = _opened({"is_write": True}, everywhere=everywhere)
    try:
        yield db_session
        _record_with_change(db_session)
        db_session.commit()
        discarded: list[str] = db_session.info.pop(DISCARDED, [])
        forgotten: set[tuple[UUID, UUID | None]] = db_session.info.pop(FORGOTTEN, set())
    except StaleDataError:
        _undo(db_session)
        raise Stale(CHANGED_ELSEWHERE) from None
    except IntegrityError:
        _undo(db_session)
        # The driver's message quotes the row's values, so it ends here.
        raise Collision("The request clashes with a record that is already there.") from None
    except RecordErased:
        _undo(db_session)
        raise NotFound("There is no such patient.") from None
    except BaseException:
        _undo(db_session)
        raise
    for memory in ("memory", "gleaned") if forgotten else ():
        current_app.extensions[memory].forget(forgotten)
    if discarded:
        current_app.extensions["discard_files"](discarded)


def _undo(db_session: Session) -> None:
    db_session.rollback()
    if has_request_context() and "trace" in g:
        g.trace.is_recorded = False  # what was told went with the rest


@contextmanager
def reading(*, everywhere: bool = False) -> Iterator[Session]:
    """Give a database session to read from, as `unit_of_work` does. PostgreSQL refuses any write in it.

    All that is read in it is of one moment. So what is reckoned from it may be used again, which what is reckoned
    within a change may not: the change may yet be undone.
    """
    db_session = _opened(_of_one_moment(), everywhere=everywhere)
    db_session.info[RECKONED] = current_app.extensions["gleaned"].moment()
    try:
        yield db_session
        db_session.commit()  # ends the transaction without forgetting what was read, as a rollback would
    except BaseException:
        db_session.rollback()
        raise


@contextmanager
def showing() -> Iterator[Session]:
    """Give a database session to show many records from: a text that does not open is a gap, and hides no other.

    Nothing is to be concluded from a gap: what tags, sends or changes words is `reading`, and fails.
    """
    with reading() as db_session:
        show_gaps(db_session)
        yield db_session


def show_gaps(db_session: Session) -> None:
    """Do so from here on in a change that is made: what remains is to answer with it."""
    db_session.info[GAPS] = True


def _of_one_moment() -> dict[str, Any]:
    """SQLite reads so by itself."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    return {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"} if is_postgresql else {}


def _record_with_change(db_session: Session) -> None:
    """Tell the audit trail of a change to a record in the transaction that makes it: neither is kept without the other.

    Vitals and reviews of mentions are told when the request ends, before its answer goes out.
    """
    db_session.flush()
    touched: dict[UUID | None, UUID] = db_session.info.pop(TOUCHED, {})
    trace: Trace | None = g.get("trace") if has_request_context() else None
    if trace is not None and touched:
        for patient_id, record_id in touched.items():
            trace.subjects[patient_id] = record_id
        trace.record(db_session, models.now(), "done")


def enter_organization(organization_id: UUID) -> None:
    """Say whose the rest of the request is."""
    g.organization_id = organization_id


def _opened(options: dict[str, Any], *, everywhere: bool) -> Session:
    """Begin a transaction on the request's database session, with nothing left in it from the one before."""
    db_session: Session = db.session()
    db_session.expunge_all()
    for name in (RECKONED, GAPS):
        db_session.info.pop(name, None)
    db_session.info.pop(FORGOTTEN, None)  # of a change that was undone
    is_everywhere = everywhere or not has_request_context()
    tenant = None if is_everywhere else g.get("organization_id", NOBODY)
    db_session.info |= {TOUCHED: {}, DISCARDED: [], KEYRING: current_app.extensions["keyring"], TENANT: tenant}
    speak_for(db_session.connection(execution_options=options), str(tenant or EVERYBODY))
    return db_session


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
    cursor.execute("PRAGMA secure_delete = ON")  # what was deleted is overwritten, not only forgotten
    cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged entry survives a power cut
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A write that begins as a read may find the lock taken half-way, and fail; so it takes the lock first.
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


@migrate.configure
def _give_engine(config: Any) -> Any:
    config.attributes["engine"] = db.engine
    config.attributes["keyring"] = current_app.extensions["keyring"]
    return config


def is_reachable() -> bool:
    """Tell whether the database answers."""
    try:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except DatabaseError:  # which also a file raises that is no database
        return False
    return True


def is_migrated() -> bool:
    """Tell whether the database stands at the newest migration."""
    return _stands_at() == set(_migrations().get_heads())


def is_newer() -> bool:
    """Tell whether the database has been at a migration that this software does not know."""
    return not _stands_at() <= {each.revision for each in _migrations().walk_revisions()}


def _stands_at() -> set[str]:
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def _migrations() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
