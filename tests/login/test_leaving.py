"""Who is switched off by the clinic's admin is out of every browser, and no link lets them in again."""

import re
from typing import Any

import pyotp
import pytest

PASSWORD = "slow rivers carry stones"


def field_of(page: Any, name: str) -> str:
    (found,) = set(re.findall(rf'name="{name}" value="([^"]*)"', page.text))
    return str(found)


def secret_on(page: Any) -> str:
    (found,) = re.findall(r'<code id="secret">([A-Z2-7 ]+)</code>', page.text)
    return str(found).replace(" ", "")


@pytest.fixture
def leave(house: Any) -> Any:
    """Switch the nurse's account off, and say how it stands; or on again."""

    def switch(*, is_active: bool = False) -> None:
        path = f"/v1/clinicians/{house.clinic.ids['nurse']}"
        assert house.clinic.admin.patch(path, {"is_active": is_active}, if_match="*").status_code == 200
        house.clock.wait(seconds=1)

    return switch


def test_the_browser_is_signed_out_and_cannot_sign_in(house: Any, leave: Any) -> None:
    house.member("nurse")
    browser = house.signed_in("nurse")
    copied = browser.client.get_cookie("login").value
    house.clock.wait(seconds=1)
    leave()
    assert not browser.is_signed_in()
    assert house.browser().password("nurse").status_code == 401
    leave(is_active=True)
    thief = house.browser()
    thief.client.set_cookie("login", copied)
    assert not thief.is_signed_in()
    house.clock.wait(minutes=1)
    assert house.signed_in("nurse")


def test_half_way_in_they_come_no_further(house: Any, leave: Any) -> None:
    house.member("nurse")
    browser = house.browser()
    assert browser.password("nurse").status_code == 303
    fields = {"form_token": browser.form_token("/oauth/login/code"), "code": house.code_of("nurse")}
    house.clock.wait(seconds=1)
    leave()
    browser.client.post("/oauth/login/code", data=fields)
    leave(is_active=True)
    browser.client.post("/oauth/login/code", data=fields)
    assert not browser.is_signed_in()


def test_an_invitation_is_void_and_stays_so(house: Any, leave: Any) -> None:
    path = house.invite("nurse")
    assert house.browser().get(path).status_code == 200
    leave()
    assert house.browser().get(path).status_code == 404
    refused = house.clinic.admin.post("/v1/invitations", {"username": "nurse"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/username")
    leave(is_active=True)
    assert house.browser().get(path).status_code == 404
    house.member("nurse")
    assert house.signed_in("nurse")


def test_a_page_that_was_open_sets_no_password(house: Any, leave: Any) -> None:
    path = house.invite("nurse")
    browser = house.browser()
    page = browser.get(path)
    fields = {"form_token": field_of(page, "form_token"), "token": field_of(page, "token")}
    fields |= {"password": PASSWORD, "again": PASSWORD, "code": pyotp.TOTP(secret_on(page)).at(house.clock.at)}
    leave()
    assert browser.client.post("/oauth/welcome", data=fields).status_code == 404
