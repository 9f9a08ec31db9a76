"""A database that does not do what it is asked: told kindly, nothing is lost, and the log says why."""

from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import NullPool

from integration_api.db import db


@pytest.mark.one_database
def test_why_it_does_not_write_stands_in_the_log_and_no_word_of_the_entry(
    clinic: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full, or may only be read, looked like a lock that somebody holds."""
    entry = {"text": "The lighthouse.", "visibility": "private"}

    def close(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    with clinic.app.app_context():
        engine = db.engine
    event.listen(engine, "begin", close)
    try:
        refused = clinic.maya.post("/v1/journal-entries", entry)
    finally:
        event.remove(engine, "begin", close)
        engine.dispose()  # what was said to a connection ends with it
    assert refused.status_code == 503, refused.text
    assert refused.headers["Retry-After"] == "2"
    assert refused.json["type"].endswith(":busy")
    assert [each.getMessage() for each in caplog.records] == [
        "database unavailable: OperationalError (SQLITE_READONLY)"
    ]
    assert clinic.maya.read("/v1/journal-entries")["items"] == []
    assert clinic.maya.post("/v1/journal-entries", entry).status_code == 201


def test_connections_that_ended_meanwhile_are_made_anew(clinic: Any) -> None:
    """A database that was started again, or a firewall that forgot who spoke, cost each of them a request."""
    with clinic.app.app_context():
        engine = db.engine
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server that could end them")
    clinic.maya.read("/v1/journal-entries")
    with create_engine(engine.url, poolclass=NullPool).connect() as outside:
        mine = "datname = current_database() AND pid <> pg_backend_pid()"
        ended = outside.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")).all()
    assert ended
    assert [clinic.maya.get("/v1/journal-entries").status_code for _ in range(3)] == [200] * 3
