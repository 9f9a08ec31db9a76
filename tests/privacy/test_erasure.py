"""Being forgotten."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from integration_api import cli
from integration_api.app import LINES
from integration_api.db import reading, unit_of_work
from integration_api.jobs.worker import everything_once
from integration_api.privacy import jobs
from integration_api.privacy.erasure import carry_out, due_erasures
from integration_api.wiring import Parts
from models import Creation, DataKey, Document, DocumentVersion, Erasure, Mention, Patient, new_id, now

WISH = {"confirm": "erase everything"}


class TestErasure:
    def test_without_a_hold_everything_is_gone_at_once(self, clinic: Any) -> None:
        course = clinic.open_course(indication="Low mood")["id"]
        clinic.hold_session(course, "2026-03-08T10:00:00Z", intention="To meet it kindly.")
        entry = clinic.write("I am afraid of dying.")["id"]
        for note in (clinic.note("Pt."), clinic.note("My own thoughts of her.", "psychotherapy")):
            clinic.therapist.patch(f"/v1/notes/{note['id']}", {"text": "Pt seen."}, if_match="*")
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
            assert db_session.scalars(select(DocumentVersion.document_id)).all() == []
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
        assert clinic.therapist.patch(note, {"text": "Pt seen twice."}, if_match="*").status_code == 200
        colleague.create(f"{path}/break-glass", {"reason": "Brought to the emergency room."})
        assert colleague.get(note).status_code == 200
        maya.create("/v1/me/erasure", WISH)
        assert colleague.get(note).status_code == 404
        assert [each["id"] for each in maya.read("/v1/mood-check-ins")["items"]] == [shared_mood["id"]]
        assert maya.get(f"/v1/journal-entries/{draft['id']}").status_code == 404
        assert maya.read(f"{entry}/versions")["items"] == []
        assert [each["text"] for each in maya.read(f"{note}/versions")["items"]] == ["Pt seen."]  # the clinic's to keep

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
