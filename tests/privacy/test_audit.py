"""The audit trail: everything is in it, nothing narrative is, and no tampering goes unseen."""

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from integration_api import cli
from integration_api.db import db, reading, unit_of_work
from integration_api.people.founding import found_organization
from integration_api.privacy.audit import verify_all
from models.audit import AuditEvent, allow_changes, refuse_changes
from models.row_security import EVERYBODY, speak_for


def events(clinic: Any, **asked: str) -> list[Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return list(clinic.admin.read(f"/v1/audit-events?limit=200&{query}")["items"])


def told(clinic: Any, **asked: str) -> list[tuple[str, str, str, str]]:
    return [
        (each["actor_role"], each["operation"], each["outcome"], each["purpose"]) for each in events(clinic, **asked)
    ]


def test_every_read_and_change_is_told_once(clinic: Any) -> None:
    maya = clinic.ids["maya"]
    entry = clinic.write("I am afraid of dying.")["id"]
    clinic.therapist.get(f"/v1/journal-entries/{entry}")
    clinic.therapist.get(f"/v1/patients/{maya}/themes")
    clinic.therapist.get("/v1/journal-entries")
    path = f"/v1/journal-entries/{entry}"
    clinic.maya.patch(path, {"text": "New."}, if_match=clinic.maya.etag(path))
    clinic.maya.delete(path, if_match="*")
    assert told(clinic, patient_id=maya)[:7] == [
        ("patient", "deleteJournalEntry", "done", "own_record"),
        ("patient", "changeJournalEntry", "done", "own_record"),
        ("patient", "readJournalEntry", "done", "own_record"),
        ("therapist", "listJournalEntries", "done", "treatment"),
        ("therapist", "listRecurringThemes", "done", "treatment"),
        ("therapist", "readJournalEntry", "done", "treatment"),
        ("patient", "writeJournalEntry", "done", "own_record"),
    ]
    about = [each for each in events(clinic, patient_id=maya) if each["operation"] == "writeJournalEntry"]
    assert [each["record_id"] for each in about] == [entry]


@pytest.mark.parametrize("path", ["/v1/webhooks", "/v1/prompts", "/v1/ehr-connections"])
def test_what_an_admin_sets_up_is_told_by_its_id(clinic: Any, path: str) -> None:
    """Of several webhooks nobody could tell by the trail who had set up which."""
    told_of = clinic.app.extensions["contract"]["paths"][path]["post"]
    body = told_of["requestBody"]["content"]["application/json"]["example"]
    made = [clinic.admin.create(path, body)["id"] for _ in range(2)]
    found = [each for each in reversed(events(clinic)) if each["operation"] == told_of["operationId"]]
    assert [(each["record_id"], each["patient_id"]) for each in found] == [(each, None) for each in made]


def test_what_was_refused_or_not_found_is_told_too(clinic: Any) -> None:
    entry = clinic.write("I am afraid of dying.", visibility="private")["id"]
    clinic.therapist.get(f"/v1/journal-entries/{entry}")
    clinic.caller("colleague").get(f"/v1/patients/{clinic.ids['maya']}/themes")
    clinic.admin.get(f"/v1/journal-entries/{entry}")
    clinic.maya.post("/v1/journal-entries", {"text": ""})
    found = told(clinic)[:4]
    assert found == [
        ("patient", "writeJournalEntry", "invalid", "own_record"),
        ("admin", "readJournalEntry", "refused", "administration"),
        ("therapist", "listRecurringThemes", "not_found", "treatment"),
        ("therapist", "readJournalEntry", "not_found", "treatment"),
    ]
    assert events(clinic, outcome="not_found")[-1]["record_id"] == entry


def test_a_list_tells_each_patient_whose_record_was_in_it(clinic: Any) -> None:
    path = f"/v1/patients/{clinic.ids['tom']}/care-team"
    body = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
    assert clinic.admin.put(path, body, if_match=clinic.admin.etag(path)).status_code == 200
    clinic.write("Mine.")
    clinic.tom.create("/v1/journal-entries", {"text": "Tom's.", "visibility": "care_team"})
    assert len(clinic.therapist.read("/v1/journal-entries")["items"]) == 2
    seen = [each for each in events(clinic) if each["operation"] == "listJournalEntries"]
    assert {each["patient_id"] for each in seen} == {clinic.ids["maya"], clinic.ids["tom"]}


@pytest.mark.parametrize("path", ["/v1/audit-events?limit=200&since={}", "/fhir/R4/AuditEvent?_count=200&date=ge{}"])
def test_a_watcher_of_the_trail_does_not_keep_it_growing(clinic: Any, path: str) -> None:
    """Each look left a line for each patient that it told of, which the next look told of, and so without end."""
    for number in range(5):
        clinic.admin.create("/v1/patients", {"name": f"Patient {number}"})
    since, added = datetime(2020, 1, 1, tzinfo=UTC), []
    for _ in range(4):
        now = datetime.now(UTC)
        assert clinic.admin.get(path.format(quote(since.isoformat()))).status_code == 200
        with clinic.app.app_context(), reading() as db_session:
            added.append(db_session.scalar(select(func.count(AuditEvent.id)).where(AuditEvent.at >= now)))
        since = now
    assert added[0] > 5  # a patient sees that somebody looked at who saw the record
    assert added[2:] == [1, 1]


def test_a_patient_reads_who_saw_the_record_and_nothing_of_others(clinic: Any) -> None:
    clinic.write("Mine.")
    clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}")
    clinic.therapist.get("/v1/me")
    mine = clinic.maya.read("/v1/audit-events")["items"]
    assert {each["patient_id"] for each in mine} == {clinic.ids["maya"]}
    assert "Therapist" in {each["actor_name"] for each in mine}
    theirs = clinic.tom.read("/v1/audit-events?patient_id=" + clinic.ids["maya"])["items"]
    assert theirs == []
    elsewhere = clinic.caller("elsewhere.admin").read("/v1/audit-events?limit=200")["items"]
    assert clinic.ids["maya"] not in {each["patient_id"] for each in elsewhere}


