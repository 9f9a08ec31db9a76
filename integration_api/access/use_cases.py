"""From a token's user to a principal, and from a name to a token's user."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.access.tokens import Grant
from integration_api.errors import NotFound, Unauthenticated
from models import Clinician, Patient, Role, User, opened_by


def principal_of(db_session: DbSession, grant: Grant, at: datetime) -> Principal:
    """Find who a token speaks for; raise `Unauthenticated` when that user is gone or switched off."""
    user = db_session.get(User, grant.user_id)
    if user is None or not user.is_active:
        raise Unauthenticated("The token is not valid, or no longer.")
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
    )


def user_named(db_session: DbSession, username: str) -> User:
    """Find an active user by name; raise `NotFound`."""
    user = db_session.scalar(select(User).where(User.username == username, User.is_active))
    if user is None:
        raise NotFound("There is no active user of that name.")
    return user
