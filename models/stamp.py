"""Stamps and revisions: numbers that count up with every change, so that what was reckoned can be used again.

A stamp is a patient's, a revision a document's: it tells of any change of the document or of its mentions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, ForeignKey, func, insert, select, update
from sqlalchemy import event as events
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.audit import AuditEvent
from models.base import Base, OfOrganization, now
from models.document import Document
from models.ehr import EhrCopy
from models.event import Event, RisingThemes
from models.mention import Mention
from models.person import Patient
from models.prompt import PromptShowing
from models.record_change import RecordChange, note_parts, note_records
from models.turn import take_turn
from models.webhook import Delivery

# Where a database session names whose words are to be forgotten once its change is kept: patients, each with a
# document, or with None: the whole record.
FORGOTTEN = "forgotten"
RECKONED = "reckoned"  # where a database session keeps what was reckoned before; missing: nothing is used again


class RecordErased(Exception):
    """Something new was about to be kept of a patient who has been forgotten meanwhile."""


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


def stamp(db_session: Session, organization_id: UUID, patient_id: UUID) -> int:
    """Say that a record has changed, and give its new number; for changes made past the session's own bookkeeping."""
    table = Base.metadata.tables[PatientStamp.__tablename__]
    connection = db_session.connection()
    take_turn(connection, patient_id)
    counted = update(table).where(table.c.patient_id == patient_id).values(stamp=table.c.stamp + 1)
    number: int | None = connection.execute(counted.returning(table.c.stamp)).scalar()
    if number is None:
        number = 1
        connection.execute(insert(table).values(patient_id=patient_id, organization_id=organization_id, stamp=number))
    return number


def stamp_records(db_session: Session, organization_id: UUID, patient_id: UUID, record_ids: Iterable[UUID]) -> None:
    """Say so of some of its records, which take the newest place in the patient's feed."""
    wanted = tuple(record_ids)
    if wanted:
        note_parts(db_session.connection(), patient_id, wanted, stamp(db_session, organization_id, patient_id))


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


def touch_mentions(db_session: Session, document_ids: Iterable[UUID]) -> None:
    """Say that what is told of documents' reviewed mentions has changed with them: when, in which session, by what."""
    wanted = sorted(document_ids)
    if wanted:
        table = Base.metadata.tables[Mention.__tablename__]
        which = (table.c.document_id.in_(wanted), table.c.review.is_not(None))
        db_session.connection().execute(update(table).where(*which).values(updated_at=now()))


def forget(db_session: Session, patient_id: UUID, document_id: UUID | None = None) -> None:
    """Let what was read off a document, or off all of a patient's, leave this process's memory after the commit."""
    db_session.info.setdefault(FORGOTTEN, set()).add((patient_id, document_id))


@dataclass(slots=True)
class _Changed:
    """What a flush changed in one patient's record."""

    organization_id: UUID
    records: dict[tuple[str, UUID], dict[str, Any]] = field(default_factory=dict)
    parents: set[UUID] = field(default_factory=set)
    has_new: bool = False

    def add(self, row: Any, *, is_new: bool) -> None:
        self.has_new = self.has_new or is_new
        kind, parent = getattr(row, "feed_kind", None), getattr(row, "feed_parent", None)
        if kind is not None:
            found = {"kind": kind, "record_id": row.id, "organization_id": row.organization_id}
            self.records[kind, row.id] = found
        if parent is not None:
            self.parents.add(getattr(row, parent))


@events.listens_for(Session, "after_flush")
def _stamp_what_changed(db_session: Session, _context: Any) -> None:
    changed: dict[UUID, _Changed] = {}
    documents: set[UUID] = set()
    edited: set[UUID] = set()
    for patient_id, row in _rows_of_patients(db_session):
        changed.setdefault(patient_id, _Changed(row.organization_id)).add(row, is_new=row in db_session.new)
        if isinstance(row, (Document, Mention)):
            documents.add(row.id if isinstance(row, Document) else row.document_id)
        if isinstance(row, Document) and row in db_session.dirty and _is_edited(db_session, row):
            edited.add(row.id)
        if isinstance(row, Document) and row.deleted_at is not None:
            forget(db_session, row.patient_id, row.id)
    if documents:
        revise(db_session, Base.metadata.tables[Document.__tablename__].c.id.in_(sorted(documents)))
    touch_mentions(db_session, edited)
    for patient_id in sorted(changed):  # in one order everywhere, so that nobody waits for each other
        found = changed[patient_id]
        number = stamp(db_session, found.organization_id, patient_id)
        if found.has_new and _is_erased(db_session.connection(), patient_id):
            raise RecordErased
        note_records(db_session.connection(), patient_id, list(found.records.values()), number)
        note_parts(db_session.connection(), patient_id, found.parents, number)


def _is_erased(connection: Connection, patient_id: UUID) -> bool:
    """Tell whether a patient was forgotten: asked in turn, so that whoever writes while that happens is told, too."""
    patients = Base.metadata.tables[Patient.__tablename__]
    is_it = (patients.c.id == patient_id, patients.c.erased_at.is_not(None))
    return connection.scalar(select(patients.c.id).where(*is_it)) is not None


def _is_edited(db_session: Session, document: Document) -> bool:
    """Tell an edit from new mentions: those are the tagger's."""
    return db_session.is_modified(document, include_collections=False)


_NO_CHANGE = (PatientStamp, RecordChange, AuditEvent, PromptShowing, Event, RisingThemes, Delivery, EhrCopy)


def _rows_of_patients(db_session: Session) -> Iterator[tuple[UUID, Any]]:
    for row in [*db_session.new, *db_session.dirty, *db_session.deleted]:
        if isinstance(row, _NO_CHANGE) or not isinstance(row, OfOrganization):
            continue  # that a record was read or told of, or a question put, is no change of it
        patient_id = row.id if isinstance(row, Patient) else _patient_of(db_session, row)
        if isinstance(patient_id, UUID) and (row not in db_session.dirty or db_session.is_modified(row)):
            yield patient_id, row


def _patient_of(db_session: Session, row: Any) -> Any:
    """Tell whose a row is; of a part that does not say, whose the record is that it is a part of."""
    known = row.__dict__.get("patient_id")
    if known is not None or not hasattr(row, "feed_parent"):
        return known
    table = Base.metadata.tables[RecordChange.__tablename__]
    parent = getattr(row, row.feed_parent)
    return db_session.connection().scalar(select(table.c.patient_id).where(table.c.record_id == parent).limit(1))