def test_a_patient_is_not_told_that_there_is_a_psychotherapy_note(clinic: Any) -> None:
    kept = clinic.note("I want to die, she said, and I was moved.", "psychotherapy")
    gone, shown = clinic.note("My own thoughts.", "psychotherapy")["id"], clinic.note("Pt was calm.")["id"]
    therapist = clinic.therapist
    for note in (kept["id"], gone, shown):
        therapist.read(f"/v1/notes/{note}")
    reviewed = therapist.post(f"/v1/mentions/{kept['themes'][0]['id']}/review", {"verdict": "confirmed"})
    assert reviewed.status_code == 200
    flag = therapist.read("/v1/safety-flags")["items"][0]["id"]
    assert therapist.post(f"/v1/safety-flags/{flag}/acknowledge", {}).status_code == 200
    assert therapist.delete(f"/v1/notes/{gone}", if_match="*").status_code == 204
    (review,) = (each["record_id"] for each in events(clinic) if each["operation"] == "reviewMention")
    hidden = {kept["id"], gone, flag, review}
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as file:
        exported = json.loads(file.read("record.json"))["audit_events"]
    told = clinic.maya.read("/v1/audit-events?limit=200")["items"]
    by_fhir = clinic.maya.read("/fhir/R4/AuditEvent?_count=200")
    for found in (told, exported, by_fhir):
        assert shown in json.dumps(found)
        for each in hidden:
            assert each not in json.dumps(found)
    assert [each["operation"] for each in told].count("writeNote") == 1
    assert "reviewMention" not in {each["operation"] for each in told}
    assert hidden <= {each["record_id"] for each in events(clinic)}  # the clinic's own trail is whole


def test_a_word_on_a_purpose_is_told_of_itself_and_not_as_the_one_that_it_replaces(clinic: Any) -> None:
    said = [{"purpose": "ehr", "is_granted": each, "wording": "As shown."} for each in (True, False)]
    made = {clinic.maya.create("/v1/me/consents", each)["id"] for each in said}
    assert {each["record_id"] for each in events(clinic) if each["resource"] == "Consent"} == made


def told_to_maya(clinic: Any) -> str:
    """What Maya is told of her own trail, in all three ways."""
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as file:
        exported = json.loads(file.read("record.json"))["audit_events"]
    told = clinic.maya.read("/v1/audit-events?limit=200")
    return json.dumps([told, exported, clinic.maya.read("/fhir/R4/AuditEvent?_count=200")])


@pytest.mark.parametrize("text", ["She is afraid of dying.", "I want to die, she said, and I was moved."])
@pytest.mark.parametrize("ending", ["delete", "edit"])
def test_nor_once_what_was_found_in_it_is_gone(clinic: Any, text: str, ending: str) -> None:
    therapist, note = clinic.therapist, clinic.note(text, "psychotherapy")
    path, found = f"/v1/notes/{note['id']}", {each["id"] for each in note["themes"]}
    for mention in found:
        therapist.read(f"/v1/mentions/{mention}")
        assert therapist.post(f"/v1/mentions/{mention}/review", {"verdict": "confirmed"}).status_code == 200
    flags = {each["id"] for each in therapist.read("/v1/safety-flags")["items"]}
    if ending == "delete":
        assert therapist.delete(path, if_match="*").status_code == 204
    else:
        assert therapist.patch(path, {"text": "All went well."}, if_match="*").status_code == 200
    for mention in found:
        assert therapist.get(f"/v1/mentions/{mention}").status_code == 404
    told = told_to_maya(clinic)
    for each in ("readMention", "reviewMention", note["id"], *found, *flags):
        assert each not in told
    assert found <= {each["record_id"] for each in events(clinic)}


@pytest.mark.parametrize("text", ["I am afraid of dying.", "I want to die."])
def test_a_patient_is_told_who_has_reviewed_a_mention_in_an_entry(clinic: Any, text: str) -> None:
    mention = clinic.write(text)["themes"][0]["id"]
    clinic.therapist.read(f"/v1/mentions/{mention}")
    for verdict in ("rejected", "confirmed"):
        reviewed = clinic.therapist.post(f"/v1/mentions/{mention}/review", {"verdict": verdict})
        assert reviewed.status_code == 200
    told = [each["operation"] for each in clinic.maya.read("/v1/audit-events?limit=200")["items"]]
    assert (told.count("readMention"), told.count("reviewMention")) == (1, 2)


