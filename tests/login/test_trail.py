"""Who signed in, or tried to, stands in the audit trail."""

from typing import Any


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
