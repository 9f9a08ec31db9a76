"""Tokens of an outside OpenID Connect issuer: taken when they are good, and for what the account may do here."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from integration_api.app import create_app
from integration_api.config import Settings
from integration_api.db import db, unit_of_work
from integration_api.environment import UnsafeSettings
from models import User

pytestmark = pytest.mark.one_database

ISSUER, AUDIENCE = "https://id.clinic.example/realms/care", "integration-journal"


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture
def outside(settings: Settings, clinic: Any, serving: Callable[[Any], str], key: RSAKey) -> Any:
    """The clinic with an issuer outside; gives what mints tokens there, and what calls us with one."""
    site = Flask("issuer")
    site.add_url_rule("/jwks", view_func=lambda: {"keys": [key.as_dict(private=False)]}, endpoint="jwks")
    url = serving(site)
    more = {"outside_issuer": ISSUER, "outside_jwks_url": f"{url}/jwks", "outside_audience": AUDIENCE}
    app = create_app(replace(settings, **more))

    def token(signed: Any = key, alg: str = "RS256", typ: str | None = "JWT", **claims: Any) -> str:
        now = int(app.extensions["parts"].now().timestamp())
        said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "exp": now + 60, "scope": "openid patient/*.rs"}
        said |= {"preferred_username": "maya", "azp": "app"} | claims
        header = {"alg": alg, "kid": key.kid} | ({} if typ is None else {"typ": typ})
        return jwt.encode(header, {k: v for k, v in said.items() if v is not None}, signed, algorithms=[alg])

    def call(given: str, path: str = "/v1/me", method: str = "GET", **more: Any) -> Any:
        return app.test_client().open(path, method=method, headers={"Authorization": f"Bearer {given}"}, **more)

    yield token, call
    with app.app_context():
        db.engine.dispose()


def test_a_good_token_speaks_for_the_account_that_it_names(outside: Any) -> None:
    token, call = outside
    for typ in ("JWT", "at+jwt", None):
        answer = call(token(typ=typ))
        assert (answer.status_code, answer.json["username"]) == (200, "maya")
    assert call(token(aud=["other", AUDIENCE])).status_code == 200


def test_its_scopes_limit_it_and_its_role_limits_it_further(outside: Any) -> None:
    token, call = outside
    entry = {"text": "Mine."}
    assert call(token(), "/v1/journal-entries", "POST", json=entry).status_code == 403
    assert call(token(scope="patient/JournalEntry.cr"), "/v1/journal-entries", "POST", json=entry).status_code == 201
    assert call(token(scope="user/*.cruds"), "/v1/patients", "POST", json={"name": "New"}).status_code == 403
    assert call(token(scope="openid profile")).status_code == 403


def test_a_scope_of_another_context_than_the_roles_gives_nothing(outside: Any) -> None:
    """`patient/` is the one patient that an app was launched with; for a clinician nobody is launched with one here."""
    token, call = outside
    for scope in ("openid patient/*.rs", "system/*.rs"):
        assert call(token(scope=scope, preferred_username="therapist"), "/v1/patients").status_code == 403
    listed = call(token(scope="user/Patient.rs", preferred_username="therapist"), "/v1/patients")
    assert [each["name"] for each in listed.json["items"]] == ["Maya"]
    assert call(token(scope="user/*.rs"), "/v1/journal-entries").status_code == 403


@pytest.mark.parametrize(("ahead", "status"), [(8, 200), (30, 401)])
def test_the_issuers_clock_may_be_a_little_ahead(outside: Any, ahead: int, status: int) -> None:
    """Whoever came right from signing in there was signed out here, until our clock had caught up."""
    token, call = outside
    now = json.loads(base64.urlsafe_b64decode(token().split(".")[1] + "=="))["exp"] - 60
    for begins in ("iat", "nbf"):
        assert call(token(**{begins: now + ahead})).status_code == status
    assert call(token(exp=now)).status_code == 401  # it ends when it says


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"}, {"aud": None}, {"exp": 1}, {"exp": None}, {"sub": None}, {"preferred_username": None},
        {"preferred_username": "nobody"}, {"iss": ISSUER + "/"}, {"iss": None}, {"nbf": 4_000_000_000},
    ],
)  # fmt: skip
def test_a_token_with_another_claim_is_none(outside: Any, claims: dict[str, Any]) -> None:
    token, call = outside
    assert call(token(**claims)).status_code == 401


def test_a_token_that_the_issuer_did_not_sign_is_none(outside: Any, key: RSAKey) -> None:
    token, call = outside
    other = RSAKey.generate_key(2048)
    assert call(token(other)).status_code == 401
    assert call(token(ECKey.generate_key("P-256"), "ES256")).status_code == 401
    _, body, _ = token().split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": key.kid}).encode()).decode().rstrip("=")
    mac = hmac.digest(key.as_pem(private=False), f"{head}.{body}".encode(), hashlib.sha256)  # the public key as secret
    forged = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    assert call(f"{head}.{body}.{forged}").status_code == 401
    assert call(f"{head}.{body}.").status_code == 401
    assert call(token(typ="logout+jwt")).status_code == 401


def test_who_is_switched_off_here_stays_out_and_systems_do_not_come_this_way(outside: Any, clinic: Any) -> None:
    token, call = outside
    with clinic.app.app_context(), unit_of_work() as db_session:
        db_session.query(User).filter_by(username="maya").one().is_active = False
    assert call(token()).status_code == 401
    clinic.add_ehr()
    assert call(token(preferred_username="ehr", scope="system/*.rs")).status_code == 401


def test_without_the_setting_nobody_elses_word_is_taken(outside: Any, clinic: Any) -> None:
    token, _ = outside
    answer = clinic.app.test_client().get("/v1/me", headers={"Authorization": f"Bearer {token()}"})
    assert answer.status_code == 401


@pytest.mark.database_free
def test_half_a_setting_is_none() -> None:
    env = {"INTEGRATION_API_OIDC_ISSUER": ISSUER}
    env |= {
        "INTEGRATION_API_SECRET_KEY": "s" * 40,
        "DATABASE_URL": "sqlite://",
        "INTEGRATION_API_URL": "https://j.example",
    }
    with pytest.raises(UnsafeSettings, match="INTEGRATION_API_OIDC_JWKS_URL is not set"):
        Settings.from_env(env)
