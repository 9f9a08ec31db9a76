"""Tokens of an outside OpenID Connect issuer, for clinics whose people sign in elsewhere.

The issuer says who somebody is; what that account may do is still decided here, by its role and the policy. Second
factors and the ending of sign-ins are the issuer's matter then.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from integration_api.access.key_sets import KeyCache, Unreachable
from integration_api.access.scopes import Scope, readable_scopes
from integration_api.access.tokens import SIGNED_OUT, Claims
from integration_api.errors import RunOut, Unauthenticated

# Signatures with keys that the issuer alone has; never a shared secret, never none.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]
_TYPES = ("at+jwt", "application/at+jwt", "JWT", None)


@dataclass(frozen=True, slots=True)
class Outsider:
    """What a good token of the issuer's says: whose account here, and what it may be used for."""

    username: str
    scopes: frozenset[Scope]
    client_id: str | None


@dataclass(frozen=True, slots=True)
class OutsideIssuer:
    """An issuer whose word is taken. `claim` holds the name of an account here; `audience` is who we are to it."""

    issuer: str
    audience: str
    jwks_url: str
    claim: str
    keys: KeyCache

    def read(self, token: str, at: datetime) -> Outsider | None:
        """Check a token that says it is of this issuer; None for any other's. Raise `Unauthenticated`."""
        try:
            unverified = jws.extract_compact(token.encode())
            if _issuer_of(unverified.payload) != self.issuer:
                return None
            header = unverified.headers()
            if header.get("typ") not in _TYPES or not isinstance(header.get("kid"), str):
                raise Unauthenticated(SIGNED_OUT)
            found = self.keys.keys(self.jwks_url, header["kid"])
            parsed = jwt.decode(token, KeySet.import_key_set({"keys": found}), algorithms=_ALGORITHMS)
            self._registry(at).validate(parsed.claims)
            return self._outsider(parsed.claims)
        except ExpiredTokenError:
            raise RunOut(SIGNED_OUT) from None
        except Unreachable:
            raise Unauthenticated("Your sign-in could not be checked just now. Please try again in a moment.") from None
        except (JoseError, ValueError, AttributeError, TypeError, LookupError, RecursionError):
            raise Unauthenticated(SIGNED_OUT) from None

    def _outsider(self, claims: dict[str, Any]) -> Outsider:
        said = claims.get("scope", "")
        client_id = claims.get("client_id", claims.get("azp"))
        scopes = readable_scopes(said if isinstance(said, str) else "")
        return Outsider(str(claims[self.claim]), scopes, None if client_id is None else str(client_id)[:200])

    def _registry(self, at: datetime) -> Claims:
        return Claims(
            at,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            exp={"essential": True},
            sub={"essential": True},
        )


def _issuer_of(payload: bytes) -> Any:
    found = json.loads(payload)
    return found.get("iss") if isinstance(found, dict) else None
