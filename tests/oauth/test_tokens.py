"""/oauth/token with codes and refresh tokens, and what the door says to what comes out."""

import base64
import json
import logging
from typing import Any

import pytest

from integration_api.db import unit_of_work
from models import AuthorizationCode, OAuthClient, RefreshToken, User

REDIRECT = "http://127.0.0.1:9999/back"


def refused(answer: Any, error: str = "invalid_grant", status: int = 400) -> None:
    assert (answer.status_code, answer.json["error"]) == (status, error), answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def claims_in(token: str, part: int = 1) -> Any:
    text = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class TestCodes:
    def test_a_code_gives_a_token_that_opens_the_door(self, oauth: Any) -> None:
        attempt = oauth.attempt()
        answer = oauth.redeem(attempt, oauth.decide(attempt)["code"])
        assert answer.headers["Cache-Control"] == "no-store"
        found = answer.json
        assert found.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
        assert (found["token_type"], found["expires_in"]) == ("Bearer", 3600)
        assert oauth.me(found["access_token"]) == 200
        head, says = claims_in(found["access_token"], 0), claims_in(found["access_token"])
        assert (head["alg"], head["typ"]) == ("ES256", "at+jwt")
        assert (says["iss"], says["aud"]) == ("http://localhost", "http://localhost/v1")
        assert says["client_id"] == oauth.public
        assert {"sub", "sid", "jti", "iat", "exp", "scope"} <= says.keys()

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"code_verifier": "w" * 43}, "invalid_grant"),
            ({"code_verifier": None}, "invalid_request"),
            ({"code_verifier": "short"}, "invalid_request"),
            ({"redirect_uri": REDIRECT + "/"}, "invalid_grant"),
            ({"redirect_uri": None}, "invalid_grant"),
            ({"code": "guessed"}, "invalid_grant"),
            ({"code": None}, "invalid_request"),
            ({"client_id": None}, "invalid_client"),
            ({"client_id": "nobody"}, "invalid_client"),
            ({"client_id": "\x00"}, "invalid_client"),
            ({"client_secret": "any"}, "invalid_client"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": "implicit"}, "unsupported_grant_type"),
            ({"grant_type": None}, "unsupported_grant_type"),
        ],
    )
    def test_what_must_be_right(self, oauth: Any, more: dict[str, str | None], error: str) -> None:
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        refused(oauth.redeem(attempt, more.pop("code", code), **more), error)
        assert oauth.redeem(attempt, code).status_code == 200  # somebody's wrong guess costs the client nothing

    def test_the_challenge_itself_is_no_verifier(self, oauth: Any) -> None:
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        challenge = oauth.parameters(attempt.path)["code_challenge"]
        refused(oauth.redeem(attempt, code, code_verifier=challenge))

    def test_anothers_code(self, oauth: Any) -> None:
        other = oauth.register("Another", redirect_uris=(REDIRECT,))
        attempt = oauth.attempt()
        refused(oauth.redeem(attempt, oauth.decide(attempt)["code"], client_id=other))

    def test_a_code_is_good_for_a_minute(self, oauth: Any, later: Any) -> None:
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        later(seconds=61)
        refused(oauth.redeem(attempt, code))

    def test_a_code_used_again_takes_everything_down_that_it_gave(self, oauth: Any) -> None:
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        first = oauth.redeem(attempt, code).json
        newer = oauth.refresh(first["refresh_token"]).json
        refused(oauth.redeem(attempt, code))
        assert oauth.me(first["access_token"]) == oauth.me(newer["access_token"]) == 401
        refused(oauth.refresh(newer["refresh_token"]))

    def test_other_families_live_on(self, oauth: Any) -> None:
        other, attempt = oauth.tokens(), oauth.attempt()
        code = oauth.decide(attempt)["code"]
        oauth.redeem(attempt, code)
        refused(oauth.redeem(attempt, code))
        assert oauth.me(other["access_token"]) == 200

    def test_a_parameter_said_twice(self, oauth: Any) -> None:
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        data = {
            "grant_type": "authorization_code", "code": [code, code], "redirect_uri": REDIRECT,
            "client_id": oauth.public, "code_verifier": attempt.verifier,
        }  # fmt: skip
        refused(oauth.app.test_client().post("/oauth/token", data=data), "invalid_request")

    def test_parameters_in_the_address_do_not_count(self, oauth: Any) -> None:
        attempt = oauth.attempt()
        query = f"grant_type=authorization_code&code={oauth.decide(attempt)['code']}&client_id={oauth.public}"
        answer = oauth.app.test_client().post(
            f"/oauth/token?{query}&redirect_uri={REDIRECT}&code_verifier={attempt.verifier}"
        )
        refused(answer, "unsupported_grant_type")


