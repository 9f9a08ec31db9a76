"""Stamps and revisions: numbers that count up with every change, so that what was reckoned can be used again.

A stamp is a patient's, a revision a document's: it tells of any change of the document or of its mentions.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, func, insert, select, update
from sqlalchemy import event as events
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.audit import AuditEvent
from models.base import Base, OfOrganization
from models.document import Document
from models.event import Event, RisingThemes
from models.mention import Mention
from models.person import Patient
from models.prompt import PromptShowing
from models.webhook import Delivery

_NO_CHANGE = (AuditEvent, Event, RisingThemes, Delivery, PromptShowing)  # read, told of, a question put: no change

RECKONED = "reckoned"  # where a database session keeps what was reckoned before; missing: nothing is used again


class PatientStamp(OfOrganization, Base):
    """How often a patient's record has changed."""

    __tablename__ = "patient_stamps"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True)
    stamp: Mapped[int] = mapped_column(default=1)


def stamp_of(db_session: Session, patient_id: UUID) -> int:
    """Tell how often a patient's record has changed; 0: never, or there is none."""
    found = db_session.scalar(select(PatientStamp.stamp).where(PatientStamp.patient_id == patient_id))
    return found or 0


def stamp_of_organization(db_session: Session, organization_id: UUID) -> int:
    """Tell how often any record of an organization has changed."""
    total = select(func.sum(PatientStamp.stamp)).where(PatientStamp.organization_id == organization_id)
    return int(db_session.scalar(total) or 0)


def stamp(db_session: Session, organization_id: UUID, patient_id: UUID) -> None:
    """Say that a record has changed; for changes that are made past the session's own bookkeeping."""
    table = Base.metadata.tables[PatientStamp.__tablename__]
    connection = db_session.connection()
    counted = update(table).where(table.c.patient_id == patient_id).values(stamp=table.c.stamp + 1)
    if connection.execute(counted).rowcount == 0:
        connection.execute(insert(table).values(patient_id=patient_id, organization_id=organization_id, stamp=1))


def stamp_all(db_session: Session, organization_id: UUID | None = None) -> None:
    """Say that every record has changed, of an organization or of all."""
    table = Base.metadata.tables[PatientStamp.__tablename__]
    query = update(table).values(stamp=table.c.stamp + 1)
    if organization_id is not None:
        query = query.where(table.c.organization_id == organization_id)
    db_session.connection().execute(query)


def revise(db_session: Session, *which: ColumnElement[bool]) -> None:
    """Say that documents, or what was found in them, have changed; for changes past the session's own bookkeeping."""
    table = Base.metadata.tables[Document.__tablename__]
    values = {"revision": table.c.revision + 1, "updated_at": table.c.updated_at}  # it is no edit
    db_session.connection().execute(update(table).where(*which).values(values))


@events.listens_for(Session, "after_flush")
def _stamp_what_changed(db_session: Session, _context: Any) -> None:
    changed: dict[UUID, UUID] = {}
    documents: set[UUID] = set()
    for row in [*db_session.new, *db_session.dirty, *db_session.deleted]:
        if isinstance(row, (PatientStamp, *_NO_CHANGE)) or not isinstance(row, OfOrganization):
            continue
        if row in db_session.dirty and not db_session.is_modified(row):
            continue
        patient_id = row.id if isinstance(row, Patient) else row.__dict__.get("patient_id")
        if isinstance(patient_id, UUID):
            changed[patient_id] = row.organization_id
        if isinstance(row, (Document, Mention)):
            documents.add(row.id if isinstance(row, Document) else row.document_id)
    if documents:
        revise(db_session, Base.metadata.tables[Document.__tablename__].c.id.in_(sorted(documents)))
    for patient_id in sorted(changed):  # in one order everywhere, so that nobody waits for each other
        stamp(db_session, changed[patient_id], patient_id)
