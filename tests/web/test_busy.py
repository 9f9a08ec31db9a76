"""A database that does not do what it is asked: told kindly, nothing is lost, and the log says why."""

from typing import Any

import pytest
from sqlalchemy import event

from integration_api.db import db

pytestmark = pytest.mark.one_database


def test_a_full_disk_is_named_in_the_log_and_by_no_word_of_the_entry(
    clinic: Any, caplog: pytest.LogCaptureFixture
) -> None:
    entry = {"text": "The lighthouse. " * 3_000, "visibility": "private"}

    def fill(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are, that is

    with clinic.app.app_context():
        engine = db.engine
    event.listen(engine, "begin", fill)
    try:
        refused = clinic.maya.post("/v1/journal-entries", entry)
    finally:
        event.remove(engine, "begin", fill)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    assert refused.status_code == 503, refused.text
    assert refused.headers["Retry-After"] == "2"
    assert refused.json["type"].endswith(":busy")
    assert [each.getMessage() for each in caplog.records] == ["database unavailable: OperationalError (SQLITE_FULL)"]
    assert clinic.maya.read("/v1/journal-entries")["items"] == []
    assert clinic.maya.post("/v1/journal-entries", entry).status_code == 201