def test_a_change_and_its_event_are_kept_together_or_not_at_all(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no trail")

    clinic.app.config["PROPAGATE_CRASHES"] = False
    monkeypatch.setattr("integration_api.access.audit.append_deeds", fail)
    try:
        statuses = [
            clinic.maya.post("/v1/journal-entries", {"text": "Mine."}).status_code,
            clinic.maya.get("/v1/journal-entries").status_code,
        ]
    finally:
        clinic.app.config["PROPAGATE_CRASHES"] = True
        monkeypatch.undo()
    assert statuses == [500, 500]
    assert clinic.maya.read("/v1/journal-entries")["items"] == []


def test_several_may_be_the_first_to_be_told_of(clinic: Any) -> None:
    """A new organization's trail has no key yet: one of those who come at the same moment makes it."""
    for number in range(4):
        name = f"ada.{number}"
        with clinic.app.app_context(), unit_of_work() as db_session:
            found_organization(db_session, f"New {number}", name)
        callers, barrier = [clinic.caller(name) for _ in range(4)], Barrier(4)

        def call(caller: Any, barrier: Barrier = barrier) -> int:
            barrier.wait()
            return int(caller.get("/v1/me").status_code)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(call, callers)) == [200] * 4
    with clinic.app.app_context(), reading() as db_session:
        assert [verdict.broken_at for _, verdict in verify_all(db_session, {})] == [None] * 6


class TestTampering:
    @pytest.fixture(autouse=True)
    def trail(self, clinic: Any) -> None:
        clinic.write("Mine.")
        clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}")

    @contextmanager
    def intruder(self, clinic: Any) -> Iterator[Connection]:
        """Somebody who may do anything with the database, and has no key."""
        with clinic.app.app_context(), db.engine.begin() as connection:
            speak_for(connection, EVERYBODY)
            allow_changes(connection)
            yield connection
            refuse_changes(connection)

    def broken(self, clinic: Any, noted: dict[UUID, tuple[int, str]] | None = None) -> list[int | None]:
        with clinic.app.app_context(), reading() as db_session:
            return [verdict.broken_at for _, verdict in verify_all(db_session, noted or {})]

    def test_an_untouched_trail_is_whole(self, clinic: Any) -> None:
        assert self.broken(clinic) == [None, None]

    @pytest.mark.parametrize(
        ("statement", "place"),
        [
            ("UPDATE audit_events SET actor_role = 'nurse' WHERE sequence = 4", 4),
            ("UPDATE audit_events SET at = '2020-01-01 00:00:00+00:00' WHERE sequence = 5", 5),
            ("DELETE FROM audit_events WHERE sequence = 3", 3),
            ("UPDATE audit_events SET sequence = sequence - 1 WHERE sequence > 1 AND sequence < 0", None),
            ("DELETE FROM audit_events WHERE sequence = 1", 1),
        ],
    )
    def test_a_change_is_found_where_it_is(self, clinic: Any, statement: str, place: int | None) -> None:
        with self.intruder(clinic) as connection:
            connection.execute(text(statement))
        assert place in self.broken(clinic)

    def test_a_trail_cut_short_is_found_by_what_was_noted(self, clinic: Any) -> None:
        with clinic.app.app_context(), reading() as db_session:
            noted = {one.id: (verdict.events, verdict.head) for one, verdict in verify_all(db_session, {})}
        assert self.broken(clinic, noted) == [None, None]
        with self.intruder(clinic) as connection:
            connection.execute(text("DELETE FROM audit_events WHERE sequence > 5"))
        assert self.broken(clinic) == [None, None]
        assert self.broken(clinic, noted)[0] == 6

    def test_the_database_itself_refuses(self, clinic: Any) -> None:
        for statement in ("UPDATE audit_events SET outcome = 'done'", "DELETE FROM audit_events"):
            with clinic.app.app_context(), db.engine.connect() as connection:
                speak_for(connection, EVERYBODY)
                with pytest.raises(DBAPIError):
                    connection.execute(text(statement))

    def test_the_command_says_where_each_trail_ends_and_fails_where_one_is_broken(
        self, clinic: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        monkeypatch.setattr(cli, "_app", lambda: clinic.app)
        whole = CliRunner().invoke(cli.main, ["audit", "verify"])
        assert (whole.exit_code, len(whole.stdout.splitlines())) == (0, 2)
        (tmp_path / "noted").write_text(whole.stdout)
        assert CliRunner().invoke(cli.main, ["audit", "verify", "--noted", str(tmp_path / "noted")]).exit_code == 0
        with self.intruder(clinic) as connection:
            connection.execute(text("DELETE FROM audit_events WHERE sequence = 3"))
        found = CliRunner().invoke(cli.main, ["audit", "verify"])
        assert found.exit_code == 1
        assert "broken at event 3" in found.stderr
