"""Events: that something happened to a record, stored with the change that it tells of. No word of the record is here.

Whatever is shared with the care team and changes leaves an event when the database session flushes, so that no use
case can forget it and a change that is taken back takes its event along. A patient's events are numbered in the order
in which their changes were kept. Private entries, psychotherapy notes and what hangs on them leave none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Connection,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy import event as listening
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.action import Commitment, Intention
from models.base import Base, ManyOfOrganization, OfOrganization, new_id, now
from models.consent import Consent, consents_to
from models.document import JournalEntry, Note
from models.measure_response import MeasureResponse
from models.person import Patient
from models.safety_flag import SafetyFlagEvent
from models.session import Session as TreatmentSession
from models.turn import take_turn

EVENT_TYPES = (
    *(f"entry.{each}" for each in ("created", "updated", "deleted")),
    *(f"note.{each}" for each in ("created", "updated", "deleted")),
    *(f"session.{each}" for each in ("created", "updated", "cancelled")),
    *(f"intention.{each}" for each in ("created", "updated", "deleted")),
    *(f"commitment.{each}" for each in ("created", "updated", "deleted")),
    "theme.rising",
    *(f"safety_flag.{each}" for each in ("raised", "escalated", "acknowledged", "resolved", "withdrawn")),
    "consent.changed",
    *(f"measure_response.{each}" for each in ("created", "deleted")),
    *(f"patient.{each}" for each in ("created", "updated", "erased")),
)
PING = "ping"  # of no patient: asked for by whoever set the webhook up
HANDSHAKE, HEARTBEAT = (
    "handshake",
    "heartbeat",
)  # of no patient: how a FHIR Subscription begins, and shows that it lives
_TOLD = "told"  # where a database session keeps what it has told of in this transaction
_FLAG_WORDS = {"reopened": "raised"} | {
    each: each for each in ("raised", "escalated", "acknowledged", "resolved", "withdrawn")
}
# What changes without anything being said anew: bookkeeping, and the tagger's.
_QUIET = frozenset(
    {
        "version",
        "created_at",
        "updated_at",
        "data_key_id",
        "tagging_state",
        "pipeline_version",
        "word_count",
        "language",
    }
)
Values = Callable[[str], Any]


class Event(ManyOfOrganization, Base):
    """Something that happened. `dispatched_at`: when it was laid out for the webhooks that want it."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("patient_id", "sequence"),
        Index("ix_events_dispatched_at", "dispatched_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    type: Mapped[str] = mapped_column(String(40))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    record_id: Mapped[UUID]
    sequence: Mapped[int]  # 1, 2, 3 ... of the patient's
    occurred_at: Mapped[datetime] = mapped_column(default=now)
    dispatched_at: Mapped[datetime | None]


class RisingThemes(OfOrganization, Base):
    """Which themes were rising for a patient when the record stood at a stamp, so that a new one is noticed."""

    __tablename__ = "rising_themes"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True)
    stamp: Mapped[int]
    themes: Mapped[list[str]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class Told:
    """How a table's rows are spoken of. `is_shared` looks at a row's values, before and after a change."""

    noun: str
    is_shared: Callable[[Values], bool] = lambda _values: True
    verb: Callable[[Values, Values], str] = lambda _before, _after: "updated"
    made: str = "created"


def _is_readable_document(value: Values) -> bool:
    is_shared = value("visibility") == "care_team" or value("note_kind") == "progress"
    return is_shared and value("deleted_at") is None and not value("is_draft")


def _is_for_the_team(value: Values) -> bool:
    return bool(value("visibility") == "care_team")


def _is_final(value: Values) -> bool:
    return bool(value("status") == "final")


def _of_session(before: Values, after: Values) -> str:
    return "cancelled" if after("status") == "cancelled" != before("status") else "updated"


def _of_patient(before: Values, after: Values) -> str:
    return "erased" if after("erased_at") is not None and before("erased_at") is None else "updated"


_SPOKEN_OF: dict[type[Any], Told] = {
    JournalEntry: Told("entry", _is_readable_document),
    Note: Told("note", _is_readable_document),
    TreatmentSession: Told("session", verb=_of_session),
    Intention: Told("intention", _is_for_the_team),
    Commitment: Told("commitment", _is_for_the_team),
    Consent: Told("consent", made="changed"),
    MeasureResponse: Told("measure_response", _is_final),
    Patient: Told("patient", verb=_of_patient),
}


def tell_of(table: type[Any], told: Told) -> None:
    """Have a table's changes leave events, too. Its rows need `id`, `patient_id` and `organization_id`."""
    _SPOKEN_OF[table] = told


def append_event(db_session: Session, organization_id: UUID, patient_id: UUID, kind: str, record_id: UUID) -> None:
    """Put an event that no change of a row speaks of at the end of a patient's."""
    _append(db_session.connection(), organization_id, patient_id, [(kind, record_id)])


@listening.listens_for(Session, "after_flush")
def _tell_what_changed(db_session: Session, _context: Any) -> None:
    said: set[tuple[str, UUID]] = db_session.info.setdefault(_TOLD, set())
    fresh: dict[tuple[UUID, UUID], list[tuple[str, UUID]]] = {}
    for organization_id, patient_id, kind, record_id in _changes(db_session):
        noun = kind.partition(".")[0]
        is_said = {(kind, record_id), (f"{noun}.created", record_id)} & said
        if not (is_said and kind in (f"{noun}.created", f"{noun}.updated")):  # one flush may follow another
            fresh.setdefault((patient_id, organization_id), []).append((kind, record_id))
            said.add((kind, record_id))
    for patient_id, organization_id in sorted(fresh):  # in one order everywhere, so that nobody waits for each other
        _append(db_session.connection(), organization_id, patient_id, fresh[patient_id, organization_id])


@listening.listens_for(Session, "after_transaction_end")
def _forget_what_was_said(db_session: Session, _transaction: Any) -> None:
    db_session.info.pop(_TOLD, None)


def _changes(db_session: Session) -> Iterator[tuple[UUID, UUID, str, UUID]]:
    for row in [*db_session.new, *db_session.dirty, *db_session.deleted]:
        if isinstance(row, SafetyFlagEvent) and row in db_session.new and row.what in _FLAG_WORDS:
            patient_id = flagged_patient(db_session.connection(), row.flag_id)
            if patient_id is not None:
                yield row.organization_id, patient_id, f"safety_flag.{_FLAG_WORDS[row.what]}", row.flag_id
        told = _SPOKEN_OF.get(type(row))
        verb = None if told is None else _verb(db_session, row, told)
        if told is not None and verb is not None:
            patient_id = row.id if isinstance(row, Patient) else row.patient_id
            yield row.organization_id, patient_id, f"{told.noun}.{verb}", row.id


def _verb(db_session: Session, row: Any, told: Told) -> str | None:
    """Say what has happened to a row for who may read shared rows only; None: nothing that concerns them."""
    before, after = _before(row), _after(row)
    was = row not in db_session.new and told.is_shared(before)
    stays = row not in db_session.deleted and told.is_shared(after)
    if was and stays:
        return told.verb(before, after) if _is_changed(row) else None
    if stays:
        return told.made
    return "deleted" if was else None


def _after(row: Any) -> Values:
    return lambda name: getattr(row, name)


def _before(row: Any) -> Values:
    def value(name: str) -> Any:
        history = inspect(row).attrs[name].history
        return history.deleted[0] if history.deleted else getattr(row, name)

    return value


def _is_changed(row: Any) -> bool:
    state = inspect(row)
    columns = (each.key for each in state.mapper.column_attrs if each.key not in _QUIET)
    return any(state.attrs[name].history.has_changes() for name in columns)


def flagged_patient(connection: Connection, flag_id: UUID) -> UUID | None:
    """Give the patient of a flag; None: it is of a psychotherapy note, which is its author's alone.

    Or of private words: of these even that there is a flag is told only while the patient agrees.
    """
    flags, documents = Base.metadata.tables["safety_flags"], Base.metadata.tables["documents"]
    intentions, commitments = Intention.__table__, Commitment.__table__
    origins = flags.outerjoin(documents, documents.c.id == flags.c.document_id)
    origins = origins.outerjoin(intentions, intentions.c.id == flags.c.intention_id)
    origins = origins.outerjoin(commitments, commitments.c.id == flags.c.commitment_id)
    visibility = func.coalesce(documents.c.visibility, intentions.c.visibility, commitments.c.visibility, "care_team")
    is_open = (visibility != "private") & documents.c.note_kind.is_distinct_from("psychotherapy")
    is_agreed = (visibility == "private") & consents_to(flags.c.patient_id, "safety_signals")
    query = select(flags.c.patient_id).select_from(origins)
    found: UUID | None = connection.scalar(query.where(flags.c.id == flag_id, is_open | is_agreed))
    return found


def _append(connection: Connection, organization_id: UUID, patient_id: UUID, told: list[tuple[str, UUID]]) -> None:
    take_turn(connection, patient_id)
    table = Base.metadata.tables[Event.__tablename__]
    last = connection.scalar(select(func.max(table.c.sequence)).where(table.c.patient_id == patient_id)) or 0
    common = {"organization_id": organization_id, "patient_id": patient_id, "occurred_at": now()}
    rows = [
        common | {"id": new_id(), "type": kind, "record_id": record_id, "sequence": last + number}
        for number, (kind, record_id) in enumerate(told, start=1)
    ]
    connection.execute(insert(table), rows)
