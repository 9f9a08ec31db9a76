"""One text that does not open any more: all others are shown, it is told, and nothing is lost over it."""

import io
import logging
import zipfile
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from integration_api.app import LINES
from integration_api.db import showing, unit_of_work
from integration_api.jobs.health import late_tasks
from integration_api.jobs.worker import everything_once
from integration_api.phone.queue import Queue
from integration_api.privacy.damage import Damaged, open_every_text
from models import Commitment, Document, DocumentVersion, Intention, MeasureResponse, Session

UNREADABLE = "urn:integration-api:problem:unreadable"
WORDS = "I am afraid of the harbour at night."
PAST: dict[str, Any] = {"synchronize_session": False}


def damage(clinic: Any, table: Any, record_id: str, column: str = "text_sealed", cell: bytes | None = None) -> bytes:
    """Change a byte of a cell past the API, or put another cell there; give what was there."""
    with clinic.app.app_context(), unit_of_work() as db_session:
        at = getattr(table, column)
        found: bytes = db_session.execute(select(at).where(table.id == UUID(record_id))).scalar_one()
        broken = found[:-1] + bytes([found[-1] ^ 1]) if cell is None else cell
        values = {column: broken, "updated_at": table.updated_at}
        db_session.execute(update(table).where(table.id == UUID(record_id)).values(values).execution_options(**PAST))
        return found


@pytest.fixture
def entries(clinic: Any) -> tuple[str, str]:
    """One that cannot be opened, and one that can."""
    course = clinic.open_course()["id"]
    clinic.hold_session(course, "2026-03-08T10:00:00Z")
    broken, whole = clinic.write(WORDS)["id"], clinic.write("I miss my father. I slept well.")["id"]
    damage(clinic, Document, broken)
    return broken, whole


