"""Changing one's own password, signed in, with the current one and, where there is a second factor, a code."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

PASSWORD = "slow rivers carry stones"
NEW = "a lantern on the far shore"
WRONG = "a quite different sentence"
PAGE = "/oauth/password"


def copy_of(house: Any, browser: Any) -> Any:
    other = house.browser()
    other.client.set_cookie("login", browser.client.get_cookie("login").value)
    return other


class TestTheWholeWay:
    def test_with_a_password_alone(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        assert f'href="{PAGE}"' in browser.get("/oauth/login").text
        page = browser.get(PAGE)
        assert page.status_code == 200
        assert 'id="code"' not in page.text
        for name, kind in (("current", "current-password"), ("password", "new-password"), ("again", "new-password")):
            (field,) = re.findall(rf'<input id="{name}"[^>]*>', page.text)
            assert f'autocomplete="{kind}"' in field
            assert 'type="password"' in field
        assert 'name="username" value="maya" autocomplete="username"' in page.text
        house.clock.wait(seconds=1)
        answer = browser.change()
        assert (answer.status_code, answer.headers["Location"]) == (303, "/oauth/login")
        after = browser.get("/oauth/login").text
        assert "Your password is changed" in after
        assert "You are signed in as" in after
        assert "Your password is changed" not in browser.get("/oauth/login").text
        assert house.browser().password("maya").status_code == 401
        assert house.browser().password("maya", NEW).status_code == 303

    def test_with_a_second_factor(self, house: Any) -> None:
        house.member("nurse")
        browser = house.signed_in("nurse")
        secret = house.credential("nurse").totp
        (field,) = re.findall(r'<input id="code"[^>]*>', browser.get(PAGE).text)
        assert 'autocomplete="one-time-code"' in field
        house.clock.wait(seconds=30)
        code = house.code_of("nurse")
        assert browser.change(code=code).status_code == 303
        assert browser.is_signed_in()
        assert house.credential("nurse").totp == secret
        other = house.browser()
        assert other.password("nurse", NEW).status_code == 303
        assert other.code(code).status_code == 401
        house.clock.wait(seconds=30)
        assert other.code(house.code_of("nurse")).status_code == 303

    def test_the_same_letters_composed_otherwise_fit(self, house: Any) -> None:
        house.member("maya", "caf\u00e9 au bord de l'eau")
        browser = house.browser()
        browser.password("maya", "caf\u00e9 au bord de l'eau")
        assert browser.change(current="cafe\u0301 au bord de l'eau").status_code == 303

    def test_once_more_and_back(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        assert browser.change().status_code == 303
        assert browser.change(current=NEW, password=PASSWORD, again=PASSWORD).status_code == 303
        assert house.browser().password("maya").status_code == 303


class TestWhoMay:
    def test_nobody_who_is_not_signed_in(self, house: Any) -> None:
        house.member("maya")
        browser = house.browser()
        onward = "/oauth/login?next=%2Foauth%2Fpassword"
        assert browser.get(PAGE).headers["Location"] == onward
        form = {"form_token": browser.form_token(), "current": PASSWORD, "password": NEW, "again": NEW}
        answer = browser.client.post(PAGE, data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, onward)
        assert house.browser().password("maya").status_code == 303
        assert (
            browser.send("/oauth/login", {"username": "maya", "password": PASSWORD, "next": PAGE}, onward).headers[
                "Location"
            ]
            == PAGE
        )
        assert browser.get(PAGE).status_code == 200

    def test_nobody_who_is_half_way_in(self, house: Any) -> None:
        house.member("nurse")
        browser = house.browser()
        browser.password("nurse")
        form = {"form_token": browser.form_token("/oauth/login/code"), "current": PASSWORD, "code": "000000"}
        for answer in (browser.get(PAGE), browser.client.post(PAGE, data=form)):
            assert answer.headers["Location"].startswith("/oauth/login?next=")
        assert house.credential("nurse").failed_attempts == 0

    @pytest.mark.parametrize("minutes", [30, 480])
    def test_nobody_whose_sign_in_has_ended_while_the_form_was_open(self, house: Any, minutes: int) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        form = {"form_token": browser.form_token(PAGE), "current": PASSWORD, "password": NEW, "again": NEW}
        house.clock.wait(minutes=minutes)
        answer = browser.client.post(PAGE, data=form)
        assert (answer.status_code, browser.fault_on(answer)[0]) == (401, None)
        assert f'name="next" value="{PAGE}"' in answer.text
        assert house.browser().password("maya").status_code == 303

    @pytest.mark.parametrize("token", [None, "", "foreign", "\u00e9"])
    def test_no_form_that_is_not_ours(self, house: Any, token: str | None) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        form = {"current": WRONG, "password": NEW, "again": NEW}
        if token is not None:
            form["form_token"] = house.browser().form_token() if token == "foreign" else token
        answer = browser.client.post(PAGE, data=form)
        assert (answer.status_code, answer.mimetype) == (403, "text/html")
        assert f'href="{PAGE}"' in answer.text
        assert house.credential("maya").failed_attempts == 0
        assert browser.is_signed_in()

    def test_nobody_who_is_switched_off_and_nobody_without_the_factor_that_is_due(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        house.change_user("maya", role="admin")
        answer = browser.change()
        assert (answer.status_code, "second step" in answer.text) == (401, True)
        house.change_user("maya", role="patient", is_active=False)
        assert browser.get(PAGE).headers["Location"].startswith("/oauth/login?next=")
        house.change_user("maya", is_active=True)
        assert house.browser().password("maya").status_code == 303


class TestGuessing:
    def test_a_wrong_current_password_is_told_at_its_field(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        answer = browser.change(current=WRONG)
        assert (answer.status_code, browser.fault_on(answer)[0]) == (401, "current")
        assert NEW not in answer.text
        assert WRONG not in answer.text
        assert house.credential("maya").failed_attempts == 1
        assert browser.is_signed_in()
        assert house.browser().password("maya").status_code == 303

    def test_it_counts_with_tries_to_sign_in_and_those_with_it(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        assert house.browser().password("maya", WRONG).status_code == 401
        for _ in range(2):
            assert browser.change(current=WRONG).status_code == 401
        late = browser.change()
        assert (late.status_code, late.headers["Retry-After"]) == (429, "2")
        assert f'href="{PAGE}"' in late.text
        assert house.browser().password("maya").status_code == 429
        house.clock.wait(seconds=2)
        assert browser.change(current=WRONG).status_code == 401
        assert browser.change().headers["Retry-After"] == "4"
        house.clock.wait(seconds=4)
        assert browser.change().status_code == 303
        assert house.credential("maya").failed_attempts == 0

    def test_a_wrong_code_counts_though_the_password_is_right(self, house: Any) -> None:
        house.member("nurse")
        browser = house.signed_in("nurse")
        house.clock.wait(seconds=30)
        for wrong in ("000000", "", "\u0661\u0662\u0663\u0664\u0665\u0666"):
            answer = browser.change(code=wrong)
            assert (answer.status_code, browser.fault_on(answer)[0]) == (401, "code")
        assert browser.change(code=house.code_of("nurse")).status_code == 429
        house.clock.wait(seconds=2)
        assert browser.change(code=house.code_of("nurse")).status_code == 303

    def test_a_code_that_was_used_is_not_taken_again(self, house: Any) -> None:
        house.member("nurse")
        code = house.code_of("nurse")
        browser = house.signed_in("nurse")
        assert browser.fault_on(browser.change(code=code))[0] == "code"
        house.clock.wait(seconds=30)
        code = house.code_of("nurse")
        assert browser.change(code=code).status_code == 303
        again = browser.change(current=NEW, password=PASSWORD, again=PASSWORD, code=code)
        assert (again.status_code, browser.fault_on(again)[0]) == (401, "code")

    def test_another_ones_code_does_not_do(self, house: Any) -> None:
        for name in ("nurse", "physician"):
            house.member(name)
        browser = house.signed_in("nurse")
        house.clock.wait(seconds=60)
        assert browser.fault_on(browser.change(code=house.code_of("physician")))[0] == "code"

    def test_many_guesses_at_once_are_counted_before_they_are_checked(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        browsers = [copy_of(house, browser) for _ in range(8)]
        form = {"form_token": browser.form_token(PAGE), "current": WRONG, "password": NEW, "again": NEW}
        for each in browsers:
            each.client.set_cookie("login", browser.client.get_cookie("login").value)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda each: each.client.post(PAGE, data=form).status_code, browsers))
        assert 1 <= found.count(401) <= 3
        assert set(found) <= {401, 429}


def test_password_managers_find_the_page(house: Any) -> None:
    house.member("maya")
    browser = house.signed_in("maya")
    led = browser.client.get("/.well-known/change-password", follow_redirects=True)
    assert (led.status_code, led.request.path) == (200, "/oauth/password")