class TestRefreshTokens:
    def test_each_use_gives_the_next_one(self, oauth: Any) -> None:
        first = oauth.tokens()
        second = oauth.refresh(first["refresh_token"]).json
        third = oauth.refresh(second["refresh_token"]).json
        assert len({each["refresh_token"] for each in (first, second, third)}) == 3
        assert all(oauth.me(each["access_token"]) == 200 for each in (first, second, third))

    def test_one_used_again_takes_the_family_down_with_its_access_tokens(self, oauth: Any) -> None:
        first = oauth.tokens()
        second = oauth.refresh(first["refresh_token"]).json
        refused(oauth.refresh(first["refresh_token"]))
        refused(oauth.refresh(second["refresh_token"]))
        assert oauth.me(first["access_token"]) == oauth.me(second["access_token"]) == 401

    @pytest.mark.parametrize("what", ["refresh token", "code"])
    def test_one_used_again_is_told_in_the_trail_once(self, oauth: Any, what: str) -> None:
        """One of the two was a thief: the family ended, and nobody could find out that it had, nor from where."""
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        first = oauth.redeem(attempt, code).json
        if what == "refresh token":
            oauth.refresh(first["refresh_token"])
        for _ in range(2):
            refused(oauth.redeem(attempt, code) if what == "code" else oauth.refresh(first["refresh_token"]))
        for who in (oauth.clinic.maya, oauth.clinic.admin):
            told = [each for each in who.read("/v1/audit-events?limit=200")["items"] if each["outcome"] == "refused"]
            assert [(each["operation"], each["client"], each["origin"]) for each in told] == [
                ("reuseToken", oauth.public, "127.0.0.1")
            ]
            assert told[0]["patient_id"] == oauth.clinic.ids["maya"]

    def test_only_for_those_who_asked_to_stay(self, oauth: Any) -> None:
        assert "refresh_token" not in oauth.tokens(scope="patient/*.rs")

    def test_it_is_its_clients_alone(self, oauth: Any) -> None:
        first, other = oauth.tokens(), oauth.register("Another", redirect_uris=(REDIRECT,))
        refused(oauth.refresh(first["refresh_token"], client_id=other))
        assert oauth.refresh(first["refresh_token"]).status_code == 200

    def test_less_may_be_asked_for_and_more_not(self, oauth: Any) -> None:
        first = oauth.tokens(scope="patient/Note.rs patient/Session.r offline_access")
        refused(oauth.refresh(first["refresh_token"], scope="patient/*.rs"), "invalid_scope")
        less = oauth.refresh(first["refresh_token"], scope="patient/Session.r").json
        assert less["scope"] == claims_in(less["access_token"])["scope"] == "patient/Session.r"
        assert oauth.refresh(less["refresh_token"]).json["scope"] == first["scope"]

    @pytest.mark.parametrize(
        ("at_first", "later", "given"),
        [
            ("patient/*.read openid fhirUser offline_access", None, "patient/*.rs offline_access"),
            ("patient/*.rs user/*.rs email offline_access", None, "patient/*.rs offline_access"),
            ("patient/*.rs offline_access", "patient/JournalEntry.r", "patient/JournalEntry.r"),
            (
                "patient/*.cruds offline_access",
                "patient/Note.read patient/Session.rs",
                "patient/Note.rs patient/Session.rs",
            ),
            ("patient/*.rs offline_access", "patient/*.r launch/patient offline_access", "patient/*.r offline_access"),
        ],
    )
    def test_what_is_asked_for_is_read_as_when_the_user_was_asked(
        self, oauth: Any, at_first: str, later: str | None, given: str
    ) -> None:
        """Many apps send the scope of the beginning each time: they were signed out after the first hour."""
        first = oauth.tokens(scope=at_first)
        answer = oauth.refresh(first["refresh_token"], scope=later or at_first)
        assert (answer.status_code, answer.json.get("scope")) == (200, given)
        assert "patient" not in answer.json

    @pytest.mark.parametrize("more", ["patient/*.rs", "patient/Note.u", "patient/Session.rs", "openid", "email"])
    def test_nothing_and_more_than_was_granted_are_refused(self, oauth: Any, more: str) -> None:
        first = oauth.tokens(scope="patient/Note.rs patient/Session.r offline_access")
        refused(oauth.refresh(first["refresh_token"], scope=more), "invalid_scope")
        assert oauth.refresh(first["refresh_token"]).status_code == 200

    def test_it_runs_out(self, oauth: Any, later: Any) -> None:
        first = oauth.tokens()
        later(days=31)
        refused(oauth.refresh(first["refresh_token"]))

    def test_used_every_week_it_still_ends_after_half_a_year(self, oauth: Any, later: Any) -> None:
        token = oauth.tokens()["refresh_token"]
        for _ in range(9):
            later(days=20)
            answer = oauth.refresh(token)
            token = answer.json.get("refresh_token", token)
        refused(answer)

    def test_nonsense(self, oauth: Any) -> None:
        for token in ("x", "\x00", "ä" * 1000):
            refused(oauth.refresh(token))
        refused(oauth.refresh(""), "invalid_grant")


