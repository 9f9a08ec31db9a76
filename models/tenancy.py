"""The wall between organizations, put before every query of a database session rather than into each.

A session that was opened for one organization reads, changes and stores that organization's rows only, whatever the
query forgot. On PostgreSQL row-level security says the same once more (`models/row_security.py`).
"""

from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from models.base import OfOrganization

TENANT = "organization_id"  # where a database session keeps whose it is; missing: everybody's, for work of the service


class ForeignRow(Exception):
    """A row of another organization was about to be stored. Always a mistake of ours."""


def store_within(db_session: Session, organization_id: UUID, kind: str) -> None:
    """Say whose rows are about to be stored past the session's own bookkeeping; raise `ForeignRow`."""
    if db_session.info.get(TENANT) not in {None, organization_id}:
        raise ForeignRow(kind)


@event.listens_for(Session, "do_orm_execute")
def _stay_within(state: ORMExecuteState) -> None:
    organization_id: UUID | None = state.session.info.get(TENANT)
    if organization_id is None or state.is_column_load or state.is_relationship_load:
        return  # what is loaded for a row was given the same condition when the row was asked for
    state.statement = state.statement.options(
        with_loader_criteria(OfOrganization, lambda cls: cls.organization_id == organization_id, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _store_within(db_session: Session, _context: Any, _instances: Any) -> None:
    organization_id: UUID | None = db_session.info.get(TENANT)
    if organization_id is None:
        return
    for row in [*db_session.new, *db_session.dirty]:
        if isinstance(row, OfOrganization):
            row.organization_id = row.organization_id or organization_id
            if row.organization_id != organization_id:
                raise ForeignRow(type(row).__name__)
