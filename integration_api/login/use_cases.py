"""Signing in, staying signed in, signing out."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from integration_api.login import second_factor
from integration_api.login.delay import FORGOTTEN_AFTER, Attempt, count_attempt, forget, take_back
from integration_api.login.passwords import Checked
from models import Credential, Role, UnknownName, User
from models.key_service import KeyService

IDLE, AT_MOST = timedelta(minutes=30), timedelta(hours=8)
HALF_WAY = timedelta(minutes=5)  # from the password to the code

Browser = MutableMapping[str, Any]  # what a browser carries: Flask's session, or any mapping like it
OnReset = Callable[[DbSession, User], None]  # called in the transaction that gives a user new credentials


class Outcome(Enum):
    """Where an attempt to sign in has led."""

    REFUSED = auto()
    CODE_NEEDED = auto()
    NO_SECOND_FACTOR = auto()  # the role needs one now, and there is none
    SIGNED_IN = auto()


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """A password that is about to be checked. Nobody's has neither user nor hash."""

    attempt: Attempt
    user_id: UUID | None = None
    password_hash: str | None = None


def begin_attempt(db_session: DbSession, username: str, name_digest: str, at: datetime) -> PasswordAttempt:
    """Count an attempt under a name, known or not; raise `TooSoon` within its delay.

    The hash is checked outside the transaction (it takes long), and `end_attempt` says what came of it.
    """
    named = select(Credential).join(User, User.id == Credential.user_id).where(User.username == username)
    able = named.where(User.is_active, User.role != Role.SYSTEM)
    credential = db_session.scalars(able.with_for_update(of=Credential)).one_or_none()
    if credential is not None:
        return PasswordAttempt(count_attempt(credential, at), credential.user_id, credential.password_hash)
    return PasswordAttempt(count_attempt(_unknown_name(db_session, name_digest, at), at))


def end_attempt(
    db_session: DbSession, begun: PasswordAttempt, checked: Checked, at: datetime
) -> tuple[Outcome, User | None]:
    """Say where a checked password leads."""
    found = locked_account(db_session, begun.user_id)
    if not checked.is_right or found is None:
        return Outcome.REFUSED, None
    user, credential = found
    if credential.password_hash != begun.password_hash:  # set anew while this one was checked
        return Outcome.REFUSED, None
    if checked.new_hash is not None:
        credential.password_hash = checked.new_hash
    if credential.totp is not None or second_factor.is_needed(user.role):
        take_back(credential, begun.attempt, at)
        return (Outcome.CODE_NEEDED if credential.totp else Outcome.NO_SECOND_FACTOR), user
    forget(credential)
    return Outcome.SIGNED_IN, user


def try_code(db_session: DbSession, browser: Browser, code: str, keys: KeyService, at: datetime) -> User | None:
    """Check the code of a user who is half-way in, and give the user; None where it is wrong or was used before.

    Raises `TooSoon` within the account's delay.
    """
    found = locked_account(db_session, _user_id(browser, "half_user_id"))
    if found is None:
        return None
    user, credential = found
    if credential.totp is None or not _is_half_way(browser, credential, at):
        return None
    count_attempt(credential, at)
    secret = second_factor.open_for_user(keys, credential.totp, user.id)
    step = second_factor.step_of(secret, code, credential.totp_last_step, at)
    if step is None:
        return None
    credential.totp_last_step = step
    forget(credential)
    return user


def is_half_way(db_session: DbSession, browser: Browser, at: datetime) -> bool:
    """Tell whether the browser has given a right password lately, and a code is what is missing."""
    user_id = _user_id(browser, "half_user_id")
    credential = None if user_id is None else db_session.get(Credential, user_id)
    return credential is not None and _is_half_way(browser, credential, at)


def half_way_user(browser: Browser) -> UUID | None:
    """Give who has given a right password in this browser, or is said to have."""
    return _user_id(browser, "half_user_id")


def go_half_way(browser: Browser, user: User, at: datetime) -> None:
    """Remember that the password was right. Nothing of an earlier session is kept."""
    browser.clear()
    browser.update(half_user_id=str(user.id), half_at=at.isoformat())


def sign_in(browser: Browser, user: User, at: datetime) -> None:
    """Remember who has signed in. Nothing of an earlier session is kept."""
    browser.clear()
    browser.update(user_id=str(user.id), signed_in_at=at.isoformat(), seen_at=at.isoformat())


def signed_in_user(db_session: DbSession, browser: Browser, now: datetime) -> User | None:
    """Give who is signed in in this browser, and count it as seen now; None, and a clean session, for nobody.

    A sign-in ends after 30 minutes without a request, after 8 hours in any case, and at once when the user is
    switched off, signs out in any browser, or sets new credentials.
    """
    if "user_id" not in browser:
        return None
    user_id, since, seen = _user_id(browser, "user_id"), _moment(browser, "signed_in_at"), _moment(browser, "seen_at")
    is_fresh = since is not None and seen is not None and now - since < AT_MOST and now - seen < IDLE
    found = _account(db_session, user_id) if is_fresh else None
    if found is None or since is None or since < found[1].sign_ins_since:
        browser.clear()
        return None
    browser["seen_at"] = now.isoformat()
    return found[0]


def sign_out(db_session: DbSession, browser: Browser, at: datetime) -> None:
    """End all sign-ins of the browser's user. A cookie that was copied before is worth nothing afterwards."""
    user = signed_in_user(db_session, browser, at)
    found = locked_account(db_session, user.id) if user else None
    if found is not None:
        found[1].sign_ins_since = at
    browser.clear()


def _unknown_name(db_session: DbSession, digest: str, at: datetime) -> UnknownName:
    locked = select(UnknownName).where(UnknownName.digest == digest).with_for_update()
    row = db_session.scalars(locked).one_or_none()
    if row is None:
        db_session.execute(delete(UnknownName).where(UnknownName.next_attempt_at <= at - FORGOTTEN_AFTER))
        row = UnknownName(digest=digest)
        db_session.add(row)
    return row


def _account(db_session: DbSession, user_id: UUID | None, *, lock: bool = False) -> tuple[User, Credential] | None:
    """Find an active user with a credential."""
    both = select(User, Credential).join(Credential, Credential.user_id == User.id)
    both = both.where(User.id == user_id, User.is_active, User.role != Role.SYSTEM)
    found = db_session.execute(both.with_for_update(of=Credential) if lock else both).one_or_none()
    return None if found is None else (found[0], found[1])


def locked_account(db_session: DbSession, user_id: UUID | None) -> tuple[User, Credential] | None:
    """Find an active user with a credential that nobody else changes meanwhile."""
    return _account(db_session, user_id, lock=True)


def _is_half_way(browser: Browser, credential: Credential, at: datetime) -> bool:
    since = _moment(browser, "half_at")
    return since is not None and at - since < HALF_WAY and since >= credential.sign_ins_since


def _moment(browser: Browser, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(browser[name])
    except (KeyError, ValueError, TypeError):
        return None


def _user_id(browser: Browser, name: str) -> UUID | None:
    try:
        return UUID(browser[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
