"""A patient's account is switched off by the clinic's admin, as when a telephone was stolen, and on again.

It is the account alone: record, care team and consents stay as they are.
"""

import io
import json
import zipfile
from typing import Any

import pytest
from click.testing import CliRunner

from integration_api import cli

WISH = {"confirm": "erase everything"}


def path_of(clinic: Any, name: str = "maya") -> str:
    return f"/v1/patients/{clinic.ids[name]}"


def switch(clinic: Any, *, is_active: bool) -> Any:
    path = path_of(clinic)
    return clinic.admin.patch(path, {"is_active": is_active}, if_match=clinic.admin.etag(path))


def is_of_account(event: dict[str, Any]) -> bool:
    return bool(event["operation"] == "changePatient")


@pytest.fixture
def run(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(cli, "_app", lambda: clinic.app)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments)


class TestOff:
    def test_the_account_is_shut_and_shown_to_be(self, clinic: Any) -> None:
        maya, path = clinic.maya, path_of(clinic)
        before, etag = clinic.admin.read(path), clinic.admin.etag(path)
        answer = switch(clinic, is_active=False)
        assert (before["is_active"], answer.status_code, answer.json["is_active"]) == (True, 200, False)
        assert (answer.json["version"], answer.json["updated_at"] > before["updated_at"]) == (
            before["version"] + 1,
            True,
        )
        assert clinic.admin.read(path) == answer.json
        assert clinic.admin.etag(path) == answer.headers["ETag"] != etag
        assert clinic.therapist.read(path)["is_active"] is False
        shown = {each["name"]: each["is_active"] for each in clinic.admin.read("/v1/patients")["items"]}
        assert shown == {"Maya": False, "Tom": True}
        assert maya.get("/v1/me").status_code == 401
        assert clinic.tom.get("/v1/me").status_code == 200

    def test_a_representation_from_before_is_old(self, clinic: Any) -> None:
        path = path_of(clinic)
        etag = clinic.admin.etag(path)
        assert switch(clinic, is_active=False).status_code == 200
        assert clinic.admin.patch(path, {"name": "M."}, if_match=etag).status_code == 412
        assert clinic.admin.get(path, headers={"If-None-Match": etag}).status_code == 200

    def test_no_more_than_the_account_is_touched(self, clinic: Any) -> None:
        entry, note = clinic.write("The sea held me."), clinic.note("Maya is well.")
        for purpose in ("ehr", "safety_signals"):
            clinic.maya.create("/v1/me/consents", {"purpose": purpose, "is_granted": True, "wording": "Yes."})
        course, team = clinic.open_course(), clinic.admin.read(f"{path_of(clinic)}/care-team")
        consents = clinic.maya.read("/v1/me/consents")
        ehr = clinic.add_ehr()
        resource = ehr.read(f"/fhir/R4/Patient/{clinic.ids['maya']}")
        switch(clinic, is_active=False)
        therapist = clinic.therapist
        assert clinic.admin.read(f"{path_of(clinic)}/care-team") == team
        assert therapist.read(f"/v1/journal-entries/{entry['id']}")["text"] == "The sea held me."
        assert therapist.read(f"/v1/notes/{note['id']}")["text"] == "Maya is well."
        assert therapist.read(f"/v1/courses/{course['id']}") == course
        clinic.note("She called: her telephone is gone.")
        told = ehr.read(f"/fhir/R4/Patient/{clinic.ids['maya']}")
        assert told["active"] is True, "the record is in use"
        assert told["meta"]["versionId"] != resource["meta"]["versionId"]
        assert {**told, "meta": None} == {**resource, "meta": None}
        switch(clinic, is_active=True)
        assert clinic.maya.read("/v1/me/consents") == consents

    def test_other_changes_leave_it_as_it_is(self, clinic: Any) -> None:
        switch(clinic, is_active=False)
        for body in ({"name": "Maya L."}, {"is_active": None}, {"birth_date": "1990-02-28"}, {"is_active": False}):
            answer = clinic.admin.patch(path_of(clinic), body, if_match="*")
            assert (answer.status_code, answer.json["is_active"]) == (200, False)

    def test_again_is_no_change(self, clinic: Any) -> None:
        switch(clinic, is_active=False)
        before = clinic.admin.read(path_of(clinic))
        assert switch(clinic, is_active=False).json == before

    def test_with_another_change_in_one(self, clinic: Any) -> None:
        before = clinic.admin.read(path_of(clinic))
        body = {"is_active": False, "name": "Maya L.", "retain_until": "2033-12-31"}
        answer = clinic.admin.patch(path_of(clinic), body, if_match="*").json
        assert {name: answer[name] for name in body} == body
        assert answer["username"] == before["username"]

    @pytest.mark.parametrize("value", ["no", 0, [], "false"])
    def test_it_is_true_or_false(self, clinic: Any, value: Any) -> None:
        answer = clinic.admin.patch(path_of(clinic), {"is_active": value}, if_match="*")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/is_active")
        assert clinic.maya.get("/v1/me").status_code == 200

    def test_where_there_is_no_account_none_is_switched_off(self, clinic: Any) -> None:
        made = clinic.admin.create("/v1/patients", {"name": "Ada"})
        path = f"/v1/patients/{made['id']}"
        assert made["is_active"] is True
        answer = clinic.admin.patch(path, {"is_active": False}, if_match="*")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/is_active")
        assert clinic.admin.patch(path, {"is_active": True}, if_match="*").json == made

    def test_an_account_may_come_switched_off(self, clinic: Any) -> None:
        path = f"/v1/patients/{clinic.admin.create('/v1/patients', {'name': 'Ada'})['id']}"
        answer = clinic.admin.patch(path, {"username": "ada", "is_active": False}, if_match="*")
        assert (answer.json["username"], answer.json["is_active"]) == ("ada", False)
        assert clinic.admin.post("/v1/invitations", {"username": "ada"}).status_code == 422
        assert clinic.admin.patch(path, {"is_active": True}, if_match="*").json["is_active"] is True
        assert clinic.admin.post("/v1/invitations", {"username": "ada"}).status_code == 201

    def test_nobody_is_registered_switched_off(self, clinic: Any) -> None:
        answer = clinic.admin.post("/v1/patients", {"name": "Ada", "username": "ada", "is_active": False})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/is_active")

    def test_nobody_else_may(self, clinic: Any) -> None:
        callers = (clinic.therapist, clinic.maya, clinic.tom, clinic.add_ehr(), clinic.caller("elsewhere.admin"))
        answers = [each.patch(path_of(clinic), {"is_active": False}, if_match="*").status_code for each in callers]
        assert answers == [403, 403, 403, 403, 404]
        assert clinic.maya.get("/v1/me").status_code == 200


