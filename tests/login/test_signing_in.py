"""Signing in with a password, a second factor where one is due, and what stays of it in the browser."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from sqlalchemy import text, update

from integration_api.app import create_app
from integration_api.config import Environment
from integration_api.db import db, reading, unit_of_work
from integration_api.login.passwords import Passwords
from models import Credential, User

PASSWORD = "slow rivers carry stones"
WRONG = "a quite different sentence"


class TestPatients:
    def test_a_password_is_enough(self, house: Any) -> None:
        house.member("maya")
        browser = house.browser()
        answer = browser.password("maya", next="/oauth/authorize?client_id=a&redirect_uri=https%3A//app.example/cb")
        assert answer.status_code == 303
        assert answer.headers["Location"] == ("/oauth/authorize?client_id=a&redirect_uri=https%3A//app.example/cb")
        session = browser.session()
        with house.app.app_context(), reading(everywhere=True) as db_session:
            assert session["user_id"] == str(db_session.query(User).filter_by(username="maya").one().id)
        assert session["signed_in_at"]

    @pytest.mark.parametrize("typed", ["Maya", "MAYA", " Maya "])
    def test_a_name_that_a_keyboard_began_with_a_capital_is_the_same(self, house: Any, typed: str) -> None:
        """No account's name has capitals, and each such try delayed the next one under a name that nobody has."""
        house.member("maya")
        browser = house.browser()
        assert browser.password(typed, WRONG).status_code == 401
        assert house.credential("maya").failed_attempts == 1
        assert browser.password(typed).status_code == 303
        assert browser.is_signed_in()

    def test_the_session_begins_anew_at_sign_in(self, house: Any) -> None:
        house.member("maya")
        browser = house.browser()
        before = browser.form_token()
        with browser.client.session_transaction() as session:
            session["planted"] = "by somebody else"
        browser.password("maya")
        assert "planted" not in browser.session()
        assert browser.form_token() != before

    @pytest.mark.parametrize("name", ["maya", "nobody", "tom", "ma\x00ya", "m" * 3000, "", "ehr"])
    def test_a_wrong_password_and_an_unknown_user_are_told_the_same(self, house: Any, name: str) -> None:
        house.member("maya")
        answers = [house.browser().password(who, WRONG) for who in ("maya", name)]
        assert [each.status_code for each in answers] == [401, 401]
        told = [each.text.split('role="alert"')[1].split("</p>")[0] for each in answers]
        assert told[0] == told[1]

    @pytest.mark.parametrize("name", ["maya", "nobody", "tom"])
    def test_whoever_is_named_one_hash_is_checked(self, house: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        house.member("maya")
        seen: list[str] = []
        verify = PasswordHasher.verify

        def watched(self: PasswordHasher, stored: str, password: str) -> Any:
            seen.append(stored)
            return verify(self, stored, password)

        monkeypatch.setattr(PasswordHasher, "verify", watched)
        assert house.browser().password(name, WRONG).status_code == 401
        (one,) = seen
        assert one.rsplit("$", 2)[0] == "$argon2id$v=19$m=8,t=1,p=1"

    def test_nobodys_hash_costs_what_a_real_one_does(self) -> None:
        ours = Passwords(RFC_9106_LOW_MEMORY)
        assert ours._nobodys.split("$")[1:4] == ours.hash(PASSWORD).split("$")[1:4] == [
            "argon2id", "v=19", "m=65536,t=3,p=4",
        ]  # fmt: skip
        assert not ours.check(None, PASSWORD).is_right

    def test_somebody_who_was_switched_off_cannot_sign_in(self, house: Any) -> None:
        house.member("maya")
        house.change_user("maya", is_active=False)
        assert house.browser().password("maya").status_code == 401

    def test_the_same_letters_composed_otherwise_are_the_same_password(self, house: Any) -> None:
        house.member("maya", "caf\u00e9 au bord de l'eau")
        assert house.browser().password("maya", "cafe\u0301 au bord de l'eau").status_code == 303

    def test_a_hash_of_older_parameters_is_made_anew(self, house: Any) -> None:
        house.member("maya")
        older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
        with house.app.app_context(), unit_of_work(everywhere=True) as db_session:
            db_session.execute(update(Credential).values(password_hash=older))
        assert house.browser().password("maya", WRONG).status_code == 401
        assert house.credential("maya").password_hash == older
        assert house.browser().password("maya").status_code == 303
        newer = house.credential("maya").password_hash
        assert f"m={CHEAPEST.memory_cost},t={CHEAPEST.time_cost}" in newer
        assert house.browser().password("maya").status_code == 303
        assert house.credential("maya").password_hash == newer


class TestStayingSignedIn:
    def test_half_an_hour_without_a_request_ends_it(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        for _ in range(4):
            house.clock.wait(minutes=29, seconds=59)
            assert browser.is_signed_in()
        house.clock.wait(minutes=30)
        assert not browser.is_signed_in()
        assert "user_id" not in browser.session()

    def test_eight_hours_end_it(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        for _ in range(23):
            house.clock.wait(minutes=20)
            assert browser.is_signed_in()
        house.clock.wait(minutes=20)
        assert not browser.is_signed_in()

    def test_somebody_who_is_switched_off_is_out_at_once(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        house.change_user("maya", is_active=False)
        assert not browser.is_signed_in()
        house.change_user("maya", is_active=True)
        assert not browser.is_signed_in()

    def test_signing_out_ends_it_in_copies_of_the_cookie_too(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        copied = browser.client.get_cookie("login").value
        house.clock.wait(seconds=1)
        assert browser.send("/oauth/logout", {}, "/oauth/login").headers["Location"] == "/oauth/login"
        assert not browser.is_signed_in()
        thief = house.browser()
        thief.client.set_cookie("login", copied)
        assert not thief.is_signed_in()

    def test_signing_out_is_no_link(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        assert browser.get("/oauth/logout").status_code == 405
        assert browser.client.post("/oauth/logout").status_code == 403
        assert browser.is_signed_in()

    @pytest.mark.parametrize(
        "change",
        [{"user_id": "x"}, {"user_id": 7}, {"signed_in_at": None}, {"seen_at": "yesterday"}, {"signed_in_at": 3}],
    )
    def test_a_session_that_makes_no_sense_is_nobodys(self, house: Any, change: dict[str, Any]) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        with browser.client.session_transaction() as session:
            session.update(change)
        assert not browser.is_signed_in()

    def test_a_cookie_that_was_changed_does_not_open(self, house: Any) -> None:
        house.member("maya")
        browser = house.signed_in("maya")
        value = browser.client.get_cookie("login").value
        browser.client.set_cookie("login", value[:-2] + ("AA" if value[-2:] != "AA" else "BB"))
        assert not browser.is_signed_in()


@pytest.mark.one_database
class TestTheCookie:
    def test_over_http_for_development(self, house: Any) -> None:
        told = house.browser().get("/oauth/login").headers["Set-Cookie"]
        assert told.startswith("login=")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(told.split("; "))
        assert "Secure" not in told

    def test_in_production(self, house: Any, settings: Any) -> None:
        house.member("maya")
        production = replace(settings, environment=Environment.PRODUCTION, public_url="https://journal.example")
        app = create_app(production, house.app.extensions["parts"])
        try:
            client, address = app.test_client(), "https://journal.example"
            told = client.get("/oauth/login", base_url=address).headers["Set-Cookie"]
        finally:
            with app.app_context():
                db.engine.dispose()
        assert told.startswith("__Host-login=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(told.split("; "))
        assert "Domain" not in told


def test_nothing_secret_is_stored_or_logged(
    house: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        path = house.invite("nurse")
        house.member("nurse")
        house.browser().password("nurse", WRONG)
        house.browser().password(WRONG, WRONG)  # in the wrong field, by mistake
        code = house.code_of("nurse")
        browser = house.signed_in("nurse")
    secrets = {
        "token": path.split("token=")[1],
        "password": PASSWORD,
        "wrong password": WRONG,
        "secret": house.secrets["nurse"],
        "code": code,
    }
    stored = []
    with house.app.app_context(), reading(everywhere=True) as db_session:
        for table in ("credentials", "invitations", "unknown_names", "creations"):
            stored += [str(tuple(row)) for row in db_session.execute(text(f"SELECT * FROM {table}"))]
    out, err = capfd.readouterr()
    for kind, secret in secrets.items():
        assert secret not in caplog.text + out + err, kind
        if kind != "code":  # six digits may stand in any number
            assert secret not in "\n".join(stored), kind
        assert secret not in str(browser.session()), kind
