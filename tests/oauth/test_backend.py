"""SMART Backend Services: a client proves who it is with its own key, and acts as its system account."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from integration_api.db import unit_of_work
from models import User

REDIRECT = "http://127.0.0.1:9999/back"


def refused(answer: Any, error: str = "invalid_client") -> None:
    assert (answer.status_code, answer.json["error"]) == (400, error), answer.text


def test_a_signed_word_gives_a_short_lived_token(oauth: Any) -> None:
    answer = oauth.backend_token()
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (found["expires_in"], found["scope"]) == (300, "system/*.rs")
    assert oauth.me(found["access_token"]) == 200


def test_both_algorithms_and_every_audience_and_type(oauth: Any) -> None:
    rsa = RSAKey.generate_key(2048, auto_kid=True)
    backend = oauth.register("Another record", jwks=oauth.key_set(rsa, oauth.key), system="other")
    own = {"iss": backend, "sub": backend}
    for aud in ("http://localhost/oauth/token", "http://localhost", ["http://localhost", "https://else.example"]):
        assert oauth.backend_token(oauth.assertion(**own, aud=aud)).status_code == 200
    for header in ({"typ": "client-authentication+jwt"}, {"alg": "RS384", "kid": rsa.kid}):
        key = rsa if "alg" in header else oauth.key
        assert oauth.backend_token(oauth.assertion(key=key, header=header, **own)).status_code == 200


def test_a_jti_is_good_once_and_may_be_anothers(oauth: Any, later: Any) -> None:
    assertion = oauth.assertion(jti="once")
    assert oauth.backend_token(assertion).status_code == 200
    refused(oauth.backend_token(assertion))
    refused(oauth.backend_token(oauth.assertion(jti="once")))
    backend = oauth.register("Another", jwks=oauth.key_set(oauth.key), system="other")
    assert oauth.backend_token(oauth.assertion(iss=backend, sub=backend, jti="once")).status_code == 200
    later(minutes=6)  # it has run out, so it need not be remembered
    assert oauth.backend_token(oauth.assertion(jti="once")).status_code == 200


def test_a_jti_is_remembered_for_as_long_as_clocks_may_differ(oauth: Any, later: Any) -> None:
    assertion = oauth.assertion(exp=int(oauth.now().timestamp()) + 60)
    assert oauth.backend_token(assertion).status_code == 200
    later(minutes=65 / 60)  # it has run out, and is still taken from whose clock is slow
    refused(oauth.backend_token(assertion))
    assert oauth.backend_token(oauth.assertion(exp=int(oauth.now().timestamp()) - 5)).status_code == 200


def test_a_jti_is_used_up_by_a_request_that_is_refused(oauth: Any) -> None:
    assertion = oauth.assertion()
    refused(oauth.backend_token(assertion, scope="patient/*.rs"), "invalid_scope")
    refused(oauth.backend_token(assertion))


@pytest.mark.one_database
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"iss": None},
        {"sub": None},
        {"sub": 5},
        {"aud": None},
        {"aud": "https://else.example/token"},
        {"aud": ["https://else.example/token"]},
        {"aud": "http://localhost/v1"},
        {"aud": "http://localhost/"},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": True},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "\x00"},
        {"jti": "j" * 256},
    ],
)
def test_every_claim_must_be_right(oauth: Any, claims: dict[str, Any]) -> None:
    refused(oauth.backend_token(oauth.assertion(**claims)))


@pytest.mark.one_database
@pytest.mark.parametrize("seconds", [320, 3600, 10**9, -11])
def test_it_must_run_out_within_five_minutes(oauth: Any, seconds: int) -> None:
    refused(oauth.backend_token(oauth.assertion(exp=int(oauth.now().timestamp()) + seconds)))


def test_not_yet_is_not_now(oauth: Any) -> None:
    refused(oauth.backend_token(oauth.assertion(nbf=int(oauth.now().timestamp()) + 200)))


@pytest.mark.one_database
class TestSignatures:
    def test_another_key_under_the_same_name(self, oauth: Any) -> None:
        stranger = ECKey.generate_key("P-384", {"kid": oauth.key.kid})
        refused(oauth.backend_token(oauth.assertion(key=stranger)))

    @pytest.mark.parametrize("kid", ["unknown", "", 5])
    def test_another_name(self, oauth: Any, kid: Any) -> None:
        text = oauth.assertion()
        _, payload, signature = text.split(".")
        head = _part({"alg": "ES384", "kid": kid})
        refused(oauth.backend_token(f"{head}.{payload}.{signature}"))

    def test_a_changed_word(self, oauth: Any) -> None:
        head, payload, signature = oauth.assertion().split(".")
        said = json.loads(base64.urlsafe_b64decode(payload + "=="))
        refused(oauth.backend_token(f"{head}.{_part(said | {'jti': 'new'})}.{signature}"))

    def test_none(self, oauth: Any) -> None:
        _, payload, _ = oauth.assertion().split(".")
        for algorithm in ("none", "None", ""):
            refused(oauth.backend_token(f"{_part({'alg': algorithm, 'kid': oauth.key.kid})}.{payload}."))

    def test_the_public_key_as_a_shared_secret(self, oauth: Any) -> None:
        """HS256 with what everybody may read: the oldest trick."""
        _, payload, _ = oauth.assertion().split(".")
        for secret in (oauth.key.as_pem(private=False), json.dumps(oauth.key.as_dict(private=False)).encode()):
            head = _part({"alg": "HS256", "kid": oauth.key.kid})
            mac = hmac.digest(secret, f"{head}.{payload}".encode(), "sha256")
            signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
            refused(oauth.backend_token(f"{head}.{payload}.{signature}"))

    @pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS384", "ES256"])
    def test_other_algorithms(self, oauth: Any, algorithm: str) -> None:
        is_rsa = not algorithm.startswith("ES")
        key = RSAKey.generate_key(2048, auto_kid=True) if is_rsa else ECKey.generate_key("P-256", auto_kid=True)
        backend = oauth.register("Another", jwks=oauth.key_set(key), system="other")
        header = {"alg": algorithm, "kid": key.kid}
        refused(oauth.backend_token(oauth.assertion(key=key, header=header, iss=backend, sub=backend)))

    def test_a_key_of_another_kind(self, oauth: Any) -> None:
        key = ECKey.generate_key("P-256", auto_kid=True)
        backend = oauth.register("Another", jwks=oauth.key_set(key), system="other")
        _, payload, signature = oauth.assertion(iss=backend, sub=backend).split(".")
        for algorithm in ("ES384", "RS384"):
            refused(oauth.backend_token(f"{_part({'alg': algorithm, 'kid': key.kid})}.{payload}.{signature}"))

    def test_our_own_access_token_is_no_proof(self, oauth: Any) -> None:
        refused(oauth.backend_token(oauth.backend_token().json["access_token"]))

    def test_an_assertion_is_no_access_token(self, oauth: Any) -> None:
        assert oauth.me(oauth.assertion(aud="http://localhost/v1")) == 401
        typed = oauth.assertion(aud="http://localhost/v1", iss="http://localhost", header={"typ": "at+jwt"})
        assert oauth.me(typed) == 401

    @pytest.mark.parametrize(
        "text", ["", "x", "a.b.c", "....", "\x00.ä.\x00", "e30.W10.x", "e30." + "W1" * 9000 + ".x"]
    )
    def test_nonsense(self, oauth: Any, text: str) -> None:
        refused(oauth.post("token", {"grant_type": "client_credentials", **oauth.proof("x"), "client_assertion": text}))

    def test_a_payload_nested_without_end(self, oauth: Any) -> None:
        payload = base64.urlsafe_b64encode(b"[" * 100_000).rstrip(b"=").decode()
        refused(oauth.backend_token(f"{_part({'alg': 'ES384', 'kid': oauth.key.kid})}.{payload}.x"))


class TestWho:
    def test_another_type_of_assertion(self, oauth: Any) -> None:
        refused(oauth.backend_token(client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"))
        refused(oauth.post("token", {"grant_type": "client_credentials", "client_assertion": oauth.assertion()}))

    def test_a_client_id_must_be_the_same(self, oauth: Any) -> None:
        assert oauth.backend_token(client_id=oauth.backend).status_code == 200
        refused(oauth.backend_token(client_id=oauth.public))

    def test_without_proof(self, oauth: Any) -> None:
        refused(oauth.post("token", {"grant_type": "client_credentials", "client_id": oauth.backend}))
        refused(oauth.post("token", {"grant_type": "client_credentials", "client_id": oauth.public}))
        refused(oauth.post("token", {"grant_type": "authorization_code", "client_id": oauth.backend, "code": "x"}))

    def test_a_client_with_keys_but_no_account(self, oauth: Any) -> None:
        web = oauth.register("Web", jwks=oauth.key_set(oauth.key), redirect_uris=(REDIRECT,))
        refused(oauth.backend_token(oauth.assertion(iss=web, sub=web)), "unauthorized_client")
        refused(oauth.post("token", {"grant_type": "refresh_token", "refresh_token": "x", **oauth.proof()}),
                "unauthorized_client")  # fmt: skip

    def test_an_account_switched_off(self, oauth: Any) -> None:
        token = oauth.backend_token().json["access_token"]
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            db_session.query(User).filter_by(username="ehr").one().is_active = False
        assert oauth.me(token) == 401
        refused(oauth.backend_token(), "unauthorized_client")

    @pytest.mark.one_database
    @pytest.mark.parametrize(
        ("asked", "granted"),
        [("system/Taxonomy.cruds", "system/Taxonomy.rs"), ("system/*.cruds", "system/*.rs"),
         ("system/Me.r openid offline_access", "system/Me.r")],
    )  # fmt: skip
    def test_scopes_go_as_far_as_client_and_role(self, oauth: Any, asked: str, granted: str) -> None:
        found = oauth.backend_token(scope=asked).json
        assert found["scope"] == granted
        assert "refresh_token" not in found

    @pytest.mark.one_database
    @pytest.mark.parametrize("asked", ["user/*.rs", "patient/*.rs", "system/Mention.rs", "system/*.reads", "x"])
    def test_scopes_that_give_nothing(self, oauth: Any, asked: str) -> None:
        refused(oauth.backend_token(scope=asked), "invalid_scope")

    def test_a_confidential_application_proves_itself_with_every_code(self, oauth: Any) -> None:
        web = oauth.register("Web", jwks=oauth.key_set(oauth.key), redirect_uris=(REDIRECT,))
        attempt = oauth.attempt(client_id=web)
        code = oauth.decide(attempt)["code"]
        refused(oauth.redeem(attempt, code))
        found = oauth.redeem(attempt, code, **oauth.proof(oauth.assertion(iss=web, sub=web)))
        assert found.status_code == 200
        refused(oauth.refresh(found.json["refresh_token"], client_id=web))
        proof = oauth.proof(oauth.assertion(iss=web, sub=web))
        assert oauth.refresh(found.json["refresh_token"], client_id=web, **proof).status_code == 200


def test_grants_of_long_ago_are_not_kept(oauth: Any, later: Any) -> None:
    first = oauth.backend_token().json["access_token"]
    later(days=2)
    assert oauth.backend_token().status_code == 200
    assert oauth.me(first) == 401


def _part(said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
