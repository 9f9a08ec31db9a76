"""From a token to a principal, and from a name to a token's user."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.keys import public_key
from integration_api.access.outside import Outsider
from integration_api.access.principals import Principal
from integration_api.access.tokens import Grant, read_token
from integration_api.errors import NotFound, Unauthenticated
from models import Clinician, OAuthClient, OAuthGrant, Patient, Role, User, opened_by


def bearer(db_session: DbSession, token: str, *, issuer: str, at: datetime) -> Principal:
    """Find who a bearer token speaks for; raise `Unauthenticated`."""
    grant = read_token(lambda kid: public_key(db_session, kid, at), token, issuer=issuer, at=at)
    return principal_of(db_session, grant, at)


def outsider_principal(db_session: DbSession, outsider: Outsider, at: datetime) -> Principal:
    """Find the account that an outside issuer's token names; raise `Unauthenticated` where there is none."""
    found = db_session.scalar(select(User).where(User.username == outsider.username, User.role != Role.SYSTEM))
    if found is None:
        raise Unauthenticated("You are signed out, or have been away for a while. Please sign in again.")
    return principal_of(db_session, Grant(found.id, outsider.scopes, outsider.client_id), at)


def principal_of(db_session: DbSession, grant: Grant, at: datetime) -> Principal:
    """Find who a token speaks for; raise `Unauthenticated` when user, client or grant is gone or switched off."""
    user = db_session.get(User, grant.user_id)
    if user is None or not user.is_active or not (grant.sid is None or _is_alive(db_session, grant.sid)):
        raise Unauthenticated("You are signed out, or have been away for a while. Please sign in again.")
    clinician_id = db_session.scalar(select(Clinician.id).where(Clinician.user_id == user.id))
    opened = [] if clinician_id is None else db_session.scalars(opened_by(clinician_id, at)).all()
    return Principal(
        user_id=user.id,
        organization_id=user.organization_id,
        role=Role(user.role),
        scopes=grant.scopes,
        patient_id=db_session.scalar(select(Patient.id).where(Patient.user_id == user.id)),
        clinician_id=clinician_id,
        opened=frozenset(opened),
        client=grant.client_id,
    )


def _is_alive(db_session: DbSession, sid: UUID) -> bool:
    alive = (
        select(OAuthGrant.id)
        .join(OAuthClient, OAuthClient.id == OAuthGrant.client_id)
        .where(OAuthGrant.id == sid, OAuthGrant.revoked_at.is_(None), OAuthClient.is_active)
    )
    return db_session.scalar(alive) is not None


def user_named(db_session: DbSession, username: str) -> User:
    """Find an active user by name; raise `NotFound`."""
    user = db_session.scalar(select(User).where(User.username == username, User.is_active))
    if user is None:
        raise NotFound("There is no active user of that name.")
    return user