def test_a_list_shows_the_others_and_says_which_cannot_be_opened(
    clinic: Any, entries: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = entries
    with caplog.at_level(logging.ERROR):
        for reader in (clinic.maya, clinic.therapist):
            listed = {each["id"]: each for each in reader.read("/v1/journal-entries")["items"]}
            assert listed[whole]["text"] == "I miss my father. I slept well."
            assert "is_unreadable" not in listed[whole]
            assert (listed[broken]["text"], listed[broken]["is_unreadable"]) == ("", True)
    assert broken in caplog.text
    assert "harbour" not in caplog.text


@pytest.mark.parametrize("cell", [b"", b"\x01", b"\x01short", b"\x02" + b"x" * 60])
def test_however_it_was_damaged(clinic: Any, entries: tuple[str, str], cell: bytes) -> None:
    broken, _ = entries
    damage(clinic, Document, broken, cell=cell)
    assert len(clinic.maya.read("/v1/journal-entries")["items"]) == 2
    assert clinic.maya.get(f"/v1/journal-entries/{broken}").json["type"] == UNREADABLE


def test_by_itself_it_is_a_problem_and_is_not_written_over(clinic: Any, entries: tuple[str, str]) -> None:
    broken, _ = entries
    path = f"/v1/journal-entries/{broken}"
    answer = clinic.maya.get(path)
    assert (answer.status_code, answer.json["type"]) == (500, UNREADABLE)
    for change in (
        clinic.maya.patch(path, {"text": "Other words."}, if_match="*"),
        clinic.maya.patch(path, {"visibility": "private"}, if_match="*"),
        clinic.maya.put(path, {"text": "Other words."}, if_match="*"),
    ):
        assert (change.status_code, change.json["type"]) == (500, UNREADABLE)
    with clinic.app.app_context(), showing() as db_session:
        assert db_session.scalar(select(Document.version).where(Document.id == UUID(broken))) == 1


def test_its_writer_can_still_delete_it(clinic: Any, entries: tuple[str, str]) -> None:
    broken, whole = entries
    assert clinic.maya.delete(f"/v1/journal-entries/{broken}", if_match="*").status_code == 204
    assert [each["id"] for each in clinic.maya.read("/v1/journal-entries")["items"]] == [whole]


def test_what_is_reckoned_from_a_record_is_answered(clinic: Any, entries: tuple[str, str]) -> None:
    patient = f"/v1/patients/{clinic.ids['maya']}"
    clinic.maya.create("/v1/commitments", {"text": "Call my father."})
    therapist = clinic.therapist
    for path in ("themes", "motifs", "patterns", "brief", "brief/page", "measures"):
        assert therapist.get(f"{patient}/{path}").status_code == 200, path
    assert therapist.get("/v1/caseload").status_code == 200
    for path in ("/v1/me/home", "/v1/commitments", "/v1/prompts", f"{patient}/themes"):
        assert clinic.maya.get(path).status_code == 200, path
    found = therapist.post(f"{patient}/search", {"words": "father"}).json["items"]
    assert [each["document_id"] for each in found] == [entries[1]]


def test_what_was_read_off_a_gap_is_read_again_when_it_is_mended(clinic: Any) -> None:
    entry = clinic.write(WORDS)["id"]
    cell = damage(clinic, Document, entry)
    path = f"/v1/patients/{clinic.ids['maya']}/themes"
    first = [quote["quote"] for each in clinic.maya.read(path)["items"] for quote in each["evidence"]]
    assert first
    assert set(first) == {""}
    damage(clinic, Document, entry, cell=cell)
    again = [quote["quote"] for each in clinic.therapist.read(path)["items"] for quote in each["evidence"]]
    assert again
    assert "" not in again


def test_a_flag_can_be_seen_and_acted_on(clinic: Any) -> None:
    entry = clinic.write("I want to kill myself.")["id"]
    damage(clinic, Document, entry)
    (flag,) = clinic.therapist.read("/v1/safety-flags")["items"]
    path = f"/v1/safety-flags/{flag['id']}"
    assert clinic.therapist.read(path)["evidence"][0]["quote"] == ""
    assert clinic.therapist.post(f"{path}/acknowledge", {}).status_code == 200


class TestOtherTexts:
    """Each in its list, with what is beside it."""

    def test_courses_sessions_notes_commitments_and_answers(self, clinic: Any) -> None:
        course = clinic.open_course(indication="Low mood")["id"]
        session = clinic.hold_session(course, "2026-03-08T10:00:00Z", intention="To meet it kindly.")["id"]
        note = clinic.note("Pt seen.")["id"]
        body = {"measure": "phq_9", "answers": [1, 2, 1, 1, 0, 2, 1, 0, 1]}
        response = clinic.maya.create("/v1/measure-responses", body)["id"]
        commitment = clinic.maya.create("/v1/commitments", {"text": "Call my sister.", "visibility": "care_team"})["id"]
        intention = clinic.maya.create("/v1/intentions", {"text": "To be kind.", "visibility": "care_team"})["id"]
        damage(clinic, Session, session, "intention_sealed")
        damage(clinic, Document, note)
        damage(clinic, MeasureResponse, response, "answers_sealed")
        damage(clinic, Commitment, commitment)
        damage(clinic, Intention, intention)
        for path in ("sessions", "notes", "measure-responses", "commitments", "intentions"):
            for reader in (clinic.maya, clinic.therapist):
                (item,) = reader.read(f"/v1/{path}")["items"]
                assert item["is_unreadable"] is True, path
            assert clinic.maya.get(f"/v1/{path}/{item['id']}").json["type"] == UNREADABLE, path
        assert "is_unreadable" not in clinic.maya.read("/v1/courses")["items"][0]
        for path in ("brief", "measures", "measures/phq_9"):
            assert clinic.therapist.get(f"/v1/patients/{clinic.ids['maya']}/{path}").status_code == 200, path
        assert clinic.maya.get("/v1/me/home").status_code == 200
        assert clinic.therapist.get("/v1/safety-flags").status_code == 200

    def test_an_entrys_former_words(self, clinic: Any) -> None:
        entry = clinic.write("One.")["id"]
        clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "Two."}, if_match="*")
        (version,) = clinic.maya.read(f"/v1/journal-entries/{entry}/versions")["items"]
        damage(clinic, DocumentVersion, version["id"])
        (shown,) = clinic.maya.read(f"/v1/journal-entries/{entry}/versions")["items"]
        assert (shown["text"], shown["is_unreadable"]) == ("", True)
        assert clinic.maya.read(f"/v1/journal-entries/{entry}")["text"] == "Two."


