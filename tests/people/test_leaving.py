"""Somebody leaves: the account is switched off, by the clinic's admin or from the command line, and all it had ends."""

from typing import Any

import pytest
from click.testing import CliRunner, Result

from integration_api import cli


@pytest.fixture
def run(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(cli, "_app", lambda: clinic.app)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(cli.main, arguments)

    return command


def switch(clinic: Any, name: str, *, is_active: bool) -> Any:
    path = f"/v1/clinicians/{clinic.ids[name]}"
    return clinic.admin.patch(path, {"is_active": is_active}, if_match=clinic.admin.etag(path))


def team(clinic: Any, caller: Any) -> list[str]:
    return [each["name"] for each in caller.read(f"/v1/patients/{clinic.ids['maya']}/care-team")["members"]]


class TestByTheAdmin:
    def test_the_account_is_shut_and_shown_to_be(self, clinic: Any) -> None:
        leaver, path = clinic.therapist, f"/v1/clinicians/{clinic.ids['therapist']}"
        before = clinic.admin.read(path)
        answer = switch(clinic, "therapist", is_active=False)
        assert (before["is_active"], answer.status_code, answer.json["is_active"]) == (True, 200, False)
        assert answer.json["version"] == before["version"] + 1
        assert clinic.admin.read(path) == answer.json
        assert leaver.get("/v1/me").status_code == 401
        assert (
            leaver.post(f"/v1/patients/{clinic.ids['tom']}/break-glass", {"reason": "I am let in."}).status_code == 401
        )

    def test_no_care_team_has_them_any_more(self, clinic: Any) -> None:
        path = f"/v1/patients/{clinic.ids['maya']}/care-team"
        before = clinic.maya.read(path)
        assert team(clinic, clinic.maya) == ["Therapist", "Physician", "Nurse"]
        switch(clinic, "therapist", is_active=False)
        after = clinic.maya.read(path)
        assert team(clinic, clinic.maya) == ["Physician", "Nurse"]
        assert after["version"] == before["version"] + 1
        assert after["members"] == before["members"][1:]

    def test_what_was_opened_by_break_glass_is_closed(self, clinic: Any) -> None:
        path = f"/v1/patients/{clinic.ids['maya']}/break-glass"
        opened = clinic.caller("colleague").create(path, {"reason": "An emergency.", "minutes": 60})
        switch(clinic, "colleague", is_active=False)
        (told,) = clinic.maya.read(path)["items"]
        assert (told["id"], told["reason"]) == (opened["id"], "An emergency.")
        assert opened["opened_at"] < told["expires_at"] < opened["expires_at"]
        switch(clinic, "colleague", is_active=True)
        assert clinic.caller("colleague").get(f"/v1/patients/{clinic.ids['maya']}").status_code == 404

    def test_what_they_wrote_stays(self, clinic: Any) -> None:
        note = clinic.note("Maya is well.")
        switch(clinic, "therapist", is_active=False)
        kept = clinic.caller("nurse").read(f"/v1/notes/{note['id']}")
        assert (kept["text"], kept["author_id"]) == ("Maya is well.", note["author_id"])

    def test_the_trail_tells_of_the_clinician_and_of_each_patient(self, clinic: Any) -> None:
        switch(clinic, "therapist", is_active=False)
        events = clinic.admin.read("/v1/audit-events?limit=200")["items"]
        told = {(e["patient_id"], e["record_id"]) for e in events if e["operation"] == "changeClinician"}
        (of_maya,) = [record for patient, record in told if patient == clinic.ids["maya"]]
        assert told == {(None, clinic.ids["therapist"]), (clinic.ids["maya"], of_maya)}

    def test_switched_on_again_they_are_let_in_and_have_nobody(self, clinic: Any) -> None:
        before = clinic.therapist
        switch(clinic, "therapist", is_active=False)
        assert switch(clinic, "therapist", is_active=True).json["is_active"] is True
        assert before.get("/v1/me").status_code == 200  # made by the command line: it has no grant that could end
        assert clinic.therapist.read("/v1/patients")["items"] == []
        assert team(clinic, clinic.admin) == ["Physician", "Nurse"]

    def test_who_is_switched_off_joins_no_team(self, clinic: Any) -> None:
        switch(clinic, "therapist", is_active=False)
        chosen = [{"clinician_id": clinic.ids[name]} for name in ("nurse", "therapist")]
        answer = clinic.admin.put(f"/v1/patients/{clinic.ids['maya']}/care-team", {"members": chosen}, if_match="*")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/members/1/clinician_id")
        assert "switched off" in answer.json["errors"][0]["detail"]

    def test_other_changes_leave_it_as_it_is(self, clinic: Any) -> None:
        switch(clinic, "nurse", is_active=False)
        path = f"/v1/clinicians/{clinic.ids['nurse']}"
        for body in ({"name": "N."}, {"is_active": None}):
            assert clinic.admin.patch(path, body, if_match="*").json["is_active"] is False

    @pytest.mark.parametrize("value", ["no", 0, []])
    def test_it_is_true_or_false(self, clinic: Any, value: Any) -> None:
        path = f"/v1/clinicians/{clinic.ids['nurse']}"
        answer = clinic.admin.patch(path, {"is_active": value}, if_match="*")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/is_active")

    def test_where_there_is_no_account_none_is_switched_off(self, clinic: Any) -> None:
        made = clinic.admin.create("/v1/clinicians", {"name": "Ada", "role": "nurse"})
        assert made["is_active"] is True
        answer = clinic.admin.patch(f"/v1/clinicians/{made['id']}", {"is_active": False}, if_match="*")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/is_active")

    def test_nobody_else_may(self, clinic: Any) -> None:
        path = f"/v1/clinicians/{clinic.ids['nurse']}"
        callers = (clinic.therapist, clinic.caller("nurse"), clinic.maya, clinic.caller("elsewhere.admin"))
        answers = [each.patch(path, {"is_active": False}, if_match="*").status_code for each in callers]
        assert answers == [403, 403, 403, 404]
        assert clinic.caller("nurse").get("/v1/me").status_code == 200

    def test_record_systems_see_it(self, clinic: Any) -> None:
        ehr = clinic.add_ehr()
        switch(clinic, "nurse", is_active=False)
        assert ehr.read(f"/fhir/R4/Practitioner/{clinic.ids['nurse']}")["active"] is False
        assert ehr.read(f"/fhir/R4/PractitionerRole/{clinic.ids['nurse']}")["active"] is False
        assert ehr.read(f"/fhir/R4/Practitioner/{clinic.ids['therapist']}")["active"] is True


class TestByTheCommandLine:
    @pytest.mark.parametrize("name", ["therapist", "admin", "ehr", "maya"])
    def test_any_account_is_shut_and_let_in_again(self, clinic: Any, run: Any, name: str) -> None:
        clinic.add_ehr()
        caller = clinic.caller(name)
        assert run("switch-off", name).exit_code == 0
        assert caller.get("/v1/me").status_code == 401
        assert "no active user" in run("switch-off", name).stderr
        assert run("switch-on", name).exit_code == 0
        assert caller.get("/v1/me").status_code == 200
        assert "no account of that name" in run("switch-on", name).stderr

    def test_care_teams_and_trail_are_told(self, clinic: Any, run: Any) -> None:
        run("switch-off", "therapist")
        assert team(clinic, clinic.maya) == ["Physician", "Nurse"]
        events = clinic.maya.read("/v1/audit-events")["items"]
        assert [e["origin"] for e in events if e["operation"] == "switchOffAccount"] == ["command line"]
        run("switch-on", "therapist")
        told = [e["operation"] for e in clinic.admin.read("/v1/audit-events")["items"]]
        assert (told.count("switchOffAccount"), told.count("switchOnAccount")) == (2, 1)

    def test_a_patient_who_was_forgotten_stays_so(self, clinic: Any, run: Any) -> None:
        clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
        for name in ("maya", f"erased-{clinic.ids['maya']}"):
            assert "no account of that name" in run("switch-on", name).stderr

    def test_nobody_of_that_name(self, run: Any) -> None:
        assert run("switch-off", "nobody").exit_code == 1
        assert run("switch-on", "nobody").exit_code == 1
