"""The edges: headers, other origins, proxies, and how often somebody may call."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Timer
from typing import Any

import pytest
from callers import ADDRESS
from flask import Flask

from integration_api.access.keys import signer
from integration_api.access.tokens import mint_token
from integration_api.access.use_cases import user_named
from integration_api.app import create_app
from integration_api.config import Settings
from integration_api.db import db, unit_of_work
from integration_api.wiring import parts

pytestmark = pytest.mark.one_database

ORIGIN = "https://app.example"


@pytest.fixture
def other(settings: Settings, clinic: Any) -> Iterator[Any]:
    """The same clinic behind another application: give what is otherwise in its settings."""
    made: list[Flask] = []

    def make(**settings_of_it: Any) -> Any:
        app = create_app(replace(settings, **settings_of_it))
        app.config["PROPAGATE_CRASHES"] = True
        made.append(app)

        def caller(username: str) -> Any:
            found = clinic.caller(username)
            found.app = app
            return found

        return app, caller

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


class TestHeaders:
    @pytest.mark.parametrize(
        "path",
        [
            "/v1/me",
            "/v1/journal-entries",
            "/v1/nowhere",
            "/nowhere",
            "/healthz",
            "/oauth/login",
            "/docs",
            "/oauth/token",
        ],
    )
    def test_every_answer_is_hardened(self, clinic: Any, path: str) -> None:
        for caller in (clinic.anybody(), clinic.maya):
            headers = caller.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" not in headers  # the tests' address is no https

    def test_over_https_only_from_then_on(self, other: Any) -> None:
        app, _ = other(public_url="https://journal.example")
        headers = app.test_client().get("/healthz").headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    def test_no_answer_says_what_it_runs_on(self, clinic: Any) -> None:
        for path in ("/v1/me", "/nowhere", "/healthz"):
            assert not {"Server", "X-Powered-By"} & set(clinic.anybody().get(path).headers.keys())


class TestOrigins:
    def preflight(self, app: Flask, origin: str, path: str = "/v1/journal-entries") -> Any:
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        return app.test_client().options(path, headers=asked).headers

    def test_an_origin_on_the_list_may_read_and_no_other(self, other: Any) -> None:
        app, caller = other(allowed_origins=(ORIGIN,))
        assert self.preflight(app, ORIGIN)["Access-Control-Allow-Origin"] == ORIGIN
        for stranger in ("https://evil.example", "https://app.example.evil.example", "http://app.example", "null"):
            assert "Access-Control-Allow-Origin" not in self.preflight(app, stranger)
        answer = caller("maya").get("/v1/me", headers={"Origin": ORIGIN})
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
        told = app.test_client().get("/fhir/R4/metadata", headers={"Origin": ORIGIN})
        assert told.json["rest"][0]["security"]["cors"] is True
        assert told.headers["Access-Control-Allow-Origin"] == ORIGIN

    def test_the_pages_are_for_no_origin(self, other: Any) -> None:
        app, _ = other(allowed_origins=(ORIGIN,))
        for path in ("/oauth/login", "/oauth/authorize", "/docs"):
            assert "Access-Control-Allow-Origin" not in self.preflight(app, ORIGIN, path)

    def test_without_a_list_there_is_no_other_origin(self, clinic: Any) -> None:
        assert "Access-Control-Allow-Origin" not in self.preflight(clinic.app, ORIGIN)


class TestProxies:
    def origin(self, clinic: Any, caller: Any) -> str:
        caller.get("/v1/me", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
        return str(clinic.admin.read("/v1/audit-events?limit=1")["items"][0]["origin"])

    def test_nobody_says_where_they_come_from_unless_a_proxy_is_trusted(self, clinic: Any) -> None:
        assert self.origin(clinic, clinic.maya) == "127.0.0.1"

    def test_a_trusted_proxy_says_it_and_what_came_before_is_not_believed(self, clinic: Any, other: Any) -> None:
        _, caller = other(trusted_proxies=1)
        assert self.origin(clinic, caller("maya")) == "198.51.100.7"


class TestRates:
    def test_a_principal_may_call_so_often_and_others_are_not_held_up(self, other: Any) -> None:
        _, caller = other(calls_per_minute=5)
        maya, tom = caller("maya"), caller("tom")
        assert [maya.get("/v1/me").status_code for _ in range(6)] == [200] * 5 + [429]
        refused = maya.get("/v1/me")
        assert refused.mimetype == "application/problem+json"
        assert 1 <= int(refused.headers["Retry-After"]) <= 120
        assert refused.headers["RateLimit-Policy"] == '"calls";q=5;w=60'
        assert refused.headers["RateLimit"].startswith('"calls";r=0;t=')
        assert tom.get("/v1/me").status_code == 200

    def test_counting_starts_no_thread_at_every_call(self, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        _, caller = other(calls_per_minute=100)
        maya = caller("maya")
        maya.get("/v1/me")
        started = []
        monkeypatch.setattr(Timer, "start", started.append)
        assert {maya.get("/v1/me").status_code for _ in range(10)} == {200}
        assert not started

    def test_nothing_is_stored_by_a_call_too_many(self, clinic: Any, other: Any) -> None:
        _, caller = other(calls_per_minute=1)
        maya = caller("maya")
        statuses = [maya.post("/v1/journal-entries", {"text": "Mine."}).status_code for _ in range(3)]
        assert statuses == [201, 429, 429]
        assert len(clinic.maya.read("/v1/journal-entries")["items"]) == 1

    @pytest.mark.parametrize(
        "path", ["/oauth/token", "/oauth/login", "/oauth/login/code", "/oauth/introspect", "/oauth/authorize"]
    )
    def test_an_address_may_try_to_get_in_so_often(self, other: Any, path: str) -> None:
        app, _ = other(attempts_per_minute=4)
        client = app.test_client()
        answers = [client.post(path, data={"username": "maya", "password": "guess"}) for _ in range(6)]
        assert 429 not in [each.status_code for each in answers[:4]]
        assert [each.status_code for each in answers[4:]] == [429, 429]
        assert int(answers[-1].headers["Retry-After"]) >= 1
        elsewhere = client.post(path, data={"grant_type": "guess"}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
        assert elsewhere.status_code != 429

    @pytest.mark.parametrize("path", ["authorize", "login", "login/code", "logout", "welcome"])
    def test_a_person_who_is_too_quick_is_told_in_a_page(self, other: Any, path: str) -> None:
        app, _ = other(attempts_per_minute=1)
        seen = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "es"}
        page = [app.test_client().post(f"/oauth/{path}", headers=seen) for _ in range(2)][-1]
        assert (page.status_code, page.mimetype) == (429, "text/html")
        assert "espere un poco" in page.text
        assert f"{page.headers['Retry-After']} segundo" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]

    def test_tokens_cannot_be_guessed_at_leisure(self, other: Any) -> None:
        app, caller = other(attempts_per_minute=3)
        guesser = caller("maya")
        guesser.token = "a.b.c"
        assert [guesser.get("/v1/me").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
        assert caller("maya").get("/v1/me").status_code == 200
        assert app.test_client().get("/healthz").status_code == 200

    @pytest.mark.parametrize("ending", ["expired", "switched off"])
    def test_tokens_that_were_good_once_are_no_guesses(self, clinic: Any, other: Any, ending: str) -> None:
        """Telephones come back with old tokens, many by one address: nobody could sign in there for a minute."""
        app, caller = other(attempts_per_minute=3, calls_per_minute=6)
        phone = caller("colleague")
        if ending == "expired":
            phone.token = old_token(clinic.app, "colleague")
        else:
            clinic.admin.patch(f"/v1/clinicians/{clinic.ids['colleague']}", {"is_active": False}, if_match="*")
        assert [phone.get("/v1/me").status_code for _ in range(8)] == [401] * 6 + [429] * 2
        assert app.test_client().post("/oauth/token", data={"grant_type": "refresh_token"}).status_code == 400
        assert caller("maya").get("/v1/me").status_code == 200


def old_token(app: Flask, username: str) -> str:
    with app.app_context(), unit_of_work() as db_session:
        ours, at = signer(db_session, parts().key_service, ADDRESS), parts().now() - timedelta(hours=1)
        return mint_token(ours, user_named(db_session, username).id, "user/*.cruds", at=at, minutes=5)
