"""The pages read well aloud and by keyboard, in both languages: language, labels, headings, faults tied to fields."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

pytestmark = pytest.mark.one_database

SPANISH = {"Accept-Language": "es"}
PASSWORD = "slow rivers carry stones"
OTHER_PASSWORD = "a lantern on the far shore"


class Page(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def every(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def check(answer: Any, language: str) -> Page:
    page = Page(answer.text)
    assert (page.every("html")[0]["lang"], answer.headers["Content-Language"]) == (language, language)
    assert "Accept-Language" in answer.headers["Vary"]
    assert len(page.every("h1")) == len(page.every("main")) == len(page.every("title")) == 1
    levels = [int(name[1]) for name, _ in page.found if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {each["for"] for each in page.every("label")}
    for each in page.every("input"):
        if each.get("type") == "hidden":
            continue
        assert each["id"] in labelled
        assert each.get("type") == "checkbox" or each["autocomplete"]
        assert set((each.get("aria-describedby") or "").split()) <= set(ids)
    assert not any("tabindex" in attributes or "autofocus" in attributes for _, attributes in page.found)
    for each in page.every("a"):
        assert not (each["href"] or "").startswith("#") or (each["href"] or "")[1:] in ids
    return page


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_in_every_state(house: Any, language: str) -> None:
    headers = {"Accept-Language": language}
    client = house.app.test_client()
    check(client.get("/oauth/login", headers=headers), language)
    check(client.get("/oauth/welcome?token=gone", headers=headers), language)
    check(client.post("/oauth/login", data={}, headers=headers), language)  # no form of ours
    for who in ("maya", "nurse"):
        path = house.invite(who)
        page = client.get(path, headers=headers)
        check(page, language)
        token = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert token
        form = {"form_token": token[1], "token": path.partition("token=")[2], "password": "short", "again": "short"}
        refused = client.post("/oauth/welcome", data=form, headers=headers)
        found = check(refused, language)
        assert refused.status_code == 422
        wrong = next(each for each in found.every("input") if each.get("id") == "password")
        assert wrong["aria-invalid"] == "true"
        assert "fault" in (wrong["aria-describedby"] or "").split()
        assert {"href": "#password"} in found.every("a")
        assert {"en": "at least 12 characters", "es": "al menos 12 caracteres"}[language] in refused.text
        form = {"form_token": token[1], "username": who, "password": "not the one that is set"}
        check(client.post("/oauth/login", data=form, headers=headers), language)
        change_password(house, who, language)
    english = client.get("/oauth/login", headers={"Accept-Language": "en"}).text
    assert (client.get("/oauth/login", headers=headers).text == english) is (language == "en")


def change_password(house: Any, who: str, language: str) -> None:
    """Look at the page for it as it comes, with each fault, and at what says that it is done."""
    house.member(who)
    browser, headers = house.signed_in(who), {"Accept-Language": language}
    page = check(browser.client.get("/oauth/password", headers=headers), language)
    (tick,) = (each for each in page.every("input") if each.get("type") == "checkbox")
    assert {"checked", "aria-describedby"} <= tick.keys()
    house.clock.wait(seconds=30)
    form = {"form_token": browser.form_token("/oauth/password"), "current": PASSWORD}
    form |= {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    if who in house.secrets:
        form["code"] = house.code_of(who)
    faults = {"password": "short", "again": "another", "current": "not the one that is set", "code": "000000"}
    for name in faults.keys() & form.keys():
        refused = check(
            browser.client.post("/oauth/password", data=form | {name: faults[name]}, headers=headers), language
        )
        wrong = [each["id"] for each in refused.every("input") if each.get("aria-invalid")]
        assert wrong == [name]
        assert {"href": f"#{name}"} in refused.every("a")
        (tick,) = (each for each in refused.every("input") if each.get("type") == "checkbox")
        assert "checked" not in tick, "it was not sent"
    assert browser.client.post("/oauth/password", data=form, headers=headers).status_code == 303
    done = browser.client.get("/oauth/login", headers=headers)
    check(done, language)
    assert 'role="status"' in done.text
    old = browser.client.post("/oauth/password", data=form, headers=headers)
    assert (check(old, language).every("a"), old.status_code) == ([{"href": "/oauth/password"}], 403)


def test_colours_stand_out(house: Any) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for the words on a button."""
    style = house.app.test_client().get("/oauth/login.css").text
    button = re.search(r"background: (#\w{6}); color: (#\w{3})", style)
    assert button
    darker, lighter = luminance(button[1]), luminance("#ffffff")
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
    assert ":focus-visible" in style


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
