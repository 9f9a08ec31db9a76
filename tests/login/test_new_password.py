"""What comes of changing one's own password: what the new one may be, what ends, races, and what the trail says."""

import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner

from integration_api import cli
from integration_api.login import second_factor
from integration_api.login.passwords import Passwords
from models.key_service import KeyUnavailable

PASSWORD = "slow rivers carry stones"
NEW = "a lantern on the far shore"
WRONG = "a quite different sentence"
PAGE = "/oauth/password"


def field_of(page: Any, name: str) -> str:
    (found,) = re.findall(rf'name="{name}"[^>]* value="([^"]*)"', page.text)
    return str(found)


def copy_of(house: Any, browser: Any) -> Any:
    other = house.browser()
    other.client.set_cookie("login", browser.client.get_cookie("login").value)
    return other


def trail(house: Any) -> list[tuple[str, str, str, str, str | None]]:
    items = house.clinic.admin.read("/v1/audit-events?limit=200")["items"]
    return [
        (each["outcome"], each["resource"], each["action"], each["origin"], each["patient_id"])
        for each in reversed(items)
        if each["operation"] == "changePassword"
    ]


class TestTheNewOne:
    @pytest.mark.parametrize(
        ("said", "field", "words"),
        [
            ({"password": "short", "again": "short"}, "password", "at least 12 characters"),
            ({"password": "", "again": ""}, "password", "at least 12 characters"),
            ({"password": "p" * 257, "again": "p" * 257}, "password", "at most 256"),
            ({"password": "passwordpassword1", "again": "passwordpassword1"}, "password", "easy to guess"),
            ({"password": PASSWORD, "again": PASSWORD}, "password", "current one"),
            ({"again": NEW + " "}, "again", "not the same"),
            ({"again": ""}, "again", "not the same"),
        ],
    )
    def test_what_will_not_do_is_told_at_its_field_and_is_no_attempt(
        self, house: Any, said: dict[str, str], field: str, words: str
    ) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        answer = browser.change(**said)
        assert (answer.status_code, browser.fault_on(answer)[0]) == (422, field)
        assert words in browser.fault_on(answer)[1]
        assert house.credential("maya").failed_attempts == 0
        assert trail(house) == []
        assert house.browser().password("maya").status_code == 303

    def test_a_code_is_not_used_up_by_it(self, house: Any) -> None:
        house.member("nurse")
        browser = house.signed_in("nurse")
        house.clock.wait(seconds=30)
        code = house.code_of("nurse")
        assert browser.change(password="short", code=code).status_code == 422
        assert browser.change(current=WRONG, code=code).status_code == 401
        assert browser.change(code=code).status_code == 303

    def test_the_current_one_composed_otherwise_is_the_current_one(self, house: Any) -> None:
        house.member("maya", "caf\u00e9 au bord de l'eau")
        browser = house.browser()
        browser.password("maya", "caf\u00e9 au bord de l'eau")
        other = "cafe\u0301 au bord de l'eau"
        assert browser.change(current="caf\u00e9 au bord de l'eau", password=other, again=other).status_code == 422

    @pytest.mark.parametrize("field", ["current", "password", "again", "code", "apps", "form_token"])
    @pytest.mark.parametrize(
        "odd",
        ["\x00", "x" * 10_000, "\U0001f30a" * 13, "a\x00b\ud7ff\ufdfa" * 12],
        ids=["nul", "long", "waves", "mixed"],
    )
    def test_odd_signs_in_each_field(self, house: Any, field: str, odd: str) -> None:
        house.member("nurse")
        browser = house.signed_in("nurse")
        house.clock.wait(seconds=30)
        answer = browser.change(**{"code": house.code_of("nurse"), field: odd})
        assert answer.status_code == {"current": 401, "code": 401, "apps": 303, "form_token": 403}.get(field, 422)
        assert answer.mimetype == "text/html"
        if field in ("password", "again"):
            assert odd not in answer.text

    def test_signs_of_every_kind_make_one(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        new = "\U0001f30a waves \x00 and \u00f1and\u00fa \u4e2d\u6587"
        assert browser.change(password=new, again=new).status_code == 303
        assert house.browser().password("maya", new).status_code == 303


class TestWhatEnds:
    def test_every_other_browser_is_out_and_this_one_stays(self, house: Any) -> None:
        house.member("maya")
        browser, other = house.signed_in("maya"), house.signed_in("maya")
        copied = copy_of(house, browser)
        house.clock.wait(seconds=1)
        assert browser.change().status_code == 303
        assert browser.is_signed_in()
        assert not other.is_signed_in()
        assert not copied.is_signed_in()

    def test_half_way_in_nobody_comes_further(self, house: Any) -> None:
        house.member("nurse")
        browser, half = house.signed_in("nurse"), house.browser()
        half.password("nurse")
        house.clock.wait(seconds=30)
        assert browser.change(code=house.code_of("nurse")).status_code == 303
        assert half.get("/oauth/login/code").headers["Location"].startswith("/oauth/login?")

    def test_waiting_invitations_of_that_account_end(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        mine, toms = house.invite("maya"), house.invite("tom")
        assert browser.change(current=WRONG).status_code == 401
        assert house.browser().get(mine).status_code == 200
        assert browser.change().status_code == 303
        assert house.browser().get(mine).status_code == 404
        assert house.browser().get(toms).status_code == 200

    def test_nothing_ends_when_it_is_refused(self, house: Any) -> None:
        house.member("maya")
        browser, other = house.signed_in("maya"), house.signed_in("maya")
        house.clock.wait(seconds=1)
        assert browser.change(current=WRONG).status_code == 401
        assert other.is_signed_in()


class TestAtOnce:
    def test_two_at_the_same_time(self, house: Any) -> None:
        house.member("maya")
        both = [house.signed_in("maya"), house.signed_in("maya")]
        news = [NEW, "a lighthouse keeper reads"]
        house.clock.wait(seconds=1)
        forms = [
            {"form_token": each.form_token(PAGE), "current": PASSWORD, "password": new, "again": new}
            for each, new in zip(both, news, strict=True)
        ]
        with ThreadPoolExecutor(2) as pool:
            pairs = zip(both, forms, strict=True)
            answers = list(pool.map(lambda pair: pair[0].client.post(PAGE, data=pair[1]), pairs))
        assert sorted(each.status_code for each in answers) == [303, 401]
        assert sum(each.is_signed_in() for each in both) == 1
        fits = [house.browser().password("maya", new).status_code == 303 for new in news]
        assert fits == [each.is_signed_in() for each in both]

    def test_who_presses_the_button_twice_is_told_to_sign_in_with_the_new_one(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        twice = [browser, copy_of(house, browser)]
        form = {"form_token": browser.form_token(PAGE), "current": PASSWORD, "password": NEW, "again": NEW}
        for each in twice:
            each.client.set_cookie("login", browser.client.get_cookie("login").value)
        house.clock.wait(seconds=1)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda each: each.client.post(PAGE, data=form), twice))
        first, second = sorted(answers, key=lambda each: each.status_code)
        assert (first.status_code, second.status_code) == (303, 401)
        assert "sign in with the new one" in second.text
        late = twice[answers.index(second)]
        form = {"form_token": field_of(second, "form_token"), "next": field_of(second, "next")}
        form |= {"username": "maya", "password": NEW}
        assert late.client.post("/oauth/login", data=form).headers["Location"] == PAGE
        assert late.is_signed_in()

    @pytest.mark.parametrize("seconds", [0, 1])
    def test_one_that_was_set_anew_meanwhile_is_not_overwritten(
        self, house: Any, monkeypatch: pytest.MonkeyPatch, seconds: int
    ) -> None:
        house.member("maya")
        browser, path, check = house.signed_in("maya"), house.invite("maya"), Passwords.check
        theirs = "what an invitation has set"

        def slow(self: Passwords, stored: str | None, password: str) -> Any:
            monkeypatch.undo()
            house.clock.wait(seconds=seconds)
            assert house.accept(path, theirs).status_code == 303
            return check(self, stored, password)

        monkeypatch.setattr(Passwords, "check", slow)
        answer = browser.change()
        assert (answer.status_code, "has ended meanwhile" in answer.text) == (401, seconds > 0)
        assert browser.is_signed_in() is (seconds == 0)
        assert house.browser().password("maya", NEW).status_code == 401
        assert house.browser().password("maya", theirs).status_code == 303
        assert [each[0] for each in trail(house)] == ["refused"]

    def test_who_signs_in_with_the_old_one_while_it_is_changed_is_out(self, house: Any, thief: Any) -> None:
        browser = house.signed_in("maya")
        assert browser.change().status_code == 303
        assert browser.is_signed_in()
        assert not thief.is_signed_in()


class TestTheTrail:
    def test_it_tells_what_was_done_and_refused(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        browser.change(current=WRONG)
        browser.change()
        maya = house.clinic.ids["maya"]
        assert trail(house) == [(outcome, "Password", "update", "127.0.0.1", maya) for outcome in ("refused", "done")]
        mine = house.clinic.maya.read("/v1/audit-events?limit=200")["items"]
        assert [each["outcome"] for each in mine if each["operation"] == "changePassword"] == ["done", "refused"]

    def test_the_chain_is_whole_and_holds_no_secret(self, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        house.member("nurse")
        browser = house.signed_in("nurse")
        browser.change(code="000000")
        monkeypatch.setattr(cli, "_app", lambda: house.app)
        assert CliRunner().invoke(cli.main, ["audit", "verify"]).exit_code == 0
        assert trail(house) == [("refused", "Password", "update", "127.0.0.1", None)]
        assert NEW not in house.clinic.admin.get("/v1/audit-events?limit=200").text

    def test_a_patient_reads_of_it_on_the_page_to_take_along(self, house: Any) -> None:
        house.member("maya")
        house.signed_in("maya").change()
        archive = zipfile.ZipFile(io.BytesIO(house.clinic.maya.get("/v1/me/export").data))
        assert "changed password" in archive.read("record.html").decode()


def test_a_key_service_that_does_not_answer_is_no_failure_of_theirs(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.member("nurse")
    browser = house.signed_in("nurse")
    house.clock.wait(seconds=30)

    def away(*_: Any) -> bytes:
        raise KeyUnavailable("away")

    code = house.code_of("nurse")
    for _ in range(4):
        with monkeypatch.context() as patch:
            patch.setattr(second_factor, "open_for_user", away)
            assert browser.change(code=code).status_code == 500
    assert house.credential("nurse").failed_attempts == 0
    assert browser.change(code=code).status_code == 303


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_told_in_the_readers_language(house: Any, language: str) -> None:
    house.member("nurse")
    browser = house.signed_in("nurse")
    headers = {"Accept-Language": language}
    page = browser.client.get(PAGE, headers=headers)
    form = {"form_token": browser.form_token(PAGE), "current": PASSWORD, "password": "short", "again": "short"}
    refused = browser.client.post(PAGE, data=form, headers=headers)
    for answer in (page, refused):
        assert answer.headers["Content-Language"] == language
        assert f'<html lang="{language}">' in answer.text
    assert {"en": "at least 12 characters", "es": "al menos 12 caracteres"}[language] in browser.fault_on(refused)[1]
    assert ("Forgotten your password?" in page.text) is (language == "en")
