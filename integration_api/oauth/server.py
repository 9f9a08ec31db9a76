"""Authlib's authorization server, set up for us: who clients are, how they prove it, which grants there are."""

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, OAuth2Request
from flask import request as flask_request

from integration_api.oauth import use_cases
from integration_api.oauth.assertions import TYPE, BadAssertion, check, peek
from integration_api.oauth.clients import client_named
from integration_api.oauth.desk import desk
from models import ClientKind, OAuthClient

AUTHORIZE = "oauth.authorize"
BACKEND_METHOD, PUBLIC_METHOD = "private_key_jwt", "none"


class KnownClient(ClientMixin):
    """A registered client, as Authlib asks about it."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        """Give its public id."""
        return self.row.client_id

    def get_default_redirect_uri(self) -> None:
        """Give none: a request says where its answer goes."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """Leave scopes to the grants, which know the user's role."""
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare whole addresses (RFC 9700, 2.1)."""
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, _client_secret: str) -> bool:
        """Refuse: no client has a shared secret."""
        return False

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """A client with keys must use them; one without has nothing to prove."""
        return method == (BACKEND_METHOD if self.row.kind == ClientKind.CONFIDENTIAL else PUBLIC_METHOD)

    def check_response_type(self, _response_type: str) -> bool:
        """Leave it to `CodeGrant`: Authlib's own answer quotes the request, and breaks on odd characters."""
        return True

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes are for those with a redirect address, client credentials for those with a system account."""
        if grant_type == "client_credentials":
            return self.row.user_id is not None
        return bool(self.row.redirect_uris)


class _Payload(FlaskOAuth2Payload):
    """Parameters from the one place where they belong: credentials in an address would end in logs."""

    @property
    def data(self) -> Any:
        """Give the address's parameters for /oauth/authorize, the body's for the rest."""
        return self._request.args if self._request.endpoint == AUTHORIZE else self._request.form


class _Request(FlaskOAuth2Request):
    """A request at our public address, whichever one a proxy has used inside."""

    def __init__(self, request: Any, address: str) -> None:
        OAuth2Request.__init__(self, request.method, address + request.full_path, headers=request.headers)
        self._request = request
        self.payload = _Payload(request)


class Server(AuthorizationServer):
    """Our authorization server. It keeps nothing: each request works at its own desk."""

    def query_client(self, client_id: str) -> KnownClient | None:
        """Find an active client."""
        found = client_named(desk().db_session, client_id)
        return None if found is None else KnownClient(found)

    def create_oauth2_request(self, _request: Any) -> _Request:
        """Read the request at hand."""
        return _Request(flask_request, desk().issuer)


def by_private_key(query_client: Any, request: Any) -> KnownClient | None:
    """Say which client has signed the request's assertion; None where there is no assertion.

    In place of Authlib's `JWTBearerClientAssertion`, which refuses the two algorithms that SMART requires.
    """
    text, kind = request.form.get("client_assertion"), request.form.get("client_assertion_type")
    if text is None and kind is None:
        return None
    claimed = peek(text or "")
    client: KnownClient | None = None if claimed is None else query_client(claimed.client_id)
    named = request.form.get("client_id")
    if kind != TYPE or claimed is None or client is None or named not in (None, claimed.client_id):
        raise InvalidClientError("The client assertion is not valid.")
    return _checked(client, text)


def _checked(client: KnownClient, text: str) -> KnownClient:
    now = desk()
    try:
        found = check(text, now.client_keys, client_id=client.row.client_id, audiences=now.audiences, at=now.at)
    except BadAssertion as error:
        raise InvalidClientError(str(error)) from None
    if not use_cases.remember(now.db_session, client.row, found.jti, found.expires_at, now.at):
        raise InvalidClientError("The client assertion was used before.")
    return client
