"""Invitations: who may make them, what they are good for, and when they no longer are."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from integration_api.db import reading, unit_of_work
from integration_api.errors import NotFound
from integration_api.login.invitations import Inviter
from integration_api.login.passwords import Passwords
from models import Credential, Invitation, User, new_id

PASSWORD, OTHER_PASSWORD = "slow rivers carry stones", "a lantern on the far shore"


class TestMaking:
    def test_an_admin_is_told_the_link(self, house: Any) -> None:
        made = house.clinic.admin.create("/v1/invitations", {"username": "maya"})
        assert made["username"] == "maya"
        assert made["url"].startswith("http://localhost/oauth/welcome?token=")
        assert len(made["url"].split("token=")[1]) >= 43
        assert made["expires_at"].startswith((house.clock.at.replace(hour=0)).strftime("20"))

    @pytest.mark.parametrize("who", ["june", "elsewhere.admin", "elsewhere.therapist", "nobody", "off", "ehr"])
    def test_others_accounts_are_not_there(self, house: Any, who: str) -> None:
        with house.app.app_context(), unit_of_work(everywhere=True) as db_session:
            organization_id = db_session.query(User).filter_by(username="admin").one().organization_id
            for name, role, is_active in (("off", "patient", False), ("ehr", "system", True)):
                db_session.add(
                    User(id=new_id(), organization_id=organization_id, username=name, role=role, is_active=is_active)
                )
        answer = house.clinic.admin.post("/v1/invitations", {"username": who})
        assert answer.status_code == 422
        assert answer.json["errors"] == [{"pointer": "/username", "detail": "There is no such account."}]

    @pytest.mark.parametrize("who", ["maya", "therapist", "nurse"])
    def test_nobody_else_may(self, house: Any, who: str) -> None:
        assert house.clinic.caller(who).post("/v1/invitations", {"username": "maya"}).status_code == 403

    def test_a_repeat_tells_the_link_no_more(self, house: Any) -> None:
        body = {"username": "maya"}
        first = house.clinic.admin.post("/v1/invitations", body, idempotency_key="k")
        again = house.clinic.admin.post("/v1/invitations", body, idempotency_key="k")
        assert (again.status_code, again.json) == (201, first.json | {"url": None})
        assert house.browser().get("/oauth/welcome?token=" + first.json["url"].split("token=")[1]).status_code == 200

    def test_only_the_tokens_hash_is_kept(self, house: Any) -> None:
        token = house.invite("maya").split("token=")[1]
        with house.app.app_context(), reading(everywhere=True) as db_session:
            assert token not in db_session.scalars(select(Invitation)).one().token_sha256


class TestUsing:
    def test_a_patient_sets_a_password_and_is_signed_in(self, house: Any) -> None:
        browser = house.browser()
        answer = house.accept(house.invite("maya"), browser=browser)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/oauth/login")
        assert browser.is_signed_in()
        assert house.browser().password("maya").status_code == 303

    def test_patients_are_asked_for_no_second_factor(self, house: Any) -> None:
        page = house.browser().get(house.invite("maya"))
        assert "otpauth" not in page.text
        assert "Harbour Light has invited you" in page.text

    @pytest.mark.parametrize("who", ["therapist", "physician", "nurse", "admin"])
    def test_others_enrol_one(self, house: Any, who: str) -> None:
        path = house.invite(who)
        page = house.browser().get(path)
        assert f"otpauth://totp/Harbour%20Light:{who}?secret=" in page.text
        for code in ("", "000000"):
            answer = house.accept(path, code=code)
            assert answer.status_code == 422
            assert "That code did not work" in answer.text
        assert house.browser().password(who).status_code == 401
        assert house.accept(path).status_code == 303

    def test_the_secret_stays_the_same_while_the_page_is_open(self, house: Any) -> None:
        path = house.invite("nurse")
        assert (
            house.browser().get(path).text.split("secret=")[1][:32]
            == house.browser().get(path).text.split("secret=")[1][:32]
        )

    @pytest.mark.one_database
    @pytest.mark.parametrize(
        ("password", "says"),
        [
            ("", "at least 12"),
            ("elevenchars", "at least 12"),
            ("   short   "[:11], "at least 12"),
            ("x y" * 86, "at most 256"),
            ("\ufdfa" * 20, "at most 256"),  # one letter that is eighteen when it is written out
            ("password1234", "easy to guess"),
            ("Password1234!", "easy to guess"),
            ("123456789012", "easy to guess"),
            ("aaaaaaaaaaaaaa", "easy to guess"),
            ("mayamayamaya", "easy to guess"),
            ("qwertyuiop12", "easy to guess"),
        ],
    )
    def test_a_password_that_will_not_do(self, house: Any, password: str, says: str) -> None:
        answer = house.accept(house.invite("maya"), password)
        assert answer.status_code == 422
        assert says in answer.text
        assert not password or password not in answer.text.replace("maya", "", 1)

    @pytest.mark.one_database
    def test_the_user_name_is_no_password(self, house: Any) -> None:
        house.clinic.admin.create("/v1/patients", {"name": "A", "username": "a.rather-long-name"})
        answer = house.accept(house.invite("a.rather-long-name"), "A.Rather-Long-Name")
        assert "easy to guess" in answer.text

    @pytest.mark.one_database
    @pytest.mark.parametrize(
        "password", ["x" * 11 + "y", "twelve chars", "ü" * 5 + "ber allem" * 2, "ab cdefgh" * 28 + "abcd"]
    )
    def test_a_password_that_will(self, house: Any, password: str) -> None:
        assert house.accept(house.invite("maya"), password).status_code == 303
        assert house.browser().password("maya", password).status_code == 303

    @pytest.mark.one_database
    def test_both_passwords_must_be_the_same(self, house: Any) -> None:
        answer = house.accept(house.invite("maya"), again=OTHER_PASSWORD)
        assert (answer.status_code, "not the same" in answer.text) == (422, True)


class TestNoLongerGood:
    """Whatever became of a link, its holder is told the same, and nothing is changed."""

    def gone(self, house: Any, path: str) -> None:
        browser, token = house.browser(), unquote(path.split("token=")[1])
        page = browser.get(path)
        assert (page.status_code, "does not work any longer" in page.text) == (404, True)
        fields = {"token": token, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD, "code": "000000"}
        assert browser.send("/oauth/welcome", fields, "/oauth/login").status_code == 404
        assert house.browser().password("maya", OTHER_PASSWORD).status_code == 401

    @pytest.mark.parametrize("token", ["", "x", "%00", "%F0%9F", "a" * 3000])
    def test_one_that_never_was(self, house: Any, token: str) -> None:
        self.gone(house, f"/oauth/welcome?token={token}")

    def test_a_used_one(self, house: Any) -> None:
        path = house.invite("maya")
        assert house.accept(path).status_code == 303
        self.gone(house, path)

    def test_one_that_is_being_used(self, house: Any) -> None:
        """Sent many times at once, a link is used once."""
        path = house.invite("maya")
        browsers = [house.browser() for _ in range(6)]
        forms = []
        for number, browser in enumerate(browsers):
            password = f"{PASSWORD} number {number}"
            token = browser.form_token(path)
            forms.append(
                {"form_token": token, "token": path.split("token=")[1], "password": password, "again": password}
            )

        def send(browser: Any, form: dict[str, str]) -> int:
            return int(browser.client.post("/oauth/welcome", data=form).status_code)

        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(send, browsers, forms))
        assert sorted(found) == [303] + [404] * 5
        assert house.browser().password("maya", forms[found.index(303)]["password"]).status_code == 303

    def test_one_that_is_too_old(self, house: Any) -> None:
        path = house.invite("maya")
        house.clock.wait(days=7, seconds=-1)
        assert house.browser().get(path).status_code == 200
        house.clock.wait(seconds=1)
        self.gone(house, path)

    def test_one_that_a_newer_one_made_void(self, house: Any) -> None:
        older, newer = house.invite("maya"), house.invite("maya")
        other = house.invite("tom")
        self.gone(house, older)
        assert house.accept(other).status_code == 303
        assert house.accept(newer).status_code == 303

    def test_one_of_somebody_who_was_switched_off(self, house: Any) -> None:
        path = house.invite("maya")
        house.change_user("maya", is_active=False)
        self.gone(house, path)


class TestAnew:
    def test_password_second_factor_failures_and_sign_ins_are_replaced(self, house: Any) -> None:
        house.member("nurse")
        browser, secret = house.signed_in("nurse"), house.secrets["nurse"]
        for _ in range(3):
            house.browser().password("nurse", "a quite different sentence")
        house.clock.wait(seconds=1)
        house.member("nurse", OTHER_PASSWORD)
        assert house.secrets["nurse"] != secret
        assert not browser.is_signed_in()
        assert house.browser().password("nurse", PASSWORD).status_code == 401
        assert house.browser().password("nurse", OTHER_PASSWORD).status_code == 303

    def test_who_has_become_a_patient_has_no_second_factor_any_more(self, house: Any) -> None:
        house.member("nurse")
        house.change_user("nurse", role="patient")
        assert house.accept(house.invite("nurse")).status_code == 303
        with house.app.app_context(), reading(everywhere=True) as db_session:
            assert db_session.scalars(select(Credential)).one().totp is None

    def test_others_are_told_in_the_same_transaction(self, house: Any) -> None:
        told: list[str] = []
        before = house.app.extensions["on_credentials_reset"]
        house.app.extensions["on_credentials_reset"] = (lambda _session, user: told.append(user.username),)
        try:
            house.accept(house.invite("maya"))
        finally:
            house.app.extensions["on_credentials_reset"] = before
        assert told == ["maya"]

    def test_an_old_password_that_is_being_checked_just_then_is_refused(
        self, house: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.member("maya")
        path, check = house.invite("maya"), Passwords.check

        def slow(self: Passwords, stored: str | None, password: str) -> Any:
            monkeypatch.undo()
            assert house.accept(path, OTHER_PASSWORD).status_code == 303
            return check(self, stored, password)

        monkeypatch.setattr(Passwords, "check", slow)
        browser = house.browser()
        assert browser.password("maya", PASSWORD).status_code == 401
        assert not browser.is_signed_in()

    def test_who_signs_in_with_the_old_password_meanwhile_is_out(self, house: Any, thief: Any) -> None:
        assert house.accept(house.invite("maya"), OTHER_PASSWORD).status_code == 303
        assert not thief.is_signed_in()

    def test_a_role_that_changes_while_the_page_is_open_voids_nothing_and_lets_nobody_in_without_a_factor(
        self, house: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, make = house.invite("maya"), Passwords.hash

        def slow(self: Passwords, password: str) -> str:
            monkeypatch.undo()
            house.change_user("maya", role="admin")
            return make(self, password)

        monkeypatch.setattr(Passwords, "hash", slow)
        assert house.accept(path).status_code == 404
        assert house.browser().password("maya").status_code == 401
        assert house.accept(path).status_code == 303


def test_a_form_that_has_grown_old_leads_back_to_its_invitation(house: Any) -> None:
    """Two invited people at the clinic's tablet: who signs in by the first link makes the page of the second one old.

    That page led to signing in, for which there is no password yet.
    """
    paths, browser = [house.invite(name) for name in ("maya", "tom")], house.browser()
    old = browser.form_token(paths[1])
    assert house.accept(paths[0], browser=browser).status_code == 303
    fields = {"form_token": old, "token": unquote(paths[1].split("token=")[1]), "password": PASSWORD, "again": PASSWORD}
    answer = browser.client.post("/oauth/welcome", data=fields)
    assert answer.status_code == 403
    assert f'href="{paths[1]}"' in answer.text
    assert "/oauth/login" not in answer.text.split("</head>")[1]
    assert house.accept(paths[1], browser=browser).status_code == 303


def test_the_command_line_invites_anybody_but_a_system(house: Any) -> None:
    with house.app.app_context():
        inviter = Inviter(house.app.extensions["parts"].key_service, "https://journal.example", house.clock())
        with unit_of_work(everywhere=True) as db_session:
            organization_id = db_session.query(User).filter_by(username="admin").one().organization_id
            db_session.add(User(id=new_id(), organization_id=organization_id, username="ehr", role="system"))
            db_session.flush()
            with pytest.raises(NotFound):
                inviter.invite_by_name(db_session, "ehr")
            url = inviter.invite_by_name(db_session, "june").url
    assert url is not None
    assert house.accept(url.removeprefix("https://journal.example")).status_code == 303
