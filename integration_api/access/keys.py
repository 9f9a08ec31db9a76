"""Signing keys: made when first needed, kept wrapped, replaced without a break.

One key signs. Those before it verify for a day more, so that the tokens out there run out by themselves.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc.jwk import ECKey
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session as DbSession

from models.key_service import KeyService, Wrapped
from models.oauth import SigningKey

ALGORITHM = "ES256"
CLIENT_ALGORITHM = "ES384"  # of SMART's two for clients; the other is RS384
_CURVES = {ALGORITHM: "P-256", CLIENT_ALGORITHM: "P-384"}
VERIFIES_ON = timedelta(days=1)
_KID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_CONTEXT = "signing-key:"


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs, and whose word it is."""

    issuer: str
    key: ECKey = field(repr=False)


def signer(db_session: DbSession, key_service: KeyService, issuer: str) -> Signer:
    """Give the newest key, making one where there is none; needs a database session that may write."""
    return Signer(issuer, _newest(db_session, key_service, ALGORITHM))


def client_signer(db_session: DbSession, key_service: KeyService, client_id: str) -> Signer:
    """Give the key by which we say who we are to other servers, published among the rest; made like the other."""
    return Signer(client_id, _newest(db_session, key_service, CLIENT_ALGORITHM))


def _newest(db_session: DbSession, key_service: KeyService, algorithm: str) -> ECKey:
    newest = (
        select(SigningKey)
        .where(SigningKey.retired_at.is_(None), SigningKey.algorithm == algorithm)
        .order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
        .limit(1)
    )
    found = db_session.scalar(newest)
    if found is None:
        return _make(db_session, key_service, algorithm)
    pem = key_service.unwrap(Wrapped(found.wrapping_key, found.sealed), _context(found.kid))
    return ECKey.import_key(pem, {"kid": found.kid})


def renew(db_session: DbSession, key_service: KeyService, at: datetime) -> str:
    """Make a new key that signs from now on; the others verify for a day more. Gives the new key's id."""
    for each in db_session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None))):
        each.retired_at = at + VERIFIES_ON
    return str(_make(db_session, key_service).kid)


def rewrap(db_session: DbSession, key_service: KeyService) -> int:
    """Wrap the private halves that an older wrapping key still holds with the newest; say how many."""
    older = select(SigningKey).where(SigningKey.wrapping_key != key_service.newest).with_for_update()
    found = db_session.scalars(older).all()
    for each in found:
        pem = key_service.unwrap(Wrapped(each.wrapping_key, each.sealed), _context(each.kid))
        wrapped = key_service.wrap(pem, _context(each.kid))
        each.wrapping_key, each.sealed = wrapped.wrapping_key, wrapped.sealed
    db_session.flush()
    return len(found)


def public_keys(db_session: DbSession, at: datetime) -> list[dict[str, Any]]:
    """Give the public halves of all keys that verify, the newest first."""
    chosen = select(SigningKey.public_jwk).where(_verifies(at)).order_by(SigningKey.id.desc())
    return list(db_session.scalars(chosen))


def public_key(db_session: DbSession, kid: object, at: datetime) -> ECKey | None:
    """Find the public half of a key that verifies, by its id."""
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        return None
    jwk = db_session.connection().scalar(_VERIFYING, {"kid": kid, "at": at})
    return None if jwk is None else _imported(json.dumps(jwk, sort_keys=True))


@lru_cache(maxsize=16)
def _imported(jwk: str) -> ECKey:
    return ECKey.import_key(json.loads(jwk))


def _verifies(at: Any) -> Any:
    return or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > at)


# Asked at every request, so it is built once.
_VERIFYING = select(SigningKey.public_jwk).where(SigningKey.kid == bindparam("kid"), _verifies(bindparam("at")))


def _make(db_session: DbSession, key_service: KeyService, algorithm: str = ALGORITHM) -> ECKey:
    key = ECKey.generate_key(_CURVES[algorithm], {"use": "sig", "alg": algorithm}, auto_kid=True)
    kid = str(key.kid)
    wrapped = key_service.wrap(key.as_pem(private=True), _context(kid))
    db_session.add(
        SigningKey(
            kid=kid,
            algorithm=algorithm,
            public_jwk=dict(key.as_dict(private=False)),
            wrapping_key=wrapped.wrapping_key,
            sealed=wrapped.sealed,
        )
    )
    db_session.flush()
    return key


def _context(kid: str) -> bytes:
    # Another key's sealed half, put into this row, would not open.
    return (_CONTEXT + kid).encode()
