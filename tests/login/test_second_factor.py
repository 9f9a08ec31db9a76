"""The second factor: asked for where it is due, each code good once, the secret sealed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from integration_api.db import unit_of_work
from integration_api.login.second_factor import rewrap
from models import Credential, User
from models.key_service import LocalKeys, new_key, parse_keys


@pytest.mark.parametrize("who", ["therapist", "physician", "nurse", "admin"])
def test_a_password_leads_half_way_only(house: Any, who: str) -> None:
    house.member(who)
    browser = house.browser()
    answer = browser.password(who, next="/oauth/authorize?a=b&c=d")
    assert answer.headers["Location"] == "/oauth/login/code?next=%2Foauth%2Fauthorize%3Fa%3Db%26c%3Dd"
    assert "user_id" not in browser.session()
    assert not browser.is_signed_in()
    answer = browser.code(house.code_of(who), next="/oauth/authorize?a=b&c=d")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/oauth/authorize?a=b&c=d")
    assert browser.is_signed_in()


@pytest.mark.parametrize("wrong", ["000000", "", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_a_wrong_code_is_refused(house: Any, wrong: str) -> None:
    house.member("nurse")
    browser = house.browser()
    browser.password("nurse")
    assert browser.code(wrong).status_code == 401
    assert not browser.is_signed_in()


def test_a_code_may_be_written_in_groups_and_be_a_little_late(house: Any) -> None:
    house.member("nurse")
    browser, code = house.browser(), house.code_of("nurse")
    house.clock.wait(seconds=30)
    browser.password("nurse")
    assert browser.code(f" {code[:3]} {code[3:]} ").status_code == 303
    house.clock.wait(seconds=60)
    late = house.code_of("nurse")
    house.clock.wait(seconds=60)
    browser.password("nurse")
    assert browser.code(late).status_code == 401


def test_a_code_is_good_once(house: Any) -> None:
    house.member("nurse")
    code = house.code_of("nurse")
    house.signed_in("nurse")
    other = house.browser()
    other.password("nurse")
    assert other.code(code).status_code == 401
    assert not other.is_signed_in()
    house.clock.wait(seconds=30)
    assert other.code(house.code_of("nurse")).status_code == 303


def test_a_code_that_is_sent_many_times_at_once_is_good_once(house: Any) -> None:
    house.member("nurse")
    browsers = [house.browser() for _ in range(6)]
    for browser in browsers:
        browser.password("nurse")
    code = house.code_of("nurse")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda browser: browser.code(code).status_code, browsers))
    assert found.count(303) == 1
    assert sum(browser.is_signed_in() for browser in browsers) == 1


def test_a_code_from_before_the_last_one_is_not_good_either(house: Any) -> None:
    house.member("nurse")
    earlier = house.code_of("nurse")
    house.clock.wait(seconds=30)
    house.signed_in("nurse")
    other = house.browser()
    other.password("nurse")
    assert other.code(earlier).status_code == 401


def test_the_code_that_confirmed_the_factor_is_used_up(house: Any) -> None:
    house.member("nurse")
    house.clock.wait(seconds=-30)
    browser = house.browser()
    browser.password("nurse")
    assert browser.code(house.code_of("nurse")).status_code == 401


def test_the_code_page_needs_a_password_first(house: Any) -> None:
    house.member("nurse")
    browser = house.browser()
    assert browser.get("/oauth/login/code").headers["Location"] == "/oauth/login?next=%2Fdocs"
    answer = browser.send("/oauth/login/code", {"code": house.code_of("nurse")}, "/oauth/login")
    assert answer.headers["Location"].startswith("/oauth/login?")
    assert not browser.is_signed_in()


def test_half_way_is_good_for_five_minutes(house: Any) -> None:
    house.member("nurse")
    browser = house.browser()
    browser.password("nurse")
    token = browser.form_token("/oauth/login/code")
    house.clock.wait(minutes=5)
    answer = browser.client.post("/oauth/login/code", data={"form_token": token, "code": house.code_of("nurse")})
    assert answer.headers["Location"].startswith("/oauth/login?")
    assert not browser.is_signed_in()


def test_half_way_ends_when_the_credentials_are_set_anew(house: Any) -> None:
    house.member("nurse")
    browser = house.browser()
    browser.password("nurse")
    house.clock.wait(seconds=1)
    assert house.accept(house.invite("nurse")).status_code == 303
    assert browser.get("/oauth/login/code").status_code == 303


def test_a_role_that_has_come_to_need_one_does_not_get_in_without(house: Any) -> None:
    house.member("maya")
    house.change_user("maya", role="admin")
    browser = house.browser()
    answer = browser.password("maya")
    assert (answer.status_code, "second step" in answer.text) == (401, True)
    assert not browser.is_signed_in()


def test_a_secret_opens_for_its_user_alone(house: Any) -> None:
    """Whoever can write into the database cannot put their own factor into another's place."""
    house.member("nurse")
    house.member("physician")
    theirs = house.credential("physician")
    with house.app.app_context(), unit_of_work(everywhere=True) as db_session:
        nurse = db_session.scalars(select(Credential).join(User).where(User.username == "nurse")).one()
        nurse.totp = theirs.totp
    browser = house.browser()
    browser.password("nurse")
    house.app.config["PROPAGATE_CRASHES"] = False
    try:
        answer = browser.code(house.code_of("physician"))
    finally:
        house.app.config["PROPAGATE_CRASHES"] = True
    assert answer.status_code == 500
    assert not browser.is_signed_in()


def test_secrets_are_sealed_anew_with_the_newest_key(house: Any, settings: Any) -> None:
    house.member("nurse")
    house.invite("physician")
    newer = parse_keys(new_key("newer"))
    both = LocalKeys(newer | settings.wrapping_keys)
    with house.app.app_context():
        with unit_of_work(everywhere=True) as db_session:
            assert rewrap(db_session, both) == 2
        with unit_of_work(everywhere=True) as db_session:
            assert rewrap(db_session, both) == 0
    before = house.app.extensions["parts"]
    house.app.extensions["parts"] = replace(before, key_service=LocalKeys(newer))
    assert house.signed_in("nurse")
    house.app.extensions["parts"] = before
