"""Changing one's own password: who is signed in shows once more who they are, and every other sign-in ends.

A browser that was left open is not enough, so the current password is asked for, and a code where the account has a
second factor. A wrong one counts as an attempt to sign in. The hash is checked between `begin_change` and `end_change`,
outside any transaction, since it takes long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from integration_api.login import second_factor
from integration_api.login.delay import count_attempt, forget
from integration_api.login.use_cases import Browser, OnReset, locked_account, signed_in_user
from models import Credential, Invitation, User
from models.key_service import KeyService


class Change(Enum):
    """Where an attempt to change the password has led."""

    SIGNED_OUT = auto()  # the browser's sign-in has ended
    NO_SECOND_FACTOR = auto()  # the role needs one now, and there is none
    WRONG_PASSWORD = auto()
    WRONG_CODE = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Begun:
    """A change whose current password is about to be checked. With a second factor there is its secret."""

    user_id: UUID
    password_hash: str
    secret: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be: the new password's hash, None where the current one was wrong; and what ends with the old one."""

    new_hash: str | None
    code: str
    acts: Iterable[OnReset]


def asks_code(db_session: DbSession, user: User) -> bool:
    """Tell whether this account's password is changed with a code besides."""
    credential = db_session.get(Credential, user.id)
    return credential is not None and credential.totp is not None


def begin_change(db_session: DbSession, user: User, keys: KeyService, at: datetime) -> Begun | Change:
    """Count an attempt; raise `TooSoon` within the account's delay, and `KeyUnavailable`, which counts as none."""
    found = locked_account(db_session, user.id)
    if found is None:
        return Change.SIGNED_OUT
    user, credential = found
    if credential.totp is None and second_factor.is_needed(user.role):
        return Change.NO_SECOND_FACTOR
    count_attempt(credential, at)
    secret = second_factor.open_for_user(keys, credential.totp, user.id) if credential.totp else None
    return Begun(user.id, credential.password_hash, secret)


def end_change(db_session: DbSession, browser: Browser, begun: Begun, wanted: Wanted, at: datetime) -> Change:
    """Set the new password where all that was shown is right, and end the account's other sign-ins and invitations.

    A credential that was set anew meanwhile stays as it is.
    """
    # Who uses one up holds it before the credential: in the other order the two would wait for each other.
    waiting = (Invitation.user_id == begun.user_id, Invitation.used_at.is_(None))
    db_session.execute(select(Invitation.id).where(*waiting).with_for_update(of=Invitation)).all()
    found = locked_account(db_session, begun.user_id)
    if found is None or signed_in_user(db_session, browser, at) is None:
        return Change.SIGNED_OUT
    user, credential = found
    if wanted.new_hash is None or credential.password_hash != begun.password_hash:
        return Change.WRONG_PASSWORD
    if begun.secret is not None:
        step = second_factor.step_of(begun.secret, wanted.code, credential.totp_last_step, at)
        if step is None:
            return Change.WRONG_CODE
        credential.totp_last_step = step
    credential.password_hash, credential.sign_ins_since = wanted.new_hash, at
    forget(credential)
    db_session.execute(delete(Invitation).where(*waiting), execution_options={"synchronize_session": False})
    db_session.flush()
    for act in wanted.acts:
        act(db_session, user)
    return Change.DONE
