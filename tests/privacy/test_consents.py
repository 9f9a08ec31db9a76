"""What a patient says counts at once: with the care team, with the EHR, with whoever breaks the glass."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from integration_api.db import unit_of_work
from integration_api.wiring import Parts
from models import Consent, new_id, now

WORDING = "As it was shown to me."


def say(caller: Any, purpose: str, *, yes: bool) -> None:
    caller.create("/v1/me/consents", {"purpose": purpose, "is_granted": yes, "wording": WORDING})


@pytest.fixture
def ehr(clinic: Any) -> Any:
    """A record system of the clinic's."""
    return clinic.add_ehr()


class TestSharingWithTheCareTeam:
    def test_a_no_closes_every_entry_and_all_that_came_of_it_and_a_yes_opens_them_again(self, clinic: Any) -> None:
        entry = clinic.write("I am afraid of dying.")
        note = clinic.note("Pt speaks of a fear of dying.")
        maya, mention = clinic.ids["maya"], entry["themes"][0]["id"]
        paths = [f"/v1/journal-entries/{entry['id']}", f"/v1/mentions/{mention}"]

        def seen() -> tuple[list[int], int, dict[str, int]]:
            timeline = clinic.therapist.read(f"/v1/patients/{maya}/themes/mortality")
            listed = len(clinic.therapist.read("/v1/journal-entries")["items"])
            return [clinic.therapist.get(path).status_code for path in paths], listed, timeline["by_source"]

        before = seen()
        assert before == ([200, 200], 1, {"journal": 1, "note": 1})
        say(clinic.maya, "care_team", yes=False)
        assert seen() == ([404, 404], 0, {"journal": 0, "note": 1})
        assert clinic.maya.get(paths[0]).status_code == 200
        assert clinic.therapist.get(f"/v1/notes/{note['id']}").status_code == 200
        say(clinic.maya, "care_team", yes=True)
        assert seen() == before

    def test_the_latest_word_is_the_latest_to_arrive_whatever_its_id(self, clinic: Any) -> None:
        entry = clinic.write("Mine.")
        first, second = str(new_id()), str(new_id())
        word = {"purpose": "care_team", "wording": WORDING}
        clinic.maya.create("/v1/me/consents", word | {"id": second, "is_granted": True})
        clinic.maya.create("/v1/me/consents", word | {"id": first, "is_granted": False})
        assert clinic.therapist.get(f"/v1/journal-entries/{entry['id']}").status_code == 404

    def test_each_word_is_kept_with_its_wording(self, clinic: Any) -> None:
        say(clinic.maya, "ehr", yes=True)
        say(clinic.maya, "ehr", yes=False)
        words = clinic.maya.read("/v1/me/consents")["items"]
        assert [(each["is_granted"], each["wording"]) for each in words] == [(False, WORDING), (True, WORDING)]

    def test_the_id_of_the_word_that_counts_is_taken_also_where_it_was_ours(self, clinic: Any) -> None:
        word = {"purpose": "care_team", "is_granted": False, "wording": WORDING}
        made = clinic.maya.create("/v1/me/consents", word)
        answer = clinic.maya.post("/v1/me/consents", word | {"id": made["id"]})
        assert answer.status_code == 409, answer.text
        assert clinic.maya.read("/v1/me/consents")["items"] == [made]


class TestTheEhr:
    def test_it_sees_nothing_until_the_patient_agrees_and_nothing_after(self, clinic: Any, ehr: Any) -> None:
        entry, private = clinic.write("Mine."), clinic.write("Mine alone.", visibility="private")
        note, own = clinic.note("Pt seen."), clinic.note("My own thoughts.", "psychotherapy")
        shared = [f"/v1/journal-entries/{entry['id']}", f"/v1/notes/{note['id']}", f"/v1/patients/{clinic.ids['maya']}"]
        never = [f"/v1/journal-entries/{private['id']}", f"/v1/notes/{own['id']}", f"/v1/patients/{clinic.ids['tom']}"]

        def seen() -> tuple[list[int], list[int]]:
            return [ehr.get(path).status_code for path in shared], [ehr.get(path).status_code for path in never]

        assert seen() == ([404] * 3, [404] * 3)
        say(clinic.maya, "ehr", yes=True)
        assert seen() == ([200] * 3, [404] * 3)
        assert [each["id"] for each in ehr.read("/v1/patients")["items"]] == [clinic.ids["maya"]]
        assert [each["id"] for each in ehr.read("/v1/journal-entries")["items"]] == [entry["id"]]
        say(clinic.maya, "ehr", yes=False)
        assert seen() == ([404] * 3, [404] * 3)

    @pytest.mark.parametrize("by", ["consent", "erasure"])
    def test_a_no_counts_though_the_yes_before_came_by_a_machine_whose_clock_is_ahead(
        self, clinic: Any, ehr: Any, by: str
    ) -> None:
        note, path = clinic.note("Pt seen."), f"/v1/patients/{clinic.ids['maya']}"
        clinic.admin.patch(path, {"retain_until": "2199-12-31"}, if_match="*")
        say(clinic.maya, "ehr", yes=True)
        with clinic.app.app_context(), unit_of_work() as db_session:
            db_session.execute(update(Consent).values(at=now() + timedelta(seconds=90)))
        if by == "consent":
            say(clinic.maya, "ehr", yes=False)
        else:
            clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
        assert [ehr.get(each).status_code for each in (path, f"/v1/notes/{note['id']}")] == [404, 404]
        if by == "consent":
            assert [each["is_granted"] for each in clinic.maya.read("/v1/me/consents")["items"]] == [False, True]
            say(clinic.maya, "ehr", yes=True)
            assert ehr.get(path).status_code == 200

    def test_its_scope_limits_it_further(self, clinic: Any, ehr: Any) -> None:
        say(clinic.maya, "ehr", yes=True)
        narrow = clinic.caller("ehr", "system/Session.rs")
        assert narrow.get("/v1/sessions").status_code == 200
        assert narrow.get("/v1/journal-entries").status_code == 403

    def test_sharing_with_the_ehr_is_no_sharing_of_what_the_care_team_may_not_read(self, clinic: Any, ehr: Any) -> None:
        entry = clinic.write("Mine.")
        say(clinic.maya, "ehr", yes=True)
        say(clinic.maya, "care_team", yes=False)
        assert ehr.get(f"/v1/journal-entries/{entry['id']}").status_code == 404


