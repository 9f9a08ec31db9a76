"""From a token to a principal, and from a name to a token's user."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.keys import public_key
from integration_api.access.outside import Outsider
from integration_api.access.policy import for_role
from integration_api.access.principals import Principal
from integration_api.access.tokens import SIGNED_OUT, Grant, read_token
from integration_api.errors import NotFound, RunOut, Unauthenticated
from models import Clinician, OAuthClient, OAuthGrant, Patient, Role, User, opened_by


def bearer(db_session: DbSession, token: str, *, issuer: str, at: datetime) -> Principal:
    """Find who a bearer token speaks for; raise `Unauthenticated`."""
    grant = read_token(lambda kid: public_key(db_session, kid, at), token, issuer=issuer, at=at)
    return principal_of(db_session, grant, at)


def outsider_principal(db_session: DbSession, outsider: Outsider, at: datetime) -> Principal:
    """Find the account that an outside issuer's token names; raise `Unauthenticated` where there is none.

    Its scopes are cut as our own issuer's are: `patient/` is one patient, which a clinician's token does not name here.
    """
    found = db_session.scalar(select(User).where(User.username == outsider.username, User.role != Role.SYSTEM))
    if found is None:
        raise Unauthenticated(SIGNED_OUT)
    scopes = for_role(Role(found.role), outsider.scopes)
    return principal_of(db_session, Grant(found.id, scopes, outsider.client_id), at)


# Asked at every request, so both are built once.
_ACCOUNT = (
    select(User.organization_id, User.role, User.is_active, Clinician.id, Patient.id)
    .outerjoin(Clinician, Clinician.user_id == User.id)
    .outerjoin(Patient, Patient.user_id == User.id)
    .where(User.id == bindparam("user_id"))
)
_ALIVE = (
    select(OAuthGrant.id)
    .join(OAuthClient, OAuthClient.id == OAuthGrant.client_id)
    .where(OAuthGrant.id == bindparam("sid"), OAuthGrant.revoked_at.is_(None), OAuthClient.is_active)
)


def principal_of(db_session: DbSession, grant: Grant, at: datetime) -> Principal:
    """Find who a token speaks for; raise `Unauthenticated` when user, client or grant is gone or switched off."""
    account = db_session.connection().execute(_ACCOUNT, {"user_id": grant.user_id}).one_or_none()
    if account is None or not account.is_active or not _is_alive(db_session, grant.sid):
        raise RunOut(SIGNED_OUT)
    organization_id, role, _, clinician_id, patient_id = account
    opened = [] if clinician_id is None else db_session.scalars(opened_by(clinician_id, at)).all()
    return Principal(
        user_id=grant.user_id,
        organization_id=organization_id,
        role=Role(role),
        scopes=grant.scopes,
        patient_id=patient_id,
        clinician_id=clinician_id,
        opened=frozenset(opened),
        client=grant.client_id,
        sid=grant.sid,
    )


def still_let_in(db_session: DbSession, caller: Principal, at: datetime) -> Principal:
    """Find anew who was let in a while ago and is still being answered; raise as `principal_of` does.

    That the token has run out meanwhile does not matter: it was good when the answer began.
    """
    return principal_of(db_session, Grant(caller.user_id, caller.scopes, caller.client, caller.sid), at)


def _is_alive(db_session: DbSession, sid: UUID | None) -> bool:
    return sid is None or db_session.connection().scalar(_ALIVE, {"sid": sid}) is not None


def user_named(db_session: DbSession, username: str) -> User:
    """Find an active user by name; raise `NotFound`."""
    user = db_session.scalar(select(User).where(User.username == username, User.is_active))
    if user is None:
        raise NotFound("There is no active user of that name.")
    return user
