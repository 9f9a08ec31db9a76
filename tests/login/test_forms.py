"""Forms: they come from us, lead to us, and hold nothing foreign."""

from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.one_database

PASSWORD = "slow rivers carry stones"
ELSEWHERE = [
    "https://evil.example",
    "HTTPS://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/docs",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "docs",
    "?next=//evil.example",
    "#//evil.example",
    "/./" + "/evil.example",
    "/docs//evil.example",
    "/docs\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    "/\u2044/evil.example",
    "/\uff0fevil.example",
    "/docs\u202e",
    "",
    "/" + "a" * 5000,
]
OURS = ["/docs", "/", "/oauth/authorize?client_id=a&redirect_uri=https://app.example/cb&state=a%2F%2Fb", "/a?b=//c#d"]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_signing_in_leads_nowhere_else(house: Any, address: str) -> None:
    house.member("maya")
    browser = house.browser()
    page = browser.get(f"/oauth/login?next={quote(address, safe='')}")
    assert 'name="next" value="/docs"' in page.text
    assert browser.password("maya", next=address).headers["Location"] == "/docs"


@pytest.mark.parametrize("address", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_nor_does_the_code(house: Any, address: str) -> None:
    house.member("nurse")
    browser = house.browser()
    assert browser.password("nurse", next=address).headers["Location"] == "/oauth/login/code?next=%2Fdocs"
    page = browser.get(f"/oauth/login/code?next={quote(address, safe='')}")
    assert 'name="next" value="/docs"' in page.text
    assert browser.code(house.code_of("nurse"), next=address).headers["Location"] == "/docs"


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_ours_is_kept_as_it_is(house: Any, address: str) -> None:
    house.member("maya")
    assert house.browser().password("maya", next=address).headers["Location"] == address


@pytest.mark.parametrize("path", ["/oauth/login", "/oauth/login/code", "/oauth/logout", "/oauth/welcome"])
@pytest.mark.parametrize("token", [None, "", "x", "foreign", "\u00e9"])
def test_a_form_that_is_not_ours_is_refused(house: Any, path: str, token: str | None) -> None:
    house.member("maya")
    invited = house.invite("tom").split("token=")[1]
    browser = house.browser()
    browser.form_token()
    data = {"username": "maya", "password": PASSWORD, "again": PASSWORD, "token": invited}
    if token is not None:
        data["form_token"] = house.browser().form_token() if token == "foreign" else token
    answer = browser.client.post(path, data=data)
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert not browser.is_signed_in()
    assert house.browser().get(f"/oauth/welcome?token={invited}").status_code == 200


def test_a_form_without_a_session_is_refused(house: Any) -> None:
    house.member("maya")
    token = house.browser().form_token()
    data = {"username": "maya", "password": PASSWORD, "form_token": token}
    assert house.app.test_client().post("/oauth/login", data=data).status_code == 403
    data["form_token"] = ""
    assert house.app.test_client().post("/oauth/login", data=data).status_code == 403


def test_a_refused_form_counts_as_no_attempt(house: Any) -> None:
    """Otherwise any page that a person visits could make them wait."""
    house.member("maya")
    for _ in range(5):
        house.app.test_client().post("/oauth/login", data={"username": "maya", "password": "x"})
    assert house.signed_in("maya")


def test_pages_run_no_script_and_load_from_nowhere_else(house: Any) -> None:
    house.member("nurse")
    browser, path = house.browser(), house.invite("physician")
    pages = [browser.get("/oauth/login"), browser.get(path), browser.get("/oauth/welcome?token=x")]
    browser.password("nurse")
    pages += [browser.get("/oauth/login/code"), browser.client.post("/oauth/logout")]
    signed_in = house.signed_in("nurse")
    pages += [signed_in.get("/oauth/login"), signed_in.get("/oauth/password"), house.browser().get("/oauth/password")]
    pages.append(signed_in.client.post("/oauth/password"))
    for page in pages:
        assert page.headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert page.status_code == 303 or '<html lang="en">' in page.text
        for name in ("username", "password", "code", "again", "current", "apps"):
            if f'<input id="{name}"' in page.text:
                assert f'<label for="{name}">' in page.text
    assert browser.get("/oauth/login.css").mimetype == "text/css"


def test_what_was_typed_is_shown_as_text(house: Any) -> None:
    answer = house.browser().password('"><script>alert(1)</script>', "a quite different sentence")
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "a quite different sentence" not in answer.text
