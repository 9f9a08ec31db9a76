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
    """Switch an account off, the nurse's or a patient's, and say how it stands; or on again."""

    def switch(name: str = "nurse", *, is_active: bool = False) -> None:
        path = f"/v1/{'clinicians' if name == 'nurse' else 'patients'}/{house.clinic.ids[name]}"
        assert house.clinic.admin.patch(path, {"is_active": is_active}, if_match="*").status_code == 200
        house.clock.wait(seconds=1)

    return switch


@pytest.mark.parametrize("name", ["nurse", "maya"])
def test_the_browser_is_signed_out_and_cannot_sign_in(house: Any, leave: Any, name: str) -> None:
    house.member(name)
    browser = house.signed_in(name)
    copied = browser.client.get_cookie("login").value
    house.clock.wait(seconds=1)
    leave(name)
    assert not browser.is_signed_in()
    assert house.browser().password(name).status_code == 401
    leave(name, is_active=True)
    thief = house.browser()
    thief.client.set_cookie("login", copied)
    assert not thief.is_signed_in()
    house.clock.wait(minutes=1)
    assert house.signed_in(name)


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


@pytest.mark.parametrize("name", ["nurse", "maya"])
def test_an_invitation_is_void_and_stays_so(house: Any, leave: Any, name: str) -> None:
    path = house.invite(name)
    assert house.browser().get(path).status_code == 200
    leave(name)
    assert house.browser().get(path).status_code == 404
    refused = house.clinic.admin.post("/v1/invitations", {"username": name})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/username")
    leave(name, is_active=True)
    assert house.browser().get(path).status_code == 404
    house.member(name)
    assert house.signed_in(name)


def test_a_page_that_was_open_sets_no_password(house: Any, leave: Any) -> None:
    path = house.invite("nurse")
    browser = house.browser()
    page = browser.get(path)
    fields = {"form_token": field_of(page, "form_token"), "token": field_of(page, "token")}
    fields |= {"password": PASSWORD, "again": PASSWORD, "code": pyotp.TOTP(secret_on(page)).at(house.clock.at)}
    leave()
    assert browser.client.post("/oauth/welcome", data=fields).status_code == 404
