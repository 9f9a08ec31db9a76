"""Revocation (RFC 7009) and introspection (RFC 7662)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from integration_api.access.keys import public_key
from integration_api.access.tokens import grant_in, read_claims
from integration_api.access.use_cases import principal_of
from integration_api.errors import Unauthenticated
from integration_api.oauth import use_cases
from integration_api.oauth.desk import desk
from integration_api.oauth.grants import server
from integration_api.oauth.server import BACKEND_METHOD, PUBLIC_METHOD, KnownClient
from models import OAuthGrant


@dataclass(frozen=True, slots=True)
class _Shown:
    """A token that somebody shows us: what it says, and the grant it came of. `organization_id` is its user's."""

    organization_id: UUID
    says: dict[str, Any]
    grant: OAuthGrant | None

    def check_client(self, client: KnownClient) -> bool:
        return self.grant is not None and self.grant.client_id == client.row.id

    def is_expired(self) -> bool:
        return False  # what has run out is not shown

    def is_revoked(self) -> bool:
        return self.grant is not None and self.grant.revoked_at is not None


def _shown(token: str) -> _Shown | None:
    return _access_token(token) if token.count(".") == 2 else _refresh_token(token)  # noqa: PLR2004


def _access_token(token: str) -> _Shown | None:
    now = desk()
    db_session = now.db_session
    try:
        claims = read_claims(lambda kid: public_key(db_session, kid, now.at), token, issuer=now.issuer, at=now.at)
        found = grant_in(claims)
        principal = principal_of(db_session, found, now.at)
    except Unauthenticated:
        return None
    kept = ("iss", "aud", "sub", "client_id", "scope", "iat", "exp")
    says = {name: claims[name] for name in kept if name in claims} | {"token_type": "Bearer"}
    return _Shown(principal.organization_id, says, use_cases.grant_named(db_session, found.sid))


def _refresh_token(token: str) -> _Shown | None:
    now = desk()
    found = use_cases.refresh_token_named(now.db_session, token)
    if found is None or found[0].expires_at <= now.at or found[0].used_at is not None:
        return None
    row, grant = found
    if use_cases.user_of(now.db_session, grant) is None or not grant.client.is_active:
        return None
    says = {
        "iss": now.issuer,
        "sub": str(grant.user_id),
        "client_id": grant.client.client_id,
        "scope": grant.scope,
        "iat": int(row.created_at.timestamp()),
        "exp": int(row.expires_at.timestamp()),
    }
    return _Shown(grant.organization_id, says, grant)


def _spent_refresh_token(token: str) -> _Shown | None:
    found = use_cases.refresh_token_named(desk().db_session, token)
    return None if found is None else _Shown(found[1].organization_id, {}, found[1])


def _check_params(request: Any) -> None:
    if not request.form.get("token"):
        raise InvalidRequestError("Send the token.")


class Revocation(RevocationEndpoint):
    """A client gives a token back. That ends its whole family: access tokens die with their grant only."""

    CLIENT_AUTH_METHODS = (BACKEND_METHOD, PUBLIC_METHOD)

    def check_params(self, request: Any, _client: Any) -> None:
        """Ask for a token. The hint may say what it likes (RFC 7009, 2.1)."""
        _check_params(request)

    def query_token(self, token_string: str, _hint: str | None) -> _Shown | None:
        """Find what the token is. A refresh token names its family also when it is spent: the next one may be lost."""
        return _shown(token_string) or _spent_refresh_token(token_string)

    def revoke_token(self, token: _Shown, _request: Any) -> None:
        """Revoke the family."""
        if token.grant is not None:
            use_cases.revoke(token.grant, desk().at)


class Introspection(IntrospectionEndpoint):
    """A client that can prove who it is asks about a token of its own organization."""

    CLIENT_AUTH_METHODS = (BACKEND_METHOD,)

    def check_params(self, request: Any, _client: Any) -> None:
        """Ask for a token."""
        _check_params(request)

    def query_token(self, token_string: str, _hint: str | None) -> _Shown | None:
        """Find what the token is."""
        return _shown(token_string)

    def check_permission(self, token: _Shown, client: KnownClient, _request: Any) -> bool:
        """Tell nothing across organizations, not even that there is such a token."""
        return token.organization_id == client.row.organization_id

    def introspect_token(self, token: _Shown) -> dict[str, Any]:
        """Say what the token says."""
        return {"active": True, **token.says}


server.register_endpoint(Revocation)
server.register_endpoint(Introspection)
