"""Who signed in, or tried to, stands in the audit trail."""

from typing import Any

import pytest
from click.testing import CliRunner

from integration_api import cli


def told(house: Any) -> list[tuple[str, str, str]]:
    items = house.clinic.admin.read("/v1/audit-events?limit=200")["items"]
    return [(each["operation"], each["outcome"], each["actor_name"]) for each in items if each["purpose"] == "sign_in"]


def test_signing_in_and_failing_to_are_told(house: Any) -> None:
    house.member("maya")
    browser = house.browser()
    browser.password("maya", "not the password")
    browser.password("maya")
    found = told(house)
    assert ("checkPassword", "refused", "maya") in found
    assert ("checkPassword", "done", "maya") in found
    assert ("acceptInvitation", "done", "maya") in found
    mine = house.clinic.maya.read("/v1/audit-events?limit=200")["items"]
    assert "checkPassword" in {each["operation"] for each in mine}


def test_a_name_that_nobody_has_is_in_nobodys_trail(house: Any) -> None:
    before = told(house)
    house.browser().password("nobody.at.all", "guess")
    assert told(house) == before


def invitations_in(trail: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    found = [each for each in trail if each["operation"] == "createInvitation"]
    return [(each["actor_role"], each["patient_id"], each["record_id"]) for each in reversed(found)]


def test_who_was_invited_is_told_and_a_patient_sees_it(house: Any) -> None:
    """Whoever holds the link can sign in as that person: the trail named neither the account nor the patient."""
    clinic = house.clinic
    for name in ("maya", "therapist"):
        house.invite(name)
    maya, therapist = clinic.maya.read("/v1/me"), clinic.therapist.read("/v1/me")
    of_maya = ("admin", maya["patient_id"], maya["user_id"])
    whole = clinic.admin.read("/v1/audit-events?limit=200")["items"]
    assert invitations_in(whole) == [of_maya, ("admin", None, therapist["user_id"])]
    assert invitations_in(clinic.maya.read("/v1/audit-events?limit=200")["items"]) == [of_maya]
    assert invitations_in(clinic.tom.read("/v1/audit-events?limit=200")["items"]) == []


@pytest.mark.parametrize(("command", "operation"), [("invite", "createInvitation"), ("token", "giveToken")])
def test_the_shell_opens_no_account_unseen(
    house: Any, monkeypatch: pytest.MonkeyPatch, command: str, operation: str
) -> None:
    monkeypatch.setattr(cli, "_app", lambda: house.app)
    for name in ("maya", "therapist"):
        done = CliRunner().invoke(cli.main, [command, "--as", name])
        assert done.exit_code == 0, done.output
    trail = house.clinic.admin.read("/v1/audit-events?limit=200")["items"]
    told = [each for each in trail if each["operation"] == operation and each["purpose"] == "service"]
    users = [house.clinic.caller(name).read("/v1/me")["user_id"] for name in ("therapist", "maya")]
    assert [each["record_id"] for each in told] == users
    assert [each["patient_id"] for each in told] == [None, house.clinic.ids["maya"]]
    assert {(each["origin"], each["actor_id"]) for each in told} == {("command line", None)}


def test_which_apps_the_shell_lets_in_and_shuts_out_is_told(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_app", lambda: house.app)
    by_admin = ("new-client", "Journal", "--admin", "admin", "--redirect-uri", "org.example.app:/back")
    client_id = CliRunner().invoke(cli.main, by_admin).stdout.strip()
    assert CliRunner().invoke(cli.main, ["switch-off-client", client_id]).exit_code == 0
    trail = house.clinic.admin.read("/v1/audit-events?limit=200")["items"]
    told = {each["operation"]: each for each in trail if each["resource"] == "Client"}
    assert told.keys() == {"registerClient", "switchOffClient"}
    assert {(each["client"], each["purpose"], each["actor_role"]) for each in told.values()} == {
        (client_id, "service", "service")
    }
    elsewhere = house.clinic.caller("elsewhere.admin").read("/v1/audit-events?limit=200")["items"]
    assert [each for each in elsewhere if each["resource"] == "Client"] == []
