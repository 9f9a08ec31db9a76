"""Access tokens: JWTs (RFC 9068) that we sign for ourselves, whoever they were handed to."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey
from joserfc.jwt import ClaimsOption

from integration_api.access.keys import ALGORITHM, Signer
from integration_api.access.scopes import Scope, parse_scopes
from integration_api.errors import RunOut, Unauthenticated
from integration_api.wording import Sentence

TYPE = "at+jwt"
# Whatever is wrong with a token, so that who guesses learns nothing.
SIGNED_OUT = Sentence("You are signed out, or have been away for a while. Please sign in again.")
LEEWAY = timedelta(seconds=10)  # for the clocks of those who sign tokens; far less than our own machines get
FindKey = Callable[[object], ECKey | None]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good token says. `sid` names the grant it came of; a token from the command line has none."""

    user_id: UUID
    scopes: frozenset[Scope]
    client_id: str | None = None
    sid: UUID | None = None


def audience(issuer: str) -> str:
    """Name what our tokens are good for."""
    return f"{issuer}/v1"


def mint_token(signer: Signer, user_id: UUID, scope: str, *, at: datetime, minutes: float, **more: str | None) -> str:
    """Sign a token for a user, good for some minutes from `at`. `more` may hold `client_id` and `sid`."""
    parse_scopes(scope)
    claims = {
        "iss": signer.issuer,
        "aud": audience(signer.issuer),
        "sub": str(user_id),
        "scope": scope,
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(minutes=minutes)).timestamp()),
        "jti": secrets.token_urlsafe(12),
        **{name: value for name, value in more.items() if value is not None},
    }
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": signer.key.kid}
    return jwt.encode(header, claims, signer.key, algorithms=[ALGORITHM])


def read_token(find_key: FindKey, token: str, *, issuer: str, at: datetime) -> Grant:
    """Check a token's signature, times and kind; raise `Unauthenticated` without saying which of them failed."""
    return grant_in(read_claims(find_key, token, issuer=issuer, at=at))


def grant_in(claims: dict[str, Any]) -> Grant:
    """Give what a token's checked claims say; raise `Unauthenticated`."""
    try:
        sid = claims.get("sid")
        return Grant(
            user_id=UUID(claims["sub"]),
            scopes=parse_scopes(claims["scope"]),
            client_id=claims.get("client_id"),
            sid=None if sid is None else UUID(sid),
        )
    except (ValueError, AttributeError, TypeError):
        raise Unauthenticated(SIGNED_OUT) from None


def read_claims(find_key: FindKey, token: str, *, issuer: str, at: datetime) -> dict[str, Any]:
    """Give the claims of a token of ours; raise `Unauthenticated`."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = find_key(header.get("kid"))
        if key is None or header.get("typ") != TYPE:
            raise Unauthenticated(SIGNED_OUT)
        parsed = jwt.decode(token, key, algorithms=[ALGORITHM])
        _registry(issuer, at).validate(parsed.claims)
    except ExpiredTokenError:
        raise RunOut(SIGNED_OUT) from None
    except (JoseError, ValueError, AttributeError, TypeError, RecursionError):
        raise Unauthenticated(SIGNED_OUT) from None
    return dict(parsed.claims)


class Claims(jwt.JWTClaimsRegistry):
    """What is asked of a token's claims. It begins a little before it says: the clock of who signed it may be ahead.

    It ends when it says, and not later.
    """

    def __init__(self, at: datetime, **asked: ClaimsOption) -> None:
        super().__init__(now=int(at.timestamp()), leeway=LEEWAY.seconds, **asked)

    def validate_exp(self, value: Any) -> None:
        """Take the leeway back."""
        super().validate_exp(value)
        if value <= self.now:
            raise ExpiredTokenError("exp")


def _registry(issuer: str, at: datetime) -> Claims:
    return Claims(
        at,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience(issuer)},
        sub={"essential": True},
        exp={"essential": True},
        scope={"essential": True},
    )