class TestBreakGlass:
    REASON = "Brought in unconscious, her dose is needed."

    @pytest.fixture
    def path(self, clinic: Any) -> str:
        return f"/v1/patients/{clinic.ids['maya']}/break-glass"

    def test_it_opens_what_the_care_team_reads_and_no_more(self, clinic: Any, path: str) -> None:
        entry, private = clinic.write("Mine."), clinic.write("Mine alone.", visibility="private")
        own, colleague = clinic.note("My own thoughts.", "psychotherapy"), clinic.caller("colleague")
        asked = [f"/v1/journal-entries/{entry['id']}", f"/v1/patients/{clinic.ids['maya']}/themes"]
        closed = [f"/v1/journal-entries/{private['id']}", f"/v1/notes/{own['id']}"]
        assert [colleague.get(each).status_code for each in asked] == [404, 404]
        opened = colleague.create(path, {"reason": self.REASON, "minutes": 10})
        assert opened["clinician_name"] == "Colleague"
        assert [colleague.get(each).status_code for each in asked] == [200, 200]
        assert [colleague.get(each).status_code for each in closed] == [404, 404]
        note = {"patient_id": clinic.ids["maya"], "kind": "progress", "text": "Seen."}
        assert colleague.post("/v1/notes", note).status_code == 422
        assert colleague.post("/v1/courses", {"patient_id": clinic.ids["maya"]}).status_code == 422

    def test_it_ends_by_itself(self, clinic: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        entry, colleague = clinic.write("Mine."), clinic.caller("colleague")
        colleague.create(path, {"reason": self.REASON, "minutes": 1})
        assert colleague.get(f"/v1/journal-entries/{entry['id']}").status_code == 200
        parts: Parts = clinic.app.extensions["parts"]
        later = parts.now() + timedelta(seconds=61)
        monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
        assert colleague.get(f"/v1/journal-entries/{entry['id']}").status_code == 404

    def test_patient_admin_and_trail_know_of_it(self, clinic: Any, path: str) -> None:
        colleague = clinic.caller("colleague")
        colleague.create(path, {"reason": self.REASON})
        colleague.read(f"/v1/patients/{clinic.ids['maya']}")
        for who in ("maya", "therapist", "admin"):
            (opening,) = clinic.caller(who).read(path)["items"]
            assert opening["reason"] == self.REASON
        assert clinic.tom.get(path).status_code == 404
        seen = clinic.maya.read("/v1/audit-events")["items"]
        assert ("readPatient", "break_glass", "Colleague") in {
            (each["operation"], each["purpose"], each["actor_name"]) for each in seen
        }

    @pytest.mark.parametrize(
        "body", [{"reason": "short"}, {"reason": REASON, "minutes": 61}, {"reason": REASON, "minutes": 0}, {}]
    )
    def test_it_needs_a_reason_and_is_short(self, clinic: Any, path: str, body: dict[str, Any]) -> None:
        assert clinic.caller("colleague").post(path, body).status_code == 422

    def test_who_is_on_the_team_or_elsewhere_cannot(self, clinic: Any, path: str) -> None:
        body = {"reason": self.REASON}
        assert clinic.therapist.post(path, body).status_code == 409
        assert clinic.caller("elsewhere.therapist").post(path, body).status_code == 404
        for who in ("maya", "admin"):
            assert clinic.caller(who).post(path, body).status_code == 403
