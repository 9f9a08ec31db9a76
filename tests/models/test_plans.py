"""However large an organization grows: a patient's record is found by the patient (SQLite's planner tells its way), and
what is asked of many patients is asked of all at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from integration_api.db import db, unit_of_work
from integration_api.privacy.keys import rotate
from integration_api.web.remembered import Memory
from models import Mention, now
from models.rotation import forget_unused


@contextmanager
def noted() -> Iterator[list[tuple[str, Any]]]:
    """Note every statement that reaches the database."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["themes", "themes/grief", "brief", "motifs", "patterns"])
def test_no_query_walks_through_an_organizations_documents(clinic: Any, path: str) -> None:
    clinic.write("I miss my father. I miss him still.")
    with clinic.app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL plans by statistics that a small table has not")
        with noted() as asked:
            clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/{path}")
        read = [(each, values) for each, values in asked if each.startswith("SELECT") and "documents" in each]
        assert read
        with db.engine.connect() as connection:
            for statement, values in read:
                plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                assert not [step for step in plan if step.startswith(("SCAN documents", "SCAN mentions"))]
                assert not [step for step in plan if "ix_documents_organization" in step or "ix_mentions_org" in step]


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("maya", "/v1/journal-entries"),
        ("maya", "/v1/journal-entries/{entry}"),
        ("maya", "/v1/me/export"),
        ("therapist", "/v1/notes"),
        ("therapist", "/v1/safety-flags"),
        ("therapist", "/v1/patients/{maya}/themes/grief"),
    ],
)
def test_a_text_is_read_once_and_not_with_each_of_its_mentions(clinic: Any, who: str, path: str) -> None:
    """50,000 characters with hundreds of mentions would be read hundreds of times."""
    clinic.note("Pt tearful. Grief for her father. Endorses SI with a plan.")
    clinic.ids["entry"] = clinic.write("I miss my father. I miss him still. I want to die.")["id"]
    with clinic.app.app_context(), noted() as asked:
        clinic.caller(who).read(path.format(**clinic.ids))
    of_mentions = [statement for statement, _ in asked if "mentions.start" in statement.partition(" FROM ")[0]]
    assert of_mentions
    assert not [statement for statement in of_mentions if "text_sealed" in statement]


def test_a_search_for_words_alone_leaves_mentions_where_they_are(clinic: Any) -> None:
    clinic.write("I miss my father. I miss him still.")
    path = f"/v1/patients/{clinic.ids['maya']}/search"
    for question, is_about_themes in (({"words": "father"}, False), ({"words": "father", "theme": "grief"}, True)):
        with clinic.app.app_context(), noted() as asked:
            (found,) = clinic.therapist.post(path, question).json["items"]
        assert bool(found["mentions"]) is is_about_themes
        assert any(" mentions" in statement for statement, _ in asked) is is_about_themes


def test_a_caseload_of_many_asks_no_more_than_one_of_few(clinic: Any) -> None:
    clinic.write("I miss my father. I miss him still.", now().isoformat())
    of_one = _statements_of_caseload(clinic)
    for number in range(3):
        _add_patient(clinic, f"patient{number}").create(
            "/v1/journal-entries", {"text": "I miss my mother. I miss her still.", "visibility": "care_team"}
        )
    assert _statements_of_caseload(clinic) == of_one


def test_a_caseload_counts_flags_without_reading_what_they_are_of(clinic: Any) -> None:
    """Words of 50,000 characters, each as often as it raised a flag, would be read to tell their number."""
    clinic.write("I want to die. I would end it with pills.")
    clinic.note("Pt endorses SI.")
    with clinic.app.app_context(), noted() as asked:
        (glance,) = clinic.therapist.read("/v1/caseload")["items"]
    assert glance["waiting_flags"] == len(clinic.therapist.read("/v1/safety-flags?routed=any")["items"]) > 1
    of_flags = [statement for statement, _ in asked if " safety_flags " in statement]
    assert of_flags
    assert not [statement for statement in of_flags if "text_sealed" in statement]


def _statements_of_caseload(clinic: Any) -> int:
    """Count what is asked where each document was read before, and the answer is not remembered."""
    therapist = clinic.therapist
    glances = therapist.read("/v1/caseload")["items"]
    clinic.app.extensions["memory"] = Memory()
    with clinic.app.app_context(), noted() as asked:
        assert therapist.read("/v1/caseload")["items"] == glances
    assert {each["entries_this_week"] for each in glances} == {1}
    return len(asked)


def _add_patient(clinic: Any, username: str) -> Any:
    clinic.ids[username] = clinic.admin.create("/v1/patients", {"name": username, "username": username})["id"]
    path, team = f"/v1/patients/{clinic.ids[username]}/care-team", [{"clinician_id": clinic.ids["therapist"]}]
    assert clinic.admin.put(path, {"members": team}, if_match=clinic.admin.etag(path)).status_code == 200
    return clinic.caller(username)


def test_many_keys_are_looked_for_as_few_are(clinic: Any) -> None:
    """Whether a row names a key is asked of every table that holds sealed text."""
    asked = []
    for names in ((), ("a", "b", "c", "d")):
        for name in names:
            clinic.admin.create("/v1/patients", {"name": name, "username": name})
            clinic.caller(name).create("/v1/journal-entries", {"text": "Rain."})
        with clinic.app.app_context():
            rotate(datetime.now(UTC), data_keys=True)
            with noted() as statements, unit_of_work() as db_session:
                forget_unused(db_session, datetime.now(UTC) + timedelta(hours=2))
        asked.append(len([each for each, _ in statements if each.startswith("SELECT") and "data_key_id" in each]))
    assert asked[0] == asked[1] > 0


@contextmanager
def read_off(table: type[Any]) -> Iterator[list[Any]]:
    """Note every row of a table that is read."""
    found: list[Any] = []

    def note(row: Any, _context: Any) -> None:
        found.append(row.id)

    event.listen(table, "load", note)
    try:
        yield found
    finally:
        event.remove(table, "load", note)


@pytest.mark.parametrize(
    ("who", "path", "shown"),
    [
        ("maya", "/v1/journal-entries?limit=200", "themes"),
        ("therapist", "/v1/notes?limit=200", "themes"),
        ("therapist", "/v1/safety-flags?limit=200", "evidence"),
    ],
)
def test_a_page_reads_of_mentions_what_it_shows_however_many_rows_it_has(
    clinic: Any, who: str, path: str, shown: str
) -> None:
    asked = []
    for more in (1, 3):
        for _ in range(more):
            clinic.write("I miss my father. Slept badly. I want to die. My brother wants to die.")
            clinic.write("I miss my father. I want to die.", visibility="private")
            clinic.note("Pt tearful. Grief for her father. Endorses SI with a plan.")
        clinic.maya.create("/v1/me/consents", {"purpose": "safety_signals", "is_granted": True, "wording": "As shown."})
        caller = clinic.caller(who)
        caller.read(path)
        with clinic.app.app_context(), noted() as statements, read_off(Mention) as mentions:
            items = caller.read(path)["items"]
        assert 0 < sum(len(each[shown]) for each in items) == len(mentions)
        asked.append([statement.partition(" FROM ")[0] for statement, _ in statements])
    assert len(asked[0]) == len(asked[1])
    assert not [each for each in asked[1] if "mention_reviews" in each or "because_sealed" in each]
