"""The feed of a patient's record: where each record stands in the order of changes, so that a phone asks what is new.

Numbers are the patient's stamp (`models/stamp.py`). It counts up under the lock of the patient's row, which a
transaction keeps to its end: whoever sees a number sees every smaller one, too. Records that changed in one flush share
a number. The feed says nothing of what changed, and a record that is gone keeps its place in it.

A table takes part with one line: `feed_kind = "..."` for records, `feed_parent = "..."` for parts of a record, naming
the column that holds the record's id. `feed_kind` may be a property that gives None for what is in no feed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Select,
    String,
    and_,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, ManyOfOrganization

_FIRST = UUID(int=0)
_INSERT: dict[str, Callable[..., Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


class RecordChange(ManyOfOrganization, Base):
    """The latest change of one record. `seq` is the patient's stamp at that time."""

    __tablename__ = "record_changes"
    __table_args__ = (Index("ix_record_changes_patient_id_seq", "patient_id", "seq"),)

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    seq: Mapped[int]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a patient's feed: after this record of this number."""

    seq: int = 0
    kind: str = ""
    record_id: UUID = _FIRST


def changes_after(patient_id: UUID, kinds: Iterable[str], place: Place) -> Select[RecordChange]:
    """Select what changed after a place, in order."""
    order = (RecordChange.seq, RecordChange.kind, RecordChange.record_id)
    later = or_(
        RecordChange.seq > place.seq,
        and_(RecordChange.seq == place.seq, tuple_(*order[1:]) > tuple_(place.kind, place.record_id)),
    )
    of_patient = (RecordChange.patient_id == patient_id, RecordChange.kind.in_(sorted(kinds)))
    return select(RecordChange).where(*of_patient, RecordChange.seq >= place.seq, later).order_by(*order)


def has_been(db_session: Session, kind: str, record_id: UUID, patient_id: UUID) -> bool:
    """Tell whether a patient has, or once had, such a record."""
    return _seq_of(db_session, kind, record_id, patient_id) is not None


def has_come_to(db_session: Session, patient_id: UUID, place: Place) -> bool:
    """Tell whether a patient's feed was ever at a place: the record that stood there does so still, or further on."""
    if place == Place():
        return True
    seq = _seq_of(db_session, place.kind, place.record_id, patient_id)
    return seq is not None and seq >= place.seq


def _seq_of(db_session: Session, kind: str, record_id: UUID, patient_id: UUID) -> int | None:
    found = select(RecordChange.seq).where(
        RecordChange.kind == kind, RecordChange.record_id == record_id, RecordChange.patient_id == patient_id
    )
    return db_session.scalar(found)


def note_records(connection: Connection, patient_id: UUID, rows: Sequence[dict[str, Any]], seq: int) -> None:
    """Give records (`kind`, `record_id`, `organization_id`) the newest place in their patient's feed."""
    if not rows:
        return
    table = Base.metadata.tables[RecordChange.__tablename__]
    insert = _INSERT[connection.dialect.name](table)
    put = insert.on_conflict_do_update(
        index_elements=["kind", "record_id"], set_={"seq": insert.excluded.seq}, where=table.c.patient_id == patient_id
    )
    connection.execute(put, [row | {"patient_id": patient_id, "seq": seq} for row in rows])


def note_parts(connection: Connection, patient_id: UUID, parents: Iterable[UUID], seq: int) -> None:
    """Do so for records of which a part changed. One that is in no feed stays out of it."""
    wanted = sorted(parents)
    if wanted:
        table = Base.metadata.tables[RecordChange.__tablename__]
        of_patient = (table.c.patient_id == patient_id, table.c.record_id.in_(wanted))
        connection.execute(update(table).where(*of_patient).values(seq=seq))


def note_all(connection: Connection, kinds: Iterable[str], where: ColumnElement[bool] | None = None) -> None:
    """Give every record of some kinds its patient's current stamp as its place; after a change past the session."""
    table, stamps = (Base.metadata.tables[name] for name in (RecordChange.__tablename__, "patient_stamps"))
    current = select(stamps.c.stamp).where(stamps.c.patient_id == table.c.patient_id).scalar_subquery()
    wanted = (table.c.kind.in_(sorted(kinds)), true() if where is None else where)
    connection.execute(update(table).where(*wanted).values(seq=func.coalesce(current, table.c.seq)))
