"""Guessing: the delay after failures, for everybody alike, and that many attempts at once do not slip by."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from integration_api.db import reading
from models import UnknownName

WRONG = "a quite different sentence"


def fail(house: Any, username: str, times: int) -> None:
    for _ in range(times):
        assert house.browser().password(username, WRONG).status_code == 401


def wait_out(house: Any, username: str) -> int:
    """Find how long the delay is, and wait for it."""
    answer = house.browser().password(username, WRONG)
    assert answer.status_code == 429
    seconds = int(answer.headers["Retry-After"])
    house.clock.wait(seconds=seconds)
    return seconds


@pytest.mark.parametrize("name", ["maya", "nobody"])
def test_the_delay_doubles_up_to_a_quarter_of_an_hour(house: Any, name: str) -> None:
    house.member("maya")
    fail(house, name, 3)
    delays = []
    for _ in range(11):
        delays.append(wait_out(house, name))
        fail(house, name, 1)
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_within_the_delay_a_right_password_is_refused_too(house: Any) -> None:
    house.member("maya")
    fail(house, "maya", 3)
    browser = house.browser()
    answer = browser.password("maya")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert "Please wait a little" in answer.text
    assert answer.mimetype == "text/html"
    assert not browser.is_signed_in()
    house.clock.wait(seconds=1.5)
    assert browser.password("maya").headers["Retry-After"] == "1"
    house.clock.wait(seconds=0.5)
    assert browser.password("maya").status_code == 303


def test_the_way_back_leads_on_to_where_the_person_was_going(house: Any) -> None:
    house.member("maya")
    fail(house, "maya", 3)
    onward = "/oauth/authorize?client_id=app&state=1"
    browser = house.browser()
    late = browser.password("maya", next=onward)
    old = browser.client.post("/oauth/login", data={"form_token": "another", "next": onward})
    assert (late.status_code, old.status_code) == (429, 403)
    for page in (late, old):
        back = html.unescape(re.findall(r'<a href="([^"]+)"', page.text)[0])
        assert f'name="next" value="{html.escape(onward)}"' in browser.get(back).text
    lured = browser.client.post("/oauth/login", data={"form_token": "another", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in lured.text


def test_an_attempt_within_the_delay_does_not_make_it_longer(house: Any) -> None:
    house.member("maya")
    fail(house, "maya", 3)
    for _ in range(5):
        assert house.browser().password("maya", WRONG).headers["Retry-After"] == "2"


def test_a_success_resets_it(house: Any) -> None:
    house.member("maya")
    fail(house, "maya", 2)
    house.signed_in("maya")
    fail(house, "maya", 3)
    wait_out(house, "maya")
    house.signed_in("maya")
    fail(house, "maya", 3)
    assert wait_out(house, "maya") == 2


def test_one_accounts_failures_are_not_anothers(house: Any) -> None:
    house.member("maya")
    house.member("tom")
    fail(house, "maya", 3)
    fail(house, "nobody", 3)
    assert house.signed_in("tom")
    assert house.browser().password("somebody else", WRONG).status_code == 401


def test_wrong_codes_count_and_a_right_password_does_not_wipe_them_out(house: Any) -> None:
    house.member("nurse")
    browser = house.browser()
    for _ in range(3):
        assert browser.password("nurse").status_code == 303
        assert browser.code("000000").status_code == 401
    assert browser.code(house.code_of("nurse")).status_code == 429
    assert browser.password("nurse").status_code == 429
    house.clock.wait(seconds=2)
    assert browser.password("nurse").status_code == 303
    assert browser.code("000000").status_code == 401
    assert browser.code(house.code_of("nurse")).headers["Retry-After"] == "4"
    house.clock.wait(seconds=4)
    assert browser.code(house.code_of("nurse")).status_code == 303
    fail(house, "nurse", 3)


def test_right_passwords_without_a_code_lead_to_no_delay(house: Any) -> None:
    """Somebody who has left the phone in the other room is not to be made to wait."""
    house.member("nurse")
    for _ in range(6):
        assert house.browser().password("nurse").status_code == 303


def test_a_quiet_day_is_enough_to_be_forgotten(house: Any) -> None:
    house.member("maya")
    for name in ("maya", "nobody"):
        fail(house, name, 3)
    house.clock.wait(days=1, seconds=2)
    for name in ("maya", "nobody"):
        fail(house, name, 3)
        assert wait_out(house, name) == 2


def test_names_that_nobody_has_do_not_pile_up(house: Any) -> None:
    for name in ("one", "two", "three"):
        fail(house, name, 1)
    house.clock.at += timedelta(days=1)
    fail(house, "four", 1)
    with house.app.app_context(), reading(everywhere=True) as db_session:
        assert db_session.scalar(select(func.count()).select_from(UnknownName)) == 1


@pytest.mark.parametrize("name", ["maya", "nobody"])
def test_many_guesses_at_once_are_counted_before_they_are_checked(house: Any, name: str) -> None:
    house.member("maya")
    browsers = [house.browser() for _ in range(8)]
    for browser in browsers:
        browser.form_token()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda browser: browser.password(name, WRONG).status_code, browsers))
    assert found.count(401) <= 3
    assert set(found) <= {401, 429}


@pytest.mark.parametrize("name", ["maya", "nobody"])
def test_a_clock_that_was_ahead_for_a_while_shuts_nobody_out(house: Any, name: str) -> None:
    house.member("maya")
    house.clock.wait(hours=1)
    fail(house, name, 2)
    house.clock.wait(hours=-1)
    fail(house, name, 1)  # looked at at once, and counted on: from here on there is a delay again
    assert wait_out(house, name) == 2
