"""Migrations: up and down on whichever database, and nothing between them and the tables that we declare."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import MetaData, Table, create_engine, insert, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError

from integration_api.app import create_app
from integration_api.config import Settings
from integration_api.db import db, reading
from integration_api.ehr import queue
from models import Base, DataKey, Document, EhrCopy, new_id
from models.row_security import EVERYBODY, speak_for


@pytest.fixture
def bare(settings: Settings, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database with nothing in it."""
    url = f"sqlite:///{tmp_path}/bare.sqlite3"
    if database_url.startswith("postgresql"):
        admin = create_engine(database_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS bare"))
            connection.execute(text("CREATE DATABASE bare"))
        admin.dispose()
        url = make_url(database_url).set(database="bare").render_as_string(hide_password=False)
    app = create_app(replace(settings, database_url=url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.usefixtures("bare")
def test_up_down_and_up_again() -> None:
    flask_migrate.upgrade()
    tables = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert tables == set(Base.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    flask_migrate.upgrade()
    assert set(inspect(db.engine).get_table_names()) - {"alembic_version"} == tables


@pytest.mark.usefixtures("bare")
def test_the_newest_migration_makes_the_tables_that_we_declare() -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.usefixtures("bare")
def test_what_stood_there_in_clear_is_sealed_and_can_be_opened_again(bare: Flask) -> None:
    flask_migrate.upgrade(revision="0002")
    ids = {name: new_id() for name in ("organization", "author", "patient", "entry", "note", "mention")}
    _insert("organizations", id=ids["organization"], name="Harbour")
    _insert("users", id=ids["author"], username="ada", role="therapist", is_active=True, **_of(ids))
    _insert("patients", id=ids["patient"], name="Maya", version=1, **_of(ids))
    common = {"patient_id": ids["patient"], "author_id": ids["author"], "version": 1, "written_at": _AT, **_of(ids)}
    common |= {"is_session_given": False, "written_offset_minutes": 0, "word_count": 0, "tagging_state": "done"}
    _insert("documents", id=ids["entry"], source="journal", visibility="private", text="zinnober öffnet 🌊", **common)
    _insert("documents", id=ids["note"], source="note", note_kind="psychotherapy", text="zinnober note", **common)
    about = {
        "document_id": ids["entry"],
        "patient_id": ids["patient"],
        "theme": "grief",
        "facet": "emotion",
        "start": 0,
    }
    found = {"end": 8, "assertion": "affirmed", "score": 0.5, "source": "lexicon", "because": "line zinnober"}
    _insert("mentions", id=ids["mention"], **about, **found, **_of(ids))
    flask_migrate.upgrade()
    with reading() as db_session:
        entry, note = (db_session.get_one(Document, ids[each]) for each in ("entry", "note"))
        assert (entry.text, note.text) == ("zinnober öffnet 🌊", "zinnober note")
        assert entry.mentions[0].because == "line zinnober"
        assert entry.mentions[0].quote == "zinnober"
        owners = {(key.owner_kind, key.owner_id) for key in db_session.scalars(select(DataKey))}
    assert owners == {("patient", ids["patient"]), ("author", ids["author"])}
    db.session.remove()
    flask_migrate.downgrade(revision="0002")
    with db.engine.connect() as connection:
        texts = set(connection.execute(text("SELECT text FROM documents")).scalars())
    assert texts == {"zinnober öffnet 🌊", "zinnober note"}


@pytest.mark.usefixtures("bare")
def test_copies_called_withdrawn_after_one_search_are_searched_for_again() -> None:
    flask_migrate.upgrade(revision="0023")
    ids = {name: new_id() for name in ("organization", "author", "patient", "connection")}
    _insert("organizations", id=ids["organization"], name="Harbour")
    _insert("users", id=ids["author"], username="ada", role="therapist", is_active=True, **_of(ids))
    _insert("patients", id=ids["patient"], name="Maya", version=1, **_of(ids))
    there = {"scope": "s", "patient_system": "urn:mrn", "name_sealed": b"n", "base_url_sealed": b"b", "failures": 0}
    there |= {"state": "active", "auth": "none", "creates_patients": False, "version": 1, "user_id": ids["author"]}
    _insert("ehr_connections", id=ids["connection"], **there, **_of(ids))
    held, found, never = (
        _copy(ids, state="withdrawn", sent_at=sent_at, remote_id=remote_id)
        for sent_at, remote_id in ((_AT, None), (_AT, "r-1"), (None, None))
    )
    agreed = {"patient_id": ids["patient"], "purpose": "ehr", "is_granted": True, "wording_sealed": b"w"}
    _insert("consents", id=new_id(), at=_AT, **agreed, **_of(ids))
    again = _copy(ids, is_deleted=False, state="withdrawn", sent_at=_AT)
    flask_migrate.upgrade()
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        copies = connection.execute(select(EhrCopy.__table__)).all()
    rows = {row.id: (row.state, row.told_at, row.missing_since is not None) for row in copies}
    assert rows == {
        held: ("waiting", _AT, True),
        again: ("waiting", _AT, True),
        found: ("withdrawn", _AT, False),
        never: ("withdrawn", None, False),
    }
    _is_searched_for_from_today_on_and_not_sent(again)


def _is_searched_for_from_today_on_and_not_sent(copy_id: UUID) -> None:
    with reading() as db_session:
        copy = db_session.get_one(EhrCopy, copy_id)
        assert copy.missing_since is not None
        assert abs(datetime.now(UTC) - copy.missing_since) < timedelta(minutes=10)
        assert queue.allowed(db_session, copy) is not None  # the patient shares it again
        assert queue.to_send(db_session, copy) is None


@pytest.mark.usefixtures("bare")
def test_what_patients_wrote_as_intentions_waits_to_be_looked_through_and_flags_of_it_go_again() -> None:
    flask_migrate.upgrade(revision="0024")
    names = ("organization", "maya", "ada", "patient", "entry", "hers", "theirs", "made")
    ids = {name: new_id() for name in names}
    _insert("organizations", id=ids["organization"], name="Harbour")
    for name, role in (("maya", "patient"), ("ada", "therapist")):
        _insert("users", id=ids[name], username=name, role=role, is_active=True, **_of(ids))
    _insert("patients", id=ids["patient"], user_id=ids["maya"], name="Maya", version=1, **_of(ids))
    words = {"patient_id": ids["patient"], "visibility": "private", "themes": [], "text_sealed": b"t", "version": 1}
    _insert("intentions", id=ids["hers"], author_id=ids["maya"], **words, **_of(ids))
    _insert("intentions", id=ids["theirs"], author_id=ids["ada"], **words, **_of(ids))
    _insert("commitments", id=ids["made"], author_id=ids["maya"], status="open", **words, **_of(ids))
    by = {"patient_id": ids["patient"], "author_id": ids["maya"], "version": 1, "written_at": _AT, "word_count": 0}
    by |= {"is_session_given": False, "written_offset_minutes": 0, "tagging_state": "done", "source": "journal"}
    _insert("documents", id=ids["entry"], visibility="private", **by, **_of(ids))
    kept = [_flag(ids, document_id=ids["entry"])]
    flask_migrate.upgrade()
    assert set(_read("SELECT id FROM intentions WHERE is_patients_own AND pipeline_version IS NULL")) == {ids["hers"]}
    assert _read("SELECT id FROM commitments WHERE is_patients_own AND signals_sealed IS NULL") == [ids["made"]]
    of_resolves = [_flag(ids, intention_id=ids["hers"]), _flag(ids, commitment_id=ids["made"])]
    of_resolves.append(_flag(ids, status="withdrawn"))  # its words were taken back
    with pytest.raises(IntegrityError):
        _flag(ids, status="open")
    with pytest.raises(IntegrityError):
        _flag(ids, document_id=ids["entry"], theme="other", commitment_id=ids["made"])
    assert sorted(_read("SELECT flag_id FROM safety_flag_events")) == sorted(kept + of_resolves)
    flask_migrate.downgrade(revision="0024")
    assert _read("SELECT id FROM safety_flags") == _read("SELECT flag_id FROM safety_flag_events") == kept
    assert sorted(_read("SELECT id FROM intentions")) == sorted((ids["hers"], ids["theirs"]))
    flask_migrate.upgrade()
    assert _read("SELECT flag_id FROM safety_flag_events") == kept


def _flag(ids: dict[str, UUID], **more: Any) -> UUID:
    """Store a safety flag with its history."""
    flag_id = new_id()
    about = {"patient_id": ids["patient"], "theme": "suicidality", "status": "open", "mention_count": 1}
    about |= {"raised_at": _AT, "due_at": _AT}
    _insert("safety_flags", **about | more, id=flag_id, **_of(ids))
    _insert("safety_flag_events", id=new_id(), flag_id=flag_id, at=_AT, what="raised", **_of(ids))
    return flag_id


def _read(query: str) -> list[UUID]:
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        return [each if isinstance(each, UUID) else UUID(each) for each in connection.execute(text(query)).scalars()]


def _copy(ids: dict[str, UUID], *, is_deleted: bool = True, **more: Any) -> UUID:
    """Store a copy, as of 0023, of a document of its own."""
    document_id, copy_id = new_id(), new_id()
    by = {"patient_id": ids["patient"], "author_id": ids["author"], "version": 1, "written_at": _AT, "word_count": 0}
    by |= {"is_session_given": False, "written_offset_minutes": 0, "tagging_state": "done", "source": "journal"}
    _insert(
        "documents", id=document_id, visibility="care_team", deleted_at=_AT if is_deleted else None, **by, **_of(ids)
    )
    of = {"document_id": document_id, "connection_id": ids["connection"], "patient_id": ids["patient"]}
    of |= {"user_id": ids["author"], "seen_stamp": 0, "tries": 0, "next_at": _AT, "tried_at": _AT}
    _insert("ehr_copies", id=copy_id, **of, **more, **_of(ids))
    return copy_id


_AT = datetime(2026, 3, 9, tzinfo=UTC)


def _of(ids: dict[str, UUID]) -> dict[str, UUID]:
    return {"organization_id": ids["organization"]}


def _insert(table: str, **values: Any) -> None:
    """Store a row of a table as it was at the time."""
    with db.engine.begin() as connection:
        speak_for(connection, EVERYBODY)
        there = Table(table, MetaData(), autoload_with=connection)
        times = {"created_at": _AT, "updated_at": _AT}
        if connection.dialect.name == "sqlite":  # it knows no type for these
            values = {name: value.hex if isinstance(value, UUID) else value for name, value in values.items()}
        connection.execute(insert(there).values(**values, **{k: v for k, v in times.items() if k in there.c}))
