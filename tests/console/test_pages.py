"""Probes and the reference: what needs no token."""

from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import text

from integration_api.app import LINES, create_app
from integration_api.config import Settings
from integration_api.db import db
from integration_api.jobs.worker import everything_once


def test_alive_and_ready(clinic: Any) -> None:
    caller = clinic.anybody()
    assert caller.read("/healthz") == {"status": "ok"}
    ready = caller.read("/readyz")
    assert (ready["status"], ready["database"], ready["migrations"]) == ("ready", True, True)
    assert ready["pipeline"]


def test_work_in_the_background_that_is_not_done_is_told_and_takes_nothing_away(clinic: Any, clock: Any) -> None:
    caller = clinic.anybody()
    assert (caller.read("/readyz")["status"], caller.read("/readyz")["work"]) == ("ready", False)  # nobody did any yet
    for _ in range(2):
        everything_once(clinic.app, LINES)
        assert caller.read("/readyz")["work"] is True
        clock.turn(minutes=9)
        assert caller.read("/readyz")["work"] is True
        clock.turn(minutes=2)
        everything_once(clinic.app, LINES[1:])  # what escalates flags has died, all else is done
        assert (caller.read("/readyz")["status"], caller.read("/readyz")["work"]) == ("ready", False)


def test_not_ready_without_migrations(app: Flask) -> None:
    client = app.test_client()
    with app.app_context(), db.engine.begin() as connection:
        (version,) = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    try:
        answer = client.get("/readyz")
    finally:
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    assert (answer.status_code, answer.json["migrations"]) == (503, False)


def test_not_ready_without_a_database(settings: Settings) -> None:
    url = "sqlite:////nowhere/at/all/journal.sqlite3"
    app = create_app(replace(settings, database_url=url))
    assert app.test_client().get("/healthz").status_code == 200
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, False)
    assert app.test_client().get("/v1/me").status_code == 401


def test_the_reference_is_served_whole_from_here(clinic: Any) -> None:
    caller = clinic.anybody()
    page = caller.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for name in ("css/swagger-ui.css", "js/swagger-ui-bundle.js"):
        with caller.get(f"/docs/files/{name}") as file:
            assert file.status_code == 200
    assert "/openapi.json" in caller.get("/docs/start.js").text
    assert caller.get("/").headers["Location"] == "/docs"
    assert caller.get("/docs/files/../docs.html").status_code == 404


def test_the_contract_is_served_as_it_is_kept(clinic: Any) -> None:
    assert clinic.anybody().read("/openapi.json") == clinic.app.extensions["contract"]
