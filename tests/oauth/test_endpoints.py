"""Revocation, introspection, discovery and signing keys."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from integration_api.access.keys import renew
from integration_api.db import unit_of_work
from integration_api.wiring import parts
from models import SigningKey

REDIRECT = "http://127.0.0.1:9999/back"


class TestRevocation:
    @pytest.mark.parametrize("which", ["access_token", "refresh_token"])
    @pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
    def test_a_token_given_back_ends_its_family(self, oauth: Any, which: str, hint: str | None) -> None:
        found, other = oauth.tokens(), oauth.tokens()
        said = {"token": found[which], "client_id": oauth.public, "token_type_hint": hint}
        assert oauth.post("revoke", said).status_code == 200
        assert oauth.me(found["access_token"]) == 401
        assert oauth.refresh(found["refresh_token"]).json["error"] == "invalid_grant"
        assert oauth.me(other["access_token"]) == 200
        assert oauth.post("revoke", said).status_code == 200

    def test_a_spent_refresh_token_ends_its_family_too(self, oauth: Any) -> None:
        """An application whose last refresh was lost on the way signs out with what it still has."""
        found = oauth.tokens()
        lost = oauth.refresh(found["refresh_token"]).json
        said = {"token": found["refresh_token"], "client_id": oauth.public}
        assert oauth.post("revoke", said).status_code == 200
        assert oauth.me(lost["access_token"]) == 401
        assert oauth.refresh(lost["refresh_token"]).json["error"] == "invalid_grant"
        other = oauth.register("Another", redirect_uris=("http://127.0.0.1:9999/back",))
        kept = oauth.tokens()
        following = oauth.refresh(kept["refresh_token"]).json
        oauth.post("revoke", {"token": kept["refresh_token"], "client_id": other})
        assert oauth.me(following["access_token"]) == 200

    def test_a_backend_gives_its_own_back(self, oauth: Any) -> None:
        token = oauth.backend_token().json["access_token"]
        assert oauth.post("revoke", {"token": token, **oauth.proof()}).status_code == 200
        assert oauth.me(token) == 401

    def test_anothers_token_stays(self, oauth: Any) -> None:
        found, other = oauth.tokens(), oauth.register("Another", redirect_uris=(REDIRECT,))
        for token in (found["access_token"], found["refresh_token"]):
            answer = oauth.post("revoke", {"token": token, "client_id": other})
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
        assert oauth.me(found["access_token"]) == 200

    def test_without_proof_nothing_happens(self, oauth: Any) -> None:
        token = oauth.backend_token().json["access_token"]
        for said in ({"client_id": oauth.backend}, {}, {"client_id": "nobody"}):
            assert oauth.post("revoke", {"token": token, **said}).json["error"] == "invalid_client"
        assert oauth.me(token) == 200

    @pytest.mark.parametrize("token", ["unknown", "a.b.c", "\x00", "ä"])
    def test_an_unknown_token_is_as_good_as_revoked(self, oauth: Any, token: str) -> None:
        assert oauth.post("revoke", {"token": token, "client_id": oauth.public}).status_code == 200

    def test_no_token(self, oauth: Any) -> None:
        assert oauth.post("revoke", {"client_id": oauth.public}).json["error"] == "invalid_request"


class TestIntrospection:
    def ask(self, oauth: Any, token: str, **more: Any) -> Any:
        answer = oauth.post("introspect", {"token": token, **oauth.proof(oauth.assertion(**more))})
        assert answer.status_code == 200, answer.text
        return answer.json

    def test_what_a_good_token_says(self, oauth: Any) -> None:
        found = oauth.tokens(scope="patient/Note.rs offline_access")
        told = self.ask(oauth, found["access_token"])
        assert told.pop("active") is True
        assert told.keys() == {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "token_type"}
        assert (told["client_id"], told["scope"]) == (oauth.public, "patient/Note.rs offline_access")
        assert self.ask(oauth, found["refresh_token"])["active"] is True
        assert self.ask(oauth, oauth.clinic.therapist.token)["active"] is True

    def test_what_is_no_longer_good_says_nothing(self, oauth: Any, later: Any) -> None:
        found = oauth.tokens()
        oauth.refresh(found["refresh_token"])
        assert self.ask(oauth, found["refresh_token"]) == {"active": False}
        oauth.post("revoke", {"token": found["access_token"], "client_id": oauth.public})
        assert self.ask(oauth, found["access_token"]) == {"active": False}
        other = oauth.tokens()
        later(minutes=61)
        assert self.ask(oauth, other["access_token"]) == {"active": False}
        assert self.ask(oauth, "nonsense") == self.ask(oauth, "a.b.c") == {"active": False}

    def test_another_clinics_token_might_as_well_not_be(self, oauth: Any) -> None:
        elsewhere = oauth.register(
            "Elsewhere", "elsewhere.admin", jwks=oauth.key_set(oauth.key), system="elsewhere.ehr"
        )
        own = {"iss": elsewhere, "sub": elsewhere}
        found = oauth.tokens()
        for token in (found["access_token"], found["refresh_token"], oauth.clinic.maya.token):
            assert self.ask(oauth, token, **own) == {"active": False}
        assert self.ask(oauth, oauth.clinic.caller("june").token, **own)["active"] is True

    def test_only_those_who_prove_themselves(self, oauth: Any) -> None:
        token = oauth.tokens()["access_token"]
        for said in ({"client_id": oauth.public}, {"client_id": oauth.backend}, {}):
            answer = oauth.post("introspect", {"token": token, **said})
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")

    def test_an_assertion_is_good_once_here_too(self, oauth: Any) -> None:
        proof = oauth.proof()
        oauth.post("introspect", {"token": "x", **proof})
        assert oauth.post("introspect", {"token": "x", **proof}).json["error"] == "invalid_client"


class TestDiscovery:
    def test_the_servers_own_description(self, oauth: Any) -> None:
        told = oauth.app.test_client().get("/.well-known/oauth-authorization-server").json
        assert told["issuer"] == "http://localhost"
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert set(told["grant_types_supported"]) == {"authorization_code", "refresh_token", "client_credentials"}
        assert told["response_types_supported"] == ["code"]
        assert told["authorization_response_iss_parameter_supported"] is True
        rules = {rule.rule for rule in oauth.app.url_map.iter_rules()}
        addresses = [told[name] for name in told if name.endswith(("_endpoint", "_uri"))]
        assert len(addresses) == 5
        assert {each.removeprefix("http://localhost") for each in addresses} <= rules

    def test_smarts(self, oauth: Any) -> None:
        told = oauth.app.test_client().get("/.well-known/smart-configuration").json
        assert set(told["token_endpoint_auth_signing_alg_values_supported"]) == {"RS384", "ES384"}
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert {"client-confidential-asymmetric", "permission-v2", "client-public"} <= set(told["capabilities"])
        assert "sso-openid-connect" not in told["capabilities"]
        assert "jwks_uri" not in told

    def test_errors_are_oauths(self, oauth: Any) -> None:
        answer = oauth.app.test_client().post("/oauth/token", data=b"x" * 1_100_000, content_type="text/plain")
        assert answer.status_code in (400, 413)
        assert "error" in answer.json

    def test_a_crash_tells_nothing(self, oauth: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def crash(*_: Any, **__: Any) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr("integration_api.oauth.routes.presented_keys", crash)
        monkeypatch.setitem(oauth.app.config, "PROPAGATE_CRASHES", 0)
        answer = oauth.backend_token()
        assert (answer.status_code, answer.json["error"]) == (500, "server_error")
        assert "secret" not in answer.text


class TestSigningKeys:
    def renew(self, oauth: Any) -> str:
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            return renew(db_session, parts().key_service, parts().now())

    def published(self, oauth: Any) -> list[str]:
        return [key["kid"] for key in oauth.app.test_client().get("/.well-known/jwks.json").json["keys"]]

    def test_what_is_published_checks_our_tokens_and_holds_no_secret(self, oauth: Any) -> None:
        token = oauth.tokens()["access_token"]
        told = oauth.app.test_client().get("/.well-known/jwks.json").json
        assert jwt.decode(token, KeySet.import_key_set(told), algorithms=["ES256"]).claims["sub"]
        assert all("d" not in key and key["alg"] == "ES256" for key in told["keys"])

    def test_the_private_half_is_kept_sealed(self, oauth: Any) -> None:
        oauth.tokens()
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            row = db_session.query(SigningKey).one()
        assert b"PRIVATE KEY" not in row.sealed
        assert "d" not in row.public_jwk
        assert row.wrapping_key == "test"

    def test_a_new_key_signs_and_the_old_one_verifies_for_a_day(self, oauth: Any, later: Any) -> None:
        before = oauth.tokens()["access_token"]
        old = self.published(oauth)
        new = self.renew(oauth)
        assert self.published(oauth) == [new, *old]
        after = oauth.tokens()["access_token"]
        assert _head(after)["kid"] == new
        assert oauth.me(before) == oauth.me(after) == 200
        later(hours=25)
        assert self.published(oauth) == [new]
        assert oauth.me(oauth.tokens()["access_token"]) == 200

    def test_a_key_that_is_retired_verifies_nothing(self, oauth: Any) -> None:
        token = oauth.tokens()["access_token"]
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            db_session.query(SigningKey).one().retired_at = parts().now()
        assert oauth.me(token) == 401

    def test_forged_tokens(self, oauth: Any) -> None:
        """Right in everything but the signature."""
        token = oauth.tokens()["access_token"]
        head, payload, signature = token.split(".")
        says = json.loads(base64.urlsafe_b64decode(payload + "=="))
        stranger = ECKey.generate_key("P-256", {"kid": _head(token)["kid"]})
        forged = [jwt.encode(_head(token), says, stranger, algorithms=["ES256"])]
        public = oauth.app.test_client().get("/.well-known/jwks.json").json["keys"][0]
        for secret in (ECKey.import_key(public).as_pem(private=False), json.dumps(public).encode()):
            header = _head(token) | {"alg": "HS256"}
            signed = f"{_part(header)}.{payload}"
            mac = hmac.digest(secret, signed.encode(), "sha256")
            forged.append(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")
        changes = ({"alg": "none"}, {"kid": None}, {"kid": "\x00"}, {"kid": ["x"]}, {"typ": "JWT"}, {"alg": "RS256"})
        forged += [f"{_part(_head(token) | change)}.{payload}.{signature}" for change in changes]
        forged.append(f"{_part(_head(token) | {'alg': 'none'})}.{payload}.")
        forged.append(f"{head}.{_part(says | {'scope': 'patient/*.cruds system/*.rs'})}.{signature}")
        assert [oauth.me(each) for each in forged] == [401] * len(forged)
        assert oauth.me(token) == 200


def _head(token: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(token.split(".", 1)[0] + "=="))


def _part(said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
