"""The three grants: code with PKCE, refresh token, client credentials. Authlib's, with its gaps closed.

Each makes its own answer: Authlib's own `create_token_response` writes tokens into the debug log.
"""

import secrets
from typing import Any, NoReturn

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.errors import AccessDeniedError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from integration_api.oauth import use_cases
from integration_api.oauth.clients import granted_scope, narrowed_scope
from integration_api.oauth.desk import desk
from integration_api.oauth.server import BACKEND_METHOD, PUBLIC_METHOD, KnownClient, Server, by_private_key
from models import AuthorizationCode, OAuthGrant, RefreshToken, Role, User

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class S256(CodeChallenge):
    """PKCE for every client, with S256 alone. Authlib's would take `plain`, and requests without a challenge."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Refuse a request without a challenge."""
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A code_challenge with the method S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge_method(self, _code: Any) -> str:
        """Give the one method."""
        return "S256"


class _Found:
    """A code or refresh token that is still good, as Authlib asks about it."""

    def __init__(self, row: Any, grant: OAuthGrant) -> None:
        self.row, self.grant = row, grant

    @property
    def code_challenge(self) -> str:
        return str(self.row.code_challenge)

    def get_redirect_uri(self) -> str:
        return str(self.row.redirect_uri)

    def get_scope(self) -> str:
        return self.grant.scope

    def check_client(self, client: KnownClient) -> bool:
        return self.grant.client_id == client.row.id


class CodeGrant(AuthorizationCodeGrant):
    """A user lets a client in: the client gets a code, and for it tokens."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BACKEND_METHOD, PUBLIC_METHOD)

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: KnownClient) -> str:
        """Take one of the client's own addresses, letter by letter. Authlib's message would quote the wrong one."""
        found = request.payload.redirect_uri
        if not found or not client.check_redirect_uri(found):
            raise InvalidRequestError("The redirect_uri is not one of the client's.")
        return str(found)

    def validate_authorization_request(self) -> str:
        """Check the request, and cut its scope to what client and user may do."""
        redirect_uri = str(super().validate_authorization_request())
        if self.request.payload.response_type != "code":
            raise OAuth2Error(
                error="unsupported_response_type",
                description="Only response_type=code is supported.",
                redirect_uri=redirect_uri,
            )
        self._check_target(redirect_uri)
        user: User | None = self.request.user
        if user is not None:  # without one, the next step is to sign in
            self._cut_scope(user, redirect_uri)
        return redirect_uri

    def _check_target(self, redirect_uri: str) -> None:
        """Refuse a client that was led to believe that its token is for another server (SMART's aud, RFC 8707)."""
        named = [*self.request.payload.datalist["aud"], *self.request.payload.datalist["resource"]]
        if not all(f"{each}/".startswith(f"{desk().issuer}/") for each in named):
            raise OAuth2Error(error="invalid_target", description="That is another server.", redirect_uri=redirect_uri)

    def _cut_scope(self, user: User, redirect_uri: str) -> None:
        client = self.request.client.row
        if user.organization_id != client.organization_id:
            raise AccessDeniedError("The client is not your clinic's.", redirect_uri=redirect_uri)
        self.request.scope = granted_scope(client, Role(user.role), self.request.payload.scope)
        if not self.request.scope:
            raise InvalidScopeError("Nothing of that scope can be granted.", redirect_uri=redirect_uri)

    def generate_authorization_code(self) -> str:
        """Make a code."""
        return secrets.token_urlsafe(32)

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Write down what the user has granted, and the code for it."""
        now, data = desk(), request.payload.data
        grant = use_cases.open_grant(now.db_session, request.client.row, request.user, request.scope, now.at)
        use_cases.keep_code(now.db_session, grant, code, data["redirect_uri"], data["code_challenge"])

    def query_authorization_code(self, code: str, client: KnownClient) -> _Found | None:
        """Find a code that is still good, and this client's."""
        pair = use_cases.find_code(desk().db_session, code, desk().at, desk().origin)
        found = None if pair is None else _Found(*pair)
        return found if found is not None and found.check_client(client) else None

    def create_token_response(self) -> Answer:
        """Spend the code, and hand the tokens out."""
        found: _Found = self.request.authorization_code
        _spend(found)
        return 200, desk().tokens(found.grant, found.grant.scope), self.TOKEN_RESPONSE_HEADER


class RefreshGrant(RefreshTokenGrant):
    """New tokens for an old refresh token, which is good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BACKEND_METHOD, PUBLIC_METHOD)

    def authenticate_refresh_token(self, refresh_token: str) -> _Found | None:
        """Find a refresh token that is still good."""
        pair = use_cases.find_refresh_token(desk().db_session, refresh_token, desk().at, desk().origin)
        return None if pair is None else _Found(*pair)

    def _validate_token_scope(self, token: _Found) -> None:
        """Refuse what goes beyond the grant. Authlib compares word by word, and knows no permission within another."""
        _narrowed(token, self.request.payload.scope)

    def create_token_response(self) -> Answer:
        """Spend the refresh token, and hand the next ones out. What was asked narrows the access token alone."""
        found: _Found = self.request.refresh_token
        scope = _narrowed(found, self.request.payload.scope)
        _spend(found)
        return 200, desk().tokens(found.grant, scope), self.TOKEN_RESPONSE_HEADER


class BackendGrant(ClientCredentialsGrant):
    """A backend service acts by itself, as the system account that is its own."""

    TOKEN_ENDPOINT_AUTH_METHODS = (BACKEND_METHOD,)

    def create_token_response(self) -> Answer:
        """Hand out a token that is good for five minutes."""
        now, client = desk(), self.request.client.row
        user = use_cases.system_user(now.db_session, client)
        if user is None:
            raise UnauthorizedClientError("The client has no active system account.")
        scope = granted_scope(client, Role.SYSTEM, self.request.payload.scope)
        if not scope:
            raise InvalidScopeError("Nothing of that scope can be granted.")
        grant = use_cases.open_backend_grant(now.db_session, client, user, scope, now.at)
        return 200, now.backend_tokens(grant), self.TOKEN_RESPONSE_HEADER


def _narrowed(found: _Found, asked: str | None) -> str:
    user = use_cases.user_of(desk().db_session, found.grant)
    if user is None:
        _refuse()
    scope = narrowed_scope(found.grant.client, Role(user.role), asked, found.grant.scope)
    if not scope:
        raise InvalidScopeError("That is more than was granted, or nothing.")
    return scope


def _spend(found: _Found) -> None:
    row: AuthorizationCode | RefreshToken = found.row
    if use_cases.user_of(desk().db_session, found.grant) is None:
        _refuse()
    row.used_at = desk().at


def _refuse() -> NoReturn:
    raise InvalidGrantError("The grant is no longer good.")


class _OurServer(Server):
    """The server with its grants. Whatever /oauth/authorize is asked for, `CodeGrant` is what answers."""

    def get_authorization_grant(self, request: Any) -> CodeGrant:
        grant = CodeGrant(request, self)
        S256()(grant)
        return grant


server = _OurServer()
server.register_client_auth_method(BACKEND_METHOD, by_private_key)
server.register_grant(CodeGrant, [S256()])
server.register_grant(RefreshGrant)
server.register_grant(BackendGrant)
