"""Clients that we did not write, against a running server: requests-oauthlib, Authlib's client, plain requests."""

import concurrent.futures
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from requests_oauthlib import OAuth2Session

REDIRECT = "http://127.0.0.1:9999/back"


@pytest.fixture
def address(oauth: Any, serving: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Our server, under the address at which it really is."""
    found = serving(oauth.app)
    monkeypatch.setitem(oauth.app.config, "SETTINGS", replace(oauth.app.config["SETTINGS"], public_url=found))
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # this machine, without TLS
    return found


def consent(oauth: Any, asked: str) -> str:
    """The user's part: a browser, somebody signed in, and the button; gives the address that it ends at."""
    browser = oauth.browser()
    path = asked.split("/", 3)[3]
    page = browser.get("/" + path)
    assert page.status_code == 200, page.text
    return str(browser.post("/" + path, data={"csrf": oauth.csrf_in(page), "decision": "allow"}).location)


def test_requests_oauthlib_from_consent_to_refresh(oauth: Any, address: str) -> None:
    client = OAuth2Session(
        oauth.public, redirect_uri=REDIRECT, scope=["patient/*.cruds", "offline_access"], pkce="S256"
    )
    asked, state = client.authorization_url(f"{address}/oauth/authorize")
    back = consent(oauth, asked)
    assert oauth.parameters(back)["state"] == state
    assert oauth.parameters(back)["iss"] == address
    client.fetch_token(f"{address}/oauth/token", authorization_response=back, include_client_id=True)
    assert client.get(f"{address}/v1/me").json()["username"] == "maya"
    written = client.post(f"{address}/v1/journal-entries", json={"text": "I am afraid of dying."})
    assert written.status_code == 201, written.text
    old = client.token["refresh_token"]
    client.refresh_token(f"{address}/oauth/token", client_id=oauth.public)
    assert client.token["refresh_token"] != old
    assert client.get(f"{address}/v1/journal-entries").status_code == 200
    client.close()


def test_authlib_from_the_servers_description_to_revocation(oauth: Any, address: str) -> None:
    told = AuthorizationServerMetadata(
        requests.get(f"{address}/.well-known/oauth-authorization-server", timeout=5).json()
    )
    assert told["issuer"] == address
    with AuthlibSession(
        oauth.public, redirect_uri=REDIRECT, scope="patient/*.rs offline_access", code_challenge_method="S256",
        token_endpoint_auth_method="none",
    ) as client:  # fmt: skip
        verifier = "v" * 64
        asked, _ = client.create_authorization_url(told["authorization_endpoint"], code_verifier=verifier)
        back = consent(oauth, asked)
        client.fetch_token(told["token_endpoint"], authorization_response=back, code_verifier=verifier)
        assert client.get(f"{address}/v1/me").status_code == 200
        said = {"token": client.token["refresh_token"], "client_id": oauth.public}
        assert requests.post(told["revocation_endpoint"], data=said, timeout=5).status_code == 200
        assert client.get(f"{address}/v1/me").status_code == 401


class Smart(PrivateKeyJWT):
    """Authlib's own client signs for an hour; SMART takes five minutes."""

    alg = "ES384"

    def sign(self, auth: Any, token_endpoint: str) -> str:
        return str(auth.client_secret(token_endpoint))


def test_authlib_as_a_backend_service(oauth: Any, address: str) -> None:
    with AuthlibSession(oauth.backend, scope="system/*.rs", token_endpoint_auth_method="private_key_jwt") as client:
        client.client_secret = lambda url: oauth.assertion(aud=url)
        client.register_client_auth_method(Smart(f"{address}/oauth/token"))
        found = client.fetch_token(f"{address}/oauth/token", grant_type="client_credentials")
        assert found["expires_in"] <= 300
        assert client.get(f"{address}/v1/me").json()["role"] == "system"


def test_a_backend_service_by_hand(oauth: Any, address: str) -> None:
    told = requests.get(f"{address}/.well-known/smart-configuration", timeout=5).json()

    def proof() -> dict[str, Any]:
        return oauth.proof(oauth.assertion(aud=told["token_endpoint"]))

    said = {"grant_type": "client_credentials", "scope": "system/Taxonomy.rs", **proof()}
    token = requests.post(told["token_endpoint"], data=said, timeout=5).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{address}/v1/themes", headers=bearer, timeout=5).status_code == 200
    assert requests.get(f"{address}/v1/me", headers=bearer, timeout=5).status_code == 403
    asked = requests.post(told["introspection_endpoint"], data={"token": token, **proof()}, timeout=5).json()
    assert asked["active"] is True


def test_two_that_bring_the_same_refresh_token_at_once(oauth: Any, address: str) -> None:
    """However they meet, at most one of them goes on, and not for long."""
    token = oauth.tokens()["refresh_token"]
    said = {"grant_type": "refresh_token", "refresh_token": token, "client_id": oauth.public}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: requests.post(f"{address}/oauth/token", data=said, timeout=20), range(6)))
    assert sorted(each.status_code for each in answers) == [200, 400, 400, 400, 400, 400]
    (good,) = (each.json() for each in answers if each.status_code == 200)
    assert oauth.me(good["access_token"]) == 401


def test_two_that_bring_the_same_assertion_at_once(oauth: Any, address: str) -> None:
    said = {"grant_type": "client_credentials", **oauth.proof(oauth.assertion(aud=f"{address}/oauth/token"))}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: requests.post(f"{address}/oauth/token", data=said, timeout=20), range(6)))
    assert sorted(each.status_code for each in answers) == [200, 400, 400, 400, 400, 400]
    assert {each.json()["error"] for each in answers if each.status_code == 400} == {"invalid_client"}
