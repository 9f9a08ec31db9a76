"""Access tokens: JWTs (RFC 9068) that we sign for ourselves. OAuth will hand them out through the same door."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from integration_api.access.scopes import Scope, parse_scopes
from integration_api.errors import Unauthenticated

ISSUER = "integration-api"
AUDIENCE = "integration-api/v1"
_ALGORITHM = "HS256"
_TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good token says."""

    user_id: UUID
    scopes: frozenset[Scope]


def mint_token(secret: str, user_id: UUID, scope: str, *, at: datetime, minutes: int) -> str:
    """Sign a token for a user, good for some minutes from `at`."""
    parse_scopes(scope)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "scope": scope,
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(minutes=minutes)).timestamp()),
        "jti": secrets.token_urlsafe(12),
    }
    return jwt.encode({"alg": _ALGORITHM, "typ": _TYPE}, claims, OctKey.import_key(secret))


def read_token(secret: str, token: str, *, at: datetime) -> Grant:
    """Check a token's signature, times and kind; raise `Unauthenticated` without saying which of them failed."""
    try:
        parsed = jwt.decode(token, OctKey.import_key(secret), algorithms=[_ALGORITHM])
        _registry(at).validate(parsed.claims)
        grant = Grant(UUID(parsed.claims["sub"]), parse_scopes(parsed.claims["scope"]))
    except (JoseError, ValueError, KeyError, AttributeError, TypeError):
        raise Unauthenticated("The token is not valid, or no longer.") from None
    if parsed.header.get("typ") != _TYPE:
        raise Unauthenticated("The token is not valid, or no longer.")
    return grant


def _registry(at: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        exp={"essential": True},
        scope={"essential": True},
    )
