"""Organizations and their admins: made by whoever keeps the service, in the shell, where nobody is logged in."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.audit import tell_of_shell
from models import Organization, Role, User


def found_organization(db_session: DbSession, name: str, admin: str) -> User:
    """Set up an organization with its first admin account."""
    organization = Organization(name=name)
    db_session.add(organization)
    db_session.flush()
    return _admin(db_session, organization.id, admin)


def add_admin(db_session: DbSession, organization_id: UUID, username: str) -> User:
    """Give an organization a further admin account; its trail tells of it."""
    made = _admin(db_session, organization_id, username)
    tell_of_shell(db_session, made, "addAdmin", "Account")
    return made


def _admin(db_session: DbSession, organization_id: UUID, username: str) -> User:
    made = User(organization_id=organization_id, username=username, role=Role.ADMIN)
    db_session.add(made)
    db_session.flush()
    return made
