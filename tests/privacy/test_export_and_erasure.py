"""Taking everything along, and being forgotten."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from attaching import add
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select
from work import calls

from integration_api import cli
from integration_api.access.audit import tell
from integration_api.access.policy import Resource
from integration_api.access.use_cases import user_named
from integration_api.app import LINES
from integration_api.db import reading, unit_of_work
from integration_api.jobs.worker import everything_once
from integration_api.privacy import export, jobs
from integration_api.privacy.erasure import carry_out, due_erasures
from integration_api.privacy.export import pages_of
from integration_api.privacy.words import word
from integration_api.wiring import Parts
from models import Creation, DataKey, Document, Erasure, Mention, Patient, new_id, now

WISH = {"confirm": "erase everything"}


def take_along(caller: Any) -> tuple[dict[str, Any], str]:
    answer = caller.get("/v1/me/export")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        return json.loads(file.read("record.json")), file.read("record.html").decode()


class TestExport:
    def test_it_holds_everything_that_the_patient_may_read(self, clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(export, "PAGE", 5)  # so that every list of it has several pages
        course = clinic.open_course(indication="Low mood")["id"]
        clinic.hold_session(course, "2026-03-08T10:00:00Z", intention="To meet it kindly.")
        written = [clinic.write(f"Entry {number} 🌊 <b>bold</b>", visibility="private") for number in range(12)]
        clinic.note("Pt seen.")
        clinic.maya.create("/v1/commitments", {"text": "Call my sister on Sundays."})
        clinic.note("My own thoughts.", "psychotherapy")
        record, page = take_along(clinic.maya)
        assert {each["id"] for each in record["journal_entries"]} == {each["id"] for each in written}
        assert record["journal_entries"][0] == clinic.maya.read(f"/v1/journal-entries/{written[-1]['id']}")
        assert [each["text"] for each in record["notes"]] == ["Pt seen."]
        assert record["sessions"][0]["intention"] == "To meet it kindly."
        assert record["courses"][0]["indication"] == "Low mood"
        assert record["care_team"]["members"]
        assert [each["text"] for each in record["commitments"]] == ["Call my sister on Sundays."]
        assert record["audit_events"]
        for there in ("Entry 7 🌊 &lt;b&gt;", "Pt seen.", "To meet it kindly."):
            assert there in page
        assert "My own thoughts." not in page + json.dumps(record)
        assert "<b>bold" not in page

    def test_twice_as_many_entries_with_files_take_twice_as_long_to_write_down(self, clinic: Any) -> None:
        written = clinic.write("The door was blue.")["id"]
        add(clinic.maya, f"/v1/journal-entries/{written}/attachments")
        record, _ = take_along(clinic.maya)
        ((entry,), (file,)) = record["journal_entries"], record["attachments"]
        counts = []
        for many in (300, 600):
            entries = [entry | {"id": f"entry-{number}"} for number in range(many)]
            files = [file | {"id": f"file-{number}", "entry_id": f"entry-{number}"} for number in range(many)]
            grown = record | {"journal_entries": entries, "attachments": files}
            with clinic.app.test_request_context():
                counts.append(calls(lambda grown=grown: pages_of(grown, {})))
                page = pages_of(grown, {})["record.html"]
            assert page.count('<img src="files/file-') == many
        assert counts[1] < 2.5 * counts[0]

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_its_page_says_in_words_who_did_what(
        self, clinic: Any, monkeypatch: pytest.MonkeyPatch, language: str
    ) -> None:
        """Record systems, sign-ins and the shell stood there by names of the code: "saw DocumentReference"."""
        clinic.note("Pt seen.")
        clinic.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."})
        found = clinic.add_ehr().read(f"/fhir/R4/DocumentReference?patient={clinic.ids['maya']}")
        assert len(found["entry"]) == 1
        with clinic.app.app_context(), unit_of_work(everywhere=True) as db_session:
            tell(db_session, user_named(db_session, "maya").id, "checkPassword", "refused", "192.0.2.7")
        monkeypatch.setattr(cli, "_app", lambda: clinic.app)
        assert CliRunner().invoke(cli.main, ["token", "--as", "maya"]).exit_code == 0
        answer = clinic.maya.get("/v1/me/export", headers={"Accept-Language": language})
        with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
            events = json.loads(file.read("record.json"))["audit_events"]
            page = file.read("record.html").decode()
        assert {"DocumentReference", "SignIn", "Token"} <= {each["resource"] for each in events}
        assert "<td>service</td>" not in page
        for each in events:
            assert f" {each['resource']}</td>" not in page

    def test_there_is_a_word_for_everything_that_is_protected(self, app: Flask) -> None:
        with app.test_request_context():
            assert [each for each in Resource if word(each) == each] == []

    def test_nobody_elses(self, clinic: Any) -> None:
        clinic.write("Mine.")
        assert take_along(clinic.tom)[0]["journal_entries"] == []
        for who in ("therapist", "admin"):
            assert clinic.caller(who).get("/v1/me/export").status_code == 403
        assert clinic.caller("maya", "patient/JournalEntry.rs").get("/v1/me/export").status_code == 403


class TestErasure:
    def test_without_a_hold_everything_is_gone_at_once(self, clinic: Any) -> None:
        course = clinic.open_course(indication="Low mood")["id"]
        clinic.hold_session(course, "2026-03-08T10:00:00Z", intention="To meet it kindly.")
        entry = clinic.write("I am afraid of dying.")["id"]
        clinic.note("Pt seen.")
        clinic.note("My own thoughts of her.", "psychotherapy")
        kept = clinic.tom.create("/v1/journal-entries", {"text": "Tom's."})["id"]
        done = clinic.maya.create("/v1/me/erasure", WISH)
        assert done["done_at"] is not None
        assert clinic.tom.read(f"/v1/journal-entries/{kept}")["text"] == "Tom's."
        assert clinic.therapist.read("/v1/patients")["items"] == []
        assert clinic.therapist.get(f"/v1/journal-entries/{entry}").status_code == 404
        assert clinic.therapist.read("/v1/notes")["items"] == []
        assert clinic.admin.read(f"/v1/patients/{clinic.ids['maya']}")["name"] == "(erased)"
        with clinic.app.app_context(), reading() as db_session:
            maya = UUID(clinic.ids["maya"])
            texts = db_session.scalars(select(Document.text_sealed).where(Document.patient_id == maya)).all()
            assert texts == [None] * 3
            assert db_session.scalar(select(func.count(Mention.id)).where(Mention.patient_id == maya)) == 0
            keys = db_session.scalars(select(DataKey.sealed).where(DataKey.owner_id == maya)).all()
            assert keys == [None]

    def test_nothing_stays_by_which_what_was_sent_could_be_guessed(self, clinic: Any) -> None:
        """What makes a repeated create safe: names that an app gave, and digests of bodies as short as a mood's."""
        mood = {"valence": -3, "arousal": 2}
        clinic.maya.create("/v1/mood-check-ins", mood, idempotency_key="after the call with my father")
        clinic.maya.create("/v1/measure-responses", {"id": str(new_id()), "measure": "phq_2", "answers": [1, 2]})
        change = {"change_id": str(new_id()), "kind": "mood_check_in", "id": str(new_id()), "op": "put", "record": mood}
        assert clinic.maya.post("/v1/sync", {"changes": [change]}).status_code == 200
        note = {"id": str(new_id()), "patient_id": clinic.ids["maya"], "kind": "psychotherapy", "text": "Tearful."}
        clinic.therapist.create("/v1/notes", note)
        clinic.tom.create("/v1/mood-check-ins", mood, idempotency_key="Tom's")
        clinic.maya.create("/v1/me/erasure", WISH)
        with clinic.app.app_context(), reading() as db_session:
            assert db_session.scalars(select(Creation.key)).all() == ["key:Tom's"]

    def test_the_account_ends_with_the_record(self, clinic: Any) -> None:
        maya = clinic.maya
        maya.create("/v1/me/erasure", WISH)
        assert maya.get("/v1/me").status_code == 401

    def test_the_trail_stays(self, clinic: Any) -> None:
        clinic.write("Mine.")
        clinic.maya.create("/v1/me/erasure", WISH)
        told = clinic.admin.read(f"/v1/audit-events?patient_id={clinic.ids['maya']}")["items"]
        assert {"askForErasure", "writeJournalEntry"} <= {each["operation"] for each in told}

    def test_a_hold_keeps_the_record_sealed_until_its_day(self, clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        path = f"/v1/patients/{clinic.ids['maya']}"
        until = (now() + timedelta(days=30)).date().isoformat()
        clinic.admin.patch(path, {"retain_until": until}, if_match="*")
        shared, private = clinic.write("Shared."), clinic.write("Private.", visibility="private")
        wish = clinic.maya.create("/v1/me/erasure", WISH)
        assert (wish["held_until"], wish["done_at"]) == (until, None)
        assert clinic.maya.get(f"/v1/journal-entries/{private['id']}").status_code == 404
        assert clinic.maya.read(f"/v1/journal-entries/{shared['id']}")["text"] == "Shared."
        assert clinic.therapist.get(f"/v1/journal-entries/{shared['id']}").status_code == 404
        assert clinic.therapist.get(path).status_code == 404
        monkeypatch.setattr(cli, "_app", lambda: clinic.app)
        assert CliRunner().invoke(cli.main, ["erase-due"]).stdout == "0 erased\n"
        parts: Parts = clinic.app.extensions["parts"]
        later = parts.now() + timedelta(days=30)  # on the very day
        monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
        assert CliRunner().invoke(cli.main, ["erase-due"]).stdout == "1 erased\n"
        with clinic.app.app_context(), reading() as db_session:
            assert db_session.scalars(select(Erasure)).one().done_at == later
            assert db_session.get_one(Patient, UUID(clinic.ids["maya"])).name == "(erased)"

    def test_a_hold_keeps_nothing_that_was_the_patients_alone_and_lets_nobody_read_on(self, clinic: Any) -> None:
        path, maya, colleague = f"/v1/patients/{clinic.ids['maya']}", clinic.maya, clinic.caller("colleague")
        clinic.admin.patch(path, {"retain_until": "2100-01-01"}, if_match="*")
        felt = {"valence": -1, "arousal": 2}
        shared_mood, _ = (maya.create("/v1/mood-check-ins", felt | {"visibility": v}) for v in ("care_team", "private"))
        draft, entry = clinic.write("Half a", is_draft=True), f"/v1/journal-entries/{clinic.write('First.')['id']}"
        assert maya.patch(entry, {"text": "Second."}, if_match="*").status_code == 200
        assert maya.read(f"{entry}/versions")["items"]
        note = f"/v1/notes/{clinic.note('Pt seen.')['id']}"
        colleague.create(f"{path}/break-glass", {"reason": "Brought to the emergency room."})
        assert colleague.get(note).status_code == 200
        maya.create("/v1/me/erasure", WISH)
        assert colleague.get(note).status_code == 404
        assert [each["id"] for each in maya.read("/v1/mood-check-ins")["items"]] == [shared_mood["id"]]
        assert maya.get(f"/v1/journal-entries/{draft['id']}").status_code == 404
        assert maya.read(f"{entry}/versions")["items"] == []

    @pytest.mark.parametrize(("days", "then"), [(3000, 0), (None, 1), (5, 1)])
    def test_a_hold_that_the_clinic_changes_is_what_the_wish_waits_for(
        self, clinic: Any, monkeypatch: pytest.MonkeyPatch, days: int | None, then: int
    ) -> None:
        """A record that must be kept for longer after all would be destroyed on the day that was told first."""
        path, today = f"/v1/patients/{clinic.ids['maya']}", date.today()  # noqa: DTZ011  (days do)
        clinic.admin.patch(path, {"retain_until": str(today + timedelta(days=30))}, if_match="*")
        clinic.maya.create("/v1/me/erasure", WISH)
        until = None if days is None else str(today + timedelta(days=days))
        assert clinic.admin.patch(path, {"retain_until": until}, if_match="*").status_code == 200
        assert clinic.maya.read("/v1/me/erasure")["held_until"] == until
        monkeypatch.setattr(cli, "_app", lambda: clinic.app)
        parts: Parts = clinic.app.extensions["parts"]
        later = parts.now() + timedelta(days=31 if then == 0 else 6)
        monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
        assert CliRunner().invoke(cli.main, ["erase-due"]).stdout == f"{then} erased\n"

    def test_a_hold_that_grows_while_erasures_are_carried_out_is_kept(self, clinic: Any) -> None:
        path, today = f"/v1/patients/{clinic.ids['maya']}", date.today()  # noqa: DTZ011  (days do)
        clinic.admin.patch(path, {"retain_until": str(today + timedelta(days=30))}, if_match="*")
        clinic.maya.create("/v1/me/erasure", WISH)
        later = datetime.now(UTC) + timedelta(days=31)
        with clinic.app.app_context(), reading() as db_session:
            (due,) = due_erasures(db_session, later.date())
        clinic.admin.patch(path, {"retain_until": "2100-01-01"}, if_match="*")
        with clinic.app.app_context(), unit_of_work() as db_session:
            assert not carry_out(db_session, due, later)
        assert clinic.admin.read(path)["name"] == "Maya"

    def test_one_that_fails_keeps_no_other_from_being_carried_out(
        self, clinic: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Each day the command ended at the same one, and whoever came after it waited for ever."""
        for name in ("maya", "tom"):
            path, until = f"/v1/patients/{clinic.ids[name]}", datetime.now(UTC).date() + timedelta(days=2)
            clinic.admin.patch(path, {"retain_until": str(until)}, if_match="*")
            clinic.caller(name).create("/v1/me/erasure", WISH)
        parts: Parts = clinic.app.extensions["parts"]
        later = parts.now() + timedelta(days=3)
        monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
        monkeypatch.setattr(cli, "_app", lambda: clinic.app)
        erase, tried = jobs.carry_out, []

        def fail_at_first(db_session: Any, erasure_id: UUID, at: datetime) -> bool:
            tried.append(erasure_id)
            if len(tried) == 1:
                erase(db_session, erasure_id, at)
                raise RuntimeError("words of somebody's")
            return erase(db_session, erasure_id, at)

        monkeypatch.setattr(jobs, "carry_out", fail_at_first)
        done = CliRunner().invoke(cli.main, ["erase-due"])
        assert (done.exit_code, done.stdout) == (1, "1 erased\n")
        assert [each.getMessage() for each in caplog.records] == [f"erasure {tried[0]} failed: RuntimeError"]
        again = CliRunner().invoke(cli.main, ["erase-due"])
        assert (again.exit_code, again.stdout) == (0, "1 erased\n")
        names = [clinic.admin.read(f"/v1/patients/{clinic.ids[name]}")["name"] for name in ("maya", "tom")]
        assert names == ["(erased)", "(erased)"]

    def test_the_worker_carries_out_what_had_to_wait(self, clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A clinic that has no daily job for it would keep for good what somebody asked to have forgotten."""
        path, parts = f"/v1/patients/{clinic.ids['maya']}", clinic.app.extensions["parts"]
        clinic.admin.patch(path, {"retain_until": str(datetime.now(UTC).date() + timedelta(days=2))}, if_match="*")
        clinic.maya.create("/v1/me/erasure", WISH)
        everything_once(clinic.app, LINES)
        assert clinic.admin.read(path)["name"] == "Maya"
        later = parts.now() + timedelta(days=3)
        monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
        everything_once(clinic.app, LINES)
        assert clinic.admin.read(path)["name"] == "(erased)"

    @pytest.mark.parametrize("until", [None, "2100-01-01"])
    def test_nobody_is_let_into_the_record_again(self, clinic: Any, until: str | None) -> None:
        """Nothing would erase what came in then: the wish has been carried out, and the account is gone."""
        path = f"/v1/patients/{clinic.ids['maya']}"
        clinic.admin.patch(path, {"retain_until": until}, if_match="*")
        clinic.maya.create("/v1/me/erasure", WISH)
        team = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
        assert clinic.admin.put(f"{path}/care-team", team, if_match="*").status_code == 409
        assert clinic.admin.put(f"{path}/care-team", {"members": []}, if_match="*").status_code == 200
        note = {"patient_id": clinic.ids["maya"], "kind": "psychotherapy", "text": "After."}
        assert clinic.therapist.post("/v1/notes", note).status_code == 422  # there is no such patient
        assert clinic.therapist.get(path).status_code == 404
        opening = clinic.caller("colleague").post(f"{path}/break-glass", {"reason": "Brought to the emergency room."})
        renamed = clinic.admin.patch(path, {"name": "Maya Lind", "birth_date": "1990-02-28"}, if_match="*")
        assert (opening.status_code, renamed.status_code) == ((404, 409) if until is None else (201, 200))
        assert clinic.admin.read(path)["name"] == ("(erased)" if until is None else "Maya Lind")

    @pytest.mark.parametrize("body", [{}, {"confirm": "yes"}, {"confirm": True}])
    def test_it_must_be_said_clearly(self, clinic: Any, body: dict[str, Any]) -> None:
        assert clinic.maya.post("/v1/me/erasure", body).status_code == 422
        assert clinic.maya.get("/v1/me").status_code == 200

    def test_twice_is_a_conflict_and_none_is_not_found(self, clinic: Any) -> None:
        assert clinic.maya.get("/v1/me/erasure").status_code == 404
        clinic.admin.patch(f"/v1/patients/{clinic.ids['maya']}", {"retain_until": "2100-01-01"}, if_match="*")
        clinic.maya.create("/v1/me/erasure", WISH)
        assert clinic.maya.post("/v1/me/erasure", WISH).status_code == 409
        assert clinic.maya.read("/v1/me/erasure")["held_until"] == "2100-01-01"