class TestTheDoor:
    def test_one_signed_by_a_machine_whose_clock_is_a_little_ahead(self, oauth: Any, later: Any) -> None:
        """Of several servers the next may be a second behind: who had just signed in was signed out there."""
        token = oauth.tokens()["access_token"]
        later(seconds=-5)
        assert oauth.me(token) == 200
        later(seconds=-30)
        assert oauth.me(token) == 401

    def test_it_ends_when_it_says(self, oauth: Any, later: Any) -> None:
        token = oauth.tokens()
        later(seconds=token["expires_in"] - 5)
        assert oauth.me(token["access_token"]) == 200
        later(seconds=6)
        assert oauth.me(token["access_token"]) == 401

    def test_an_access_token_runs_out(self, oauth: Any, later: Any) -> None:
        found = oauth.tokens()
        later(minutes=61)
        assert oauth.me(found["access_token"]) == 401
        assert oauth.me(oauth.refresh(found["refresh_token"]).json["access_token"]) == 200

    def test_a_client_switched_off_is_out_at_once(self, oauth: Any) -> None:
        found = oauth.tokens()
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            db_session.query(OAuthClient).filter_by(client_id=oauth.public).one().is_active = False
        assert oauth.me(found["access_token"]) == 401
        refused(oauth.refresh(found["refresh_token"]), "invalid_client")

    def test_a_user_switched_off_is_out_at_once(self, oauth: Any) -> None:
        found = oauth.tokens()
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            db_session.query(User).filter_by(username="maya").one().is_active = False
        assert oauth.me(found["access_token"]) == 401
        refused(oauth.refresh(found["refresh_token"]))

    @pytest.mark.parametrize(
        ("kind", "name", "context"), [("clinicians", "nurse", "user"), ("patients", "maya", "patient")]
    )
    def test_who_is_switched_off_loses_every_token_for_good(
        self, oauth: Any, kind: str, name: str, context: str
    ) -> None:
        scope = f"{context}/*.rs offline_access"
        found = oauth.tokens(name, scope=scope)
        attempt = oauth.attempt(scope=scope)
        code = oauth.decide(attempt, name)["code"]
        path = f"/v1/{kind}/{oauth.clinic.ids[name]}"
        for is_active in (False, True):
            assert oauth.clinic.admin.patch(path, {"is_active": is_active}, if_match="*").status_code == 200
            assert oauth.me(found["access_token"]) == 401
            refused(oauth.refresh(found["refresh_token"]))
            refused(oauth.redeem(attempt, code))
        assert oauth.me(oauth.tokens(name, scope=scope)["access_token"]) == 200

    def test_a_refresh_token_is_no_access_token(self, oauth: Any) -> None:
        assert oauth.me(oauth.tokens()["refresh_token"]) == 401


class TestSecrets:
    def test_neither_code_nor_token_is_kept_or_logged(self, oauth: Any, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            attempt = oauth.attempt()
            code = oauth.decide(attempt)["code"]
            first = oauth.redeem(attempt, code).json
            second = oauth.refresh(first["refresh_token"]).json
            third = oauth.backend_token().json
            oauth.redeem(attempt, code)
        told = [code, attempt.verifier, first["refresh_token"], second["refresh_token"]]
        told += [each["access_token"] for each in (first, second, third)]
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            rows = [*db_session.query(AuthorizationCode), *db_session.query(RefreshToken)]
            kept = json.dumps([{name: str(value) for name, value in vars(row).items()} for row in rows])
        assert len(rows) == 3
        for secret in told:
            assert secret not in caplog.text
            assert secret not in kept