class TestOnAgain:
    def test_they_have_what_they_had(self, clinic: Any) -> None:
        entry = clinic.write("The sea held me.", visibility="private")
        switch(clinic, is_active=False)
        answer = switch(clinic, is_active=True)
        assert (answer.status_code, answer.json["is_active"]) == (200, True)
        assert clinic.maya.read(f"/v1/journal-entries/{entry['id']}")["text"] == "The sea held me."

    def test_the_apps_they_let_in_are_let_in_anew(self, clinic: Any) -> None:
        app = clinic.let_in_app("maya")
        switch(clinic, is_active=False)
        switch(clinic, is_active=True)
        assert clinic.maya.get(f"/v1/me/apps/{app}").status_code == 404

    def test_what_they_take_along_says_so(self, clinic: Any) -> None:
        switch(clinic, is_active=False)
        switch(clinic, is_active=True)
        archive = zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data))
        record = json.loads(archive.read("record.json"))
        assert record["patient"] == clinic.maya.read(path_of(clinic))
        assert record["patient"]["is_active"] is True

    def test_never_who_was_forgotten(self, clinic: Any) -> None:
        clinic.maya.create("/v1/me/erasure", WISH)
        assert clinic.admin.read(path_of(clinic))["is_active"] is False
        for value in (True, False):
            assert clinic.admin.patch(path_of(clinic), {"is_active": value}, if_match="*").status_code == 409
        assert clinic.admin.read(path_of(clinic))["is_active"] is False

    def test_who_has_asked_for_it_reads_their_own_until_the_record_need_not_be_kept(
        self, clinic: Any, run: Any
    ) -> None:
        clinic.admin.patch(path_of(clinic), {"retain_until": "2100-01-01"}, if_match="*")
        entry = clinic.write("The sea held me.")
        clinic.maya.create("/v1/me/erasure", WISH)
        assert switch(clinic, is_active=False).status_code == 200
        assert switch(clinic, is_active=True).status_code == 200
        assert clinic.maya.read(f"/v1/journal-entries/{entry['id']}")["text"] == "The sea held me."
        assert clinic.therapist.get(f"/v1/journal-entries/{entry['id']}").status_code == 404
        assert run("switch-off", "maya").exit_code == 0
        assert run("switch-on", "maya").exit_code == 0


class TestTheTrail:
    def test_it_tells_both(self, clinic: Any) -> None:
        for is_active in (False, True):
            switch(clinic, is_active=is_active)
        mine = clinic.maya.read("/v1/audit-events?limit=200")["items"]
        told = [(each["actor_role"], each["outcome"], each["record_id"]) for each in mine if is_of_account(each)]
        assert told == [("admin", "done", clinic.ids["maya"])] * 2
        whole = clinic.admin.read("/v1/audit-events?limit=200")["items"]
        assert [each["patient_id"] for each in whole if is_of_account(each)] == [clinic.ids["maya"]] * 2


class TestTheCommandLine:
    def test_it_agrees(self, clinic: Any, run: Any) -> None:
        path = path_of(clinic)
        seen = [clinic.admin.read(path)]
        for command, is_active in (("switch-off", False), ("switch-on", True)):
            etag = clinic.admin.etag(path)
            assert run(command, "maya").exit_code == 0
            seen.append(clinic.admin.read(path))
            assert seen[-1]["is_active"] is is_active
            assert clinic.admin.patch(path, {"name": "M."}, if_match=etag).status_code == 412
        assert [each["version"] for each in seen] == [1, 2, 3]
        assert seen[0]["updated_at"] < seen[1]["updated_at"] < seen[2]["updated_at"]

    def test_each_mends_what_the_other_has_done(self, clinic: Any, run: Any) -> None:
        run("switch-off", "maya")
        assert switch(clinic, is_active=True).json["is_active"] is True
        assert clinic.maya.get("/v1/me").status_code == 200
        switch(clinic, is_active=False)
        assert "no active user" in run("switch-off", "maya").stderr
        assert run("switch-on", "maya").exit_code == 0
        assert clinic.maya.get("/v1/me").status_code == 200
