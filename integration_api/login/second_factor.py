"""The second factor: time-based codes (TOTP, RFC 6238), of which none is good twice."""

import base64
import hmac
import re
import secrets
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import pyotp
from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DbSession

from models import STAFF_ROLES, Credential, Invitation
from models.key_service import KeyService, Wrapped

SECRET_BYTES = 20  # RFC 4226, 4: 160 bits
STEP_SECONDS = 30
_CODE = re.compile(r"[0-9]{6}")

T = TypeVar("T", Credential, Invitation)


def is_needed(role: str) -> bool:
    """Tell whether a role signs in with a second factor: those who see other people's records do."""
    return role in STAFF_ROLES


def new_secret() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(SECRET_BYTES)


def base32(secret: bytes) -> str:
    """Write a secret as authenticator apps read it."""
    return base64.b32encode(secret).decode()


def link(secret: bytes, username: str, issuer: str) -> str:
    """Write the otpauth: link that an authenticator app opens."""
    return pyotp.TOTP(base32(secret)).provisioning_uri(name=username, issuer_name=issuer)


def step_of(secret: bytes, code: str, last_step: int | None, at: datetime) -> int | None:
    """Find the time step that a code is of, one step to either side of now; None where it is wrong or used."""
    digits = re.sub(r"[\s-]", "", code)
    if not _CODE.fullmatch(digits):
        return None
    current, codes = int(at.timestamp()) // STEP_SECONDS, pyotp.HOTP(base32(secret))
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(codes.at(step), digits) and (last_step is None or step > last_step):
            return step
    return None


def seal_for_user(keys: KeyService, secret: bytes, user_id: UUID) -> Wrapped:
    """Seal a secret so that it opens for this user's credential alone."""
    return keys.wrap(secret, _user_context(user_id))


def open_for_user(keys: KeyService, wrapped: Wrapped, user_id: UUID) -> bytes:
    """Open a user's secret; raise `KeyUnavailable`."""
    return keys.unwrap(wrapped, _user_context(user_id))


def seal_for_invitation(keys: KeyService, secret: bytes, invitation_id: UUID) -> Wrapped:
    """Seal a secret that waits for an invitation to be used."""
    return keys.wrap(secret, _invitation_context(invitation_id))


def open_for_invitation(keys: KeyService, wrapped: Wrapped, invitation_id: UUID) -> bytes:
    """Open an invitation's secret; raise `KeyUnavailable`."""
    return keys.unwrap(wrapped, _invitation_context(invitation_id))


def rewrap(db_session: DbSession, keys: KeyService) -> int:
    """Seal anew, with the newest wrapping key, all that an older one has sealed; say how many."""
    credentials = db_session.scalars(_older(Credential, keys)).all()
    for each in credentials:
        if each.totp is not None:
            each.totp = seal_for_user(keys, open_for_user(keys, each.totp, each.user_id), each.user_id)
    waiting = db_session.scalars(_older(Invitation, keys)).all()
    for one in waiting:
        if one.totp is not None:
            one.totp = seal_for_invitation(keys, open_for_invitation(keys, one.totp, one.id), one.id)
    db_session.flush()
    return len(credentials) + len(waiting)


def _older(table: type[T], keys: KeyService) -> Select[T]:
    column = table.totp_wrapping_key
    return select(table).where(column.is_not(None), column != keys.newest).with_for_update(of=table)


def _user_context(user_id: UUID) -> bytes:
    return b"totp:user:" + user_id.bytes


def _invitation_context(invitation_id: UUID) -> bytes:
    return b"totp:invitation:" + invitation_id.bytes