class TestSync:
    def test_the_phone_is_told_and_forgets_nothing(self, clinic: Any, entries: tuple[str, str]) -> None:
        broken, whole = entries
        answer = clinic.maya.post("/v1/sync", {"token": None, "changes": []})
        assert answer.status_code == 200
        told = {each["id"]: each for each in answer.json["changes"]}
        assert told[whole]["record"]["text"] == "I miss my father. I slept well."
        assert "problem" not in told[whole]
        assert (told[broken]["deleted"], told[broken]["record"]) == (False, None)
        assert told[broken]["problem"]["type"] == UNREADABLE

    def test_a_change_to_it_is_refused_and_holds_up_no_other(self, clinic: Any, entries: tuple[str, str]) -> None:
        broken, whole = entries
        changes = [
            {
                "change_id": f"0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e{number}",
                "kind": "journal_entry",
                "id": record,
                "op": "put",
                "base_version": 1,
                "record": {"text": "Other words."},
            }
            for number, record in ((41, broken), (42, whole))
        ]
        first, second = clinic.maya.post("/v1/sync", {"token": None, "changes": changes}).json["results"]
        assert (first["outcome"], first["record"], first["problem"]["type"]) == ("refused", None, UNREADABLE)
        assert (second["outcome"], second["record"]["text"]) == ("applied", "Other words.")

    def test_a_create_that_is_sent_again_does_not_make_the_phone_drop_it(self, clinic: Any) -> None:
        record = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e51"
        change = {"change_id": record, "kind": "journal_entry", "id": record, "op": "put", "record": {"text": WORDS}}
        assert clinic.maya.post("/v1/sync", {"changes": [change]}).json["results"][0]["outcome"] == "applied"
        damage(clinic, Document, record)
        (again,) = clinic.maya.post("/v1/sync", {"changes": [change]}).json["results"]
        assert (again["outcome"], again["problem"]["type"]) == ("unchanged", UNREADABLE)


def test_everything_else_can_be_taken_along(clinic: Any, entries: tuple[str, str]) -> None:
    answer = clinic.maya.get("/v1/me/export")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        page = archive.read("record.html").decode()
        assert "I miss my father." in page
        assert "cannot be opened right now" in page
        assert b'"is_unreadable": true' in archive.read("record.json")


def test_a_record_system_gets_the_others_and_learns_that_one_is_not_whole(
    clinic: Any, entries: tuple[str, str]
) -> None:
    broken, whole = entries
    ehr = clinic.add_ehr()
    clinic.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."})
    found = ehr.read(f"/fhir/R4/DocumentReference?patient={clinic.ids['maya']}")["entry"]
    told = {each["resource"]["id"]: each["resource"] for each in found}
    attachment = told[broken]["content"][0]["attachment"]
    assert "data" not in attachment
    assert attachment["_data"]["extension"][0]["valueCode"] == "error"
    assert [each["code"] for each in told[broken]["meta"]["tag"]] == ["SUBSETTED"]
    assert "_data" not in told[whole]["content"][0]["attachment"]
    alone = ehr.get(f"/fhir/R4/DocumentReference/{broken}")
    assert (alone.status_code, alone.json["resourceType"]) == (500, "OperationOutcome")


def test_whoever_keeps_the_service_comes_to_know(
    clinic: Any, entries: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = entries
    with clinic.app.app_context():
        assert open_every_text.__name__ in late_tasks()
        with caplog.at_level(logging.ERROR), pytest.raises(Damaged):
            open_every_text()
    assert f"documents {broken}" in caplog.text
    assert whole not in caplog.text
    clinic.maya.delete(f"/v1/journal-entries/{broken}", if_match="*")
    with clinic.app.app_context():
        assert open_every_text() == 0


def test_it_keeps_no_other_task_of_the_worker_from_being_done(clinic: Any, entries: tuple[str, str]) -> None:
    with pytest.raises(Damaged):
        everything_once(clinic.app, LINES)
    with clinic.app.app_context():
        assert list(late_tasks()) == [open_every_text.__name__]
    clinic.maya.delete(f"/v1/journal-entries/{entries[0]}", if_match="*")
    everything_once(clinic.app, LINES)
    with clinic.app.app_context():
        assert late_tasks() == {}


def test_a_phone_goes_on_with_what_it_has(tmp_path: Any) -> None:
    queue = Queue(tmp_path / "queue.sqlite3")
    queue.keep("journal_entry", "one", {"text": WORDS})
    queue.doubt_all()
    queue.trust("journal_entry", "one")
    queue.forget_doubtful()
    assert queue.record("journal_entry", "one") == {"text": WORDS}
