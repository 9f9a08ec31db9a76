"""An authorization server with clients: an application on a telephone, and a backend service with keys of its own."""

import logging
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from integration_api.access.use_cases import user_named
from integration_api.db import unit_of_work
from integration_api.login.use_cases import sign_in
from integration_api.oauth.clients import admin_named, draft_of, register_client
from integration_api.wiring import parts
from models import Credential

REDIRECT = "http://127.0.0.1:9999/back"
ISSUER = "http://localhost"
TOKEN_URL = f"{ISSUER}/oauth/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Attempt:
    """One walk through the flow, whose every parameter may be said otherwise; None leaves one out."""

    client_id: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    scope: str = "patient/*.cruds offline_access"
    state: str = "s-1"
    more: dict[str, str | None] = field(default_factory=dict)

    @property
    def query(self) -> str:
        asked: dict[str, str | None] = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT, "scope": self.scope,
            "state": self.state, "code_challenge": create_s256_code_challenge(self.verifier),
            "code_challenge_method": "S256", **self.more,
        }  # fmt: skip
        return urlencode({name: value for name, value in asked.items() if value is not None})

    @property
    def path(self) -> str:
        return f"/oauth/authorize?{self.query}"


@dataclass
class OAuth:
    """What tests do with the authorization server."""

    app: Flask
    clinic: Any
    key: ECKey
    public: str
    backend: str

    def browser(self, username: str | None = "maya") -> FlaskClient:
        """A browser in which somebody is signed in."""
        browser = self.app.test_client()
        if username is not None:
            with self.app.app_context(), unit_of_work(everywhere=True) as db_session:
                user, at = user_named(db_session, username), parts().now()
                if db_session.get(Credential, user.id) is None:
                    of_user = {"user_id": user.id, "organization_id": user.organization_id}
                    db_session.add(Credential(**of_user, password_hash="none", sign_ins_since=at))
            with browser.session_transaction() as session:
                sign_in(session, user, at)
        return browser

    def attempt(self, **said: Any) -> Attempt:
        return Attempt(**{"client_id": self.public, **said})

    def decide(self, attempt: Attempt, username: str = "maya", decision: str = "allow") -> dict[str, str]:
        """Go through the consent page; gives what came back in the address."""
        browser = self.browser(username)
        page = browser.get(attempt.path)
        if page.status_code == 200:
            page = browser.post(attempt.path, data={"csrf": self.csrf_in(page), "decision": decision})
        assert page.status_code == 303, page.text
        assert page.location.startswith(REDIRECT + "?")
        return self.parameters(page.location)

    def redeem(self, attempt: Attempt, code: str, **more: str | None) -> TestResponse:
        said = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "client_id": attempt.client_id, "code_verifier": attempt.verifier, **more,
        }  # fmt: skip
        return self.post("token", said)

    def tokens(self, username: str = "maya", **said: Any) -> Any:
        """Walk through the whole flow; gives the token endpoint's answer."""
        attempt = self.attempt(**said)
        answer = self.redeem(attempt, self.decide(attempt, username)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json

    def refresh(self, token: str, **more: str) -> TestResponse:
        said = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.public, **more}
        return self.post("token", said)

    def post(self, endpoint: str, said: dict[str, str | None]) -> TestResponse:
        data = {name: value for name, value in said.items() if value is not None}
        return self.app.test_client().post(f"/oauth/{endpoint}", data=data)

    def assertion(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """The backend's word for who it is; a claim that is None is left out."""
        now = int(self.now().timestamp())
        said = {
            "iss": self.backend, "sub": self.backend, "aud": TOKEN_URL, "exp": now + 240,
            "jti": secrets.token_urlsafe(8), **claims,
        }  # fmt: skip
        head = {"alg": "ES384", "kid": self.key.kid, "typ": "JWT", **(header or {})}
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(head, kept, key or self.key, algorithms=[head["alg"]])

    def proof(self, assertion: str | None = None) -> dict[str, str | None]:
        return {"client_assertion_type": ASSERTION, "client_assertion": assertion or self.assertion()}

    def backend_token(self, assertion: str | None = None, **more: str) -> TestResponse:
        said = {"grant_type": "client_credentials", "scope": "system/*.rs", **self.proof(assertion), **more}
        return self.post("token", said)

    def me(self, token: str) -> int:
        """What the door says to a token."""
        answer = self.app.test_client().get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    def now(self) -> datetime:
        with self.app.app_context():
            return parts().now()

    @staticmethod
    def csrf_in(page: TestResponse) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found, page.text
        return found[1]

    @staticmethod
    def parameters(location: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    @staticmethod
    def key_set(*keys: Any) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in keys]}

    def register(self, name: str, admin: str = "admin", **said: Any) -> str:
        with self.app.app_context(), unit_of_work(everywhere=True) as db_session:
            draft = draft_of(name, **said)
            return str(register_client(db_session, admin_named(db_session, admin), draft).client_id)


@pytest.fixture(scope="session")
def backend_key() -> ECKey:
    return ECKey.generate_key("P-384", auto_kid=True)


@pytest.fixture
def oauth(clinic: Any, backend_key: ECKey) -> OAuth:
    made = OAuth(clinic.app, clinic, backend_key, "", "")
    made.public = made.register("Journal on a telephone", redirect_uris=(REDIRECT,))
    made.backend = made.register("Hospital record", jwks=made.key_set(backend_key), system="ehr")
    return made


@pytest.fixture
def later(app: Flask) -> Iterator[Any]:
    """Let time pass."""
    before = app.extensions["parts"]

    def wait(**how_long: float) -> None:
        now = app.extensions["parts"].now
        app.extensions["parts"] = replace(before, now=lambda: now() + timedelta(**how_long))

    yield wait
    app.extensions["parts"] = before


@pytest.fixture
def serving(caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    """Serve applications on free ports."""
    caplog.set_level(logging.WARNING, "werkzeug")
    running = []

    def serve(app: Any, **more: Any) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True, **more)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()
