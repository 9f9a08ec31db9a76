"""However large an organization grows, a patient's record is found by the patient (SQLite's planner tells its way)."""

from typing import Any

import pytest
from sqlalchemy import event

from integration_api.db import db


@pytest.mark.parametrize("path", ["themes", "themes/grief", "brief", "motifs", "patterns"])
def test_no_query_walks_through_an_organizations_documents(clinic: Any, path: str) -> None:
    clinic.write("I miss my father. I miss him still.")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    with clinic.app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL plans by statistics that a small table has not")
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/{path}")
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        read = [(each, values) for each, values in asked if each.startswith("SELECT") and "documents" in each]
        assert read
        with db.engine.connect() as connection:
            for statement, values in read:
                plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                assert not [step for step in plan if step.startswith(("SCAN documents", "SCAN mentions"))]
                assert not [step for step in plan if "ix_documents_organization" in step or "ix_mentions_org" in step]
