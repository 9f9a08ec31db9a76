"""Taking everything along."""

import io
import json
import zipfile
from typing import Any

import pytest
from attaching import add
from click.testing import CliRunner
from flask import Flask
from work import calls

from integration_api import cli
from integration_api.access.audit import tell
from integration_api.access.policy import Resource
from integration_api.access.use_cases import user_named
from integration_api.db import unit_of_work
from integration_api.privacy import export
from integration_api.privacy.export import pages_of
from integration_api.privacy.words import word


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
        notes = [clinic.note("Pt called."), clinic.note("My own first thoughts.", "psychotherapy")]
        for note, text in zip(notes, ("Pt seen.", "My own thoughts."), strict=True):
            clinic.therapist.patch(f"/v1/notes/{note['id']}", {"text": text}, if_match="*")
        clinic.maya.create("/v1/commitments", {"text": "Call my sister on Sundays."})
        record, page = take_along(clinic.maya)
        assert {each["id"] for each in record["journal_entries"]} == {each["id"] for each in written}
        assert record["journal_entries"][0] == clinic.maya.read(f"/v1/journal-entries/{written[-1]['id']}")
        assert [each["text"] for each in record["notes"]] == ["Pt seen."]
        assert [each["text"] for each in record["note_versions"]] == ["Pt called."]
        assert record["sessions"][0]["intention"] == "To meet it kindly."
        assert record["courses"][0]["indication"] == "Low mood"
        assert record["care_team"]["members"]
        assert [each["text"] for each in record["commitments"]] == ["Call my sister on Sundays."]
        assert record["audit_events"]
        for there in ("Entry 7 🌊 &lt;b&gt;", "Pt seen.", "Pt called.", "To meet it kindly."):
            assert there in page
        assert "My own" not in page + json.dumps(record)
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
