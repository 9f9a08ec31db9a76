"""private_key_jwt (RFC 7523): the signed word by which a client says who it is, as SMART Backend Services asks."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from integration_api.access.tokens import LEEWAY

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES384", "RS384")
LONGEST = timedelta(minutes=5)
_KEY_TYPES: dict[str, type[RSAKey | ECKey]] = {"RS384": RSAKey, "ES384": ECKey}
_MEDIA_TYPES = (None, "JWT", "client-authentication+jwt")  # not every client sends one
_JTI = re.compile(r"[\x20-\x7e]{1,255}")


class BadAssertion(Exception):
    """The assertion does not hold. Its message is safe to show, and holds nothing of the assertion."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an assertion says before anybody has checked it: good for finding the keys, for nothing else."""

    client_id: str
    kid: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A checked assertion's id, and until when it must be remembered."""

    jti: str
    expires_at: datetime


def peek(text: str) -> Claimed | None:
    """Read who an assertion claims to be from."""
    try:
        found = jws.extract_compact(text.encode())
        client_id, kid = json.loads(found.payload)["sub"], found.headers()["kid"]
    except (JoseError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return Claimed(client_id, kid) if isinstance(client_id, str) and isinstance(kid, str) else None


def check(
    text: str, keys: Iterable[dict[str, Any]], *, client_id: str, audiences: list[str], at: datetime
) -> Assertion:
    """Check signature and claims; raise `BadAssertion`."""
    try:
        header = jws.extract_compact(text.encode()).headers()
        key = _key(header, keys)
        claims = jwt.decode(text, key, algorithms=list(ALGORITHMS)).claims
        _registry(client_id, audiences, at).validate(claims)
    except (JoseError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise BadAssertion("The client assertion is not valid.") from None
    expires, jti = claims["exp"], claims["jti"]
    # Said this way round, what is no number at all fails too.
    if not at.timestamp() - LEEWAY.seconds < expires <= (at + LONGEST + LEEWAY).timestamp():
        raise BadAssertion("The client assertion must expire within five minutes.")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise BadAssertion("The client assertion needs a jti of at most 255 plain characters.")
    return Assertion(jti, datetime.fromtimestamp(expires, UTC) + LEEWAY)


def _key(header: dict[str, Any], keys: Iterable[dict[str, Any]]) -> RSAKey | ECKey:
    """Find the key that the header names, of the type that its algorithm takes."""
    algorithm, kid = header["alg"], header["kid"]
    if algorithm not in ALGORITHMS or header.get("typ") not in _MEDIA_TYPES or not isinstance(kid, str):
        raise BadAssertion("The client assertion must be signed with RS384 or ES384 and name its key by kid.")
    kind = _KEY_TYPES[algorithm]
    for each in keys:
        if each.get("kid") == kid and each.get("kty") == kind.key_type:
            return kind.import_key(each)
    raise BadAssertion("The client assertion's key is not among the client's.")


def _registry(client_id: str, audiences: list[str], at: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY.seconds,
        iss={"essential": True, "value": client_id},
        sub={"essential": True, "value": client_id},
        aud={"essential": True, "values": audiences},
        exp={"essential": True},
        jti={"essential": True},
    )
