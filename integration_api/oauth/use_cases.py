"""Grants and what comes of them: codes, refresh tokens, revocation."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.audit import tell
from models import (
    AuthorizationCode,
    OAuthClient,
    OAuthGrant,
    RefreshToken,
    Role,
    UsedAssertion,
    User,
    now,
    revoke_grants,
)

CODE_LASTS = timedelta(seconds=60)
REFRESH_LASTS = timedelta(days=30)
FAMILY_LASTS = timedelta(days=180)  # then the user is asked again
KEPT = timedelta(days=1)  # spent codes stay a while, so that a replay is seen
Once = TypeVar("Once", AuthorizationCode, RefreshToken)  # what is good for one use


def fingerprint(secret: str) -> str:
    """Turn a code or token into what is kept of it. It is random enough to need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def user_of(db_session: DbSession, grant: OAuthGrant) -> User | None:
    """Give a grant's user, unless switched off."""
    found = db_session.get(User, grant.user_id)
    return found if found is not None and found.is_active else None


def system_user(db_session: DbSession, client: OAuthClient) -> User | None:
    """Give the account that a backend service acts as."""
    found = None if client.user_id is None else db_session.get(User, client.user_id)
    return found if found is not None and found.is_active and found.role == Role.SYSTEM else None


def open_grant(db_session: DbSession, client: OAuthClient, user: User, scope: str, at: datetime) -> OAuthGrant:
    """Write down what a user lets a client do."""
    grant = OAuthGrant(
        organization_id=client.organization_id, user_id=user.id, client_id=client.id, scope=scope, created_at=at
    )
    db_session.add(grant)
    db_session.flush()
    return grant


def open_backend_grant(db_session: DbSession, client: OAuthClient, user: User, scope: str, at: datetime) -> OAuthGrant:
    """Write down that a backend service acts; its grants of before yesterday have run out and go."""
    old = (OAuthGrant.client_id == client.id, OAuthGrant.user_id == user.id, OAuthGrant.created_at < at - KEPT)
    db_session.execute(delete(OAuthGrant).where(*old).execution_options(synchronize_session=False))
    return open_grant(db_session, client, user, scope, at)


def keep_code(db_session: DbSession, grant: OAuthGrant, code: str, redirect_uri: str, challenge: str) -> None:
    """Keep a code that was just given out; those that ran out long ago go."""
    at = grant.created_at
    gone = delete(AuthorizationCode).where(AuthorizationCode.expires_at < at - KEPT)
    db_session.execute(gone.execution_options(synchronize_session=False))
    db_session.add(
        AuthorizationCode(
            organization_id=grant.organization_id,
            sha256=fingerprint(code),
            grant_id=grant.id,
            redirect_uri=redirect_uri,
            code_challenge=challenge,
            expires_at=at + CODE_LASTS,
        )
    )
    db_session.flush()


def find_code(
    db_session: DbSession, code: str, at: datetime, origin: str
) -> tuple[AuthorizationCode, OAuthGrant] | None:
    """Find a code that is still good. One that was used takes its family down."""
    return _unused(db_session, AuthorizationCode, code, at, origin)


def new_refresh_token(db_session: DbSession, grant: OAuthGrant, at: datetime) -> str:
    """Make the next refresh token of a family; those that ran out go."""
    gone = (RefreshToken.grant_id == grant.id, RefreshToken.expires_at < at)
    db_session.execute(delete(RefreshToken).where(*gone).execution_options(synchronize_session=False))
    token = secrets.token_urlsafe(32)
    db_session.add(
        RefreshToken(
            organization_id=grant.organization_id,
            sha256=fingerprint(token),
            grant_id=grant.id,
            expires_at=min(at + REFRESH_LASTS, grant.created_at + FAMILY_LASTS),
        )
    )
    db_session.flush()
    return token


def find_refresh_token(
    db_session: DbSession, token: str, at: datetime, origin: str
) -> tuple[RefreshToken, OAuthGrant] | None:
    """Find a refresh token that is still good. One that was used takes its family down."""
    return _unused(db_session, RefreshToken, token, at, origin)


def _unused(
    db_session: DbSession, kind: type[Once], secret: str, at: datetime, origin: str
) -> tuple[Once, OAuthGrant] | None:
    # Locked: of two that bring the same one at the same moment, the second finds it used.
    found = db_session.scalar(select(kind).where(kind.sha256 == fingerprint(secret)).with_for_update())
    if found is None:
        return None
    grant = db_session.get_one(OAuthGrant, found.grant_id)
    if found.used_at is not None:
        if grant.revoked_at is None:  # told once: what was stolen may be tried over and over
            tell(db_session, grant.user_id, "reuseToken", "refused", origin, client=grant.client.client_id)
        revoke(grant, at)
        return None
    return (found, grant) if found.expires_at > at and grant.revoked_at is None else None


def refresh_token_named(db_session: DbSession, token: str) -> tuple[RefreshToken, OAuthGrant] | None:
    """Find a refresh token in whichever state."""
    found = db_session.scalar(select(RefreshToken).where(RefreshToken.sha256 == fingerprint(token)))
    return None if found is None else (found, db_session.get_one(OAuthGrant, found.grant_id))


def grant_named(db_session: DbSession, sid: UUID | None) -> OAuthGrant | None:
    """Find a grant by its id."""
    return None if sid is None else db_session.get(OAuthGrant, sid)


def revoke(grant: OAuthGrant, at: datetime) -> None:
    """Revoke a grant: no token of the family is good any more."""
    grant.revoked_at = grant.revoked_at or at


def remember(db_session: DbSession, client: OAuthClient, jti: str, expires_at: datetime, at: datetime) -> bool:
    """Note that an assertion was used; False where it had been already."""
    gone = (UsedAssertion.client_id == client.id, UsedAssertion.expires_at < at)
    db_session.execute(delete(UsedAssertion).where(*gone).execution_options(synchronize_session=False))
    same = select(UsedAssertion.id).where(UsedAssertion.client_id == client.id, UsedAssertion.jti == jti)
    if db_session.scalar(same) is not None:
        return False
    db_session.add(
        UsedAssertion(organization_id=client.organization_id, client_id=client.id, jti=jti, expires_at=expires_at)
    )
    db_session.flush()
    return True


def revoke_families(db_session: DbSession, user: User) -> None:
    """Revoke every token that clients hold in a user's name; for when the user's credentials are set anew."""
    revoke_grants(db_session, user.id, now())
