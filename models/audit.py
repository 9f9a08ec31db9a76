"""The audit trail: who did what to whose record, in a chain that shows every change to it.

Each event of an organization has a number and a digest over its own content and the digest before it, made with a key
of the organization's (HMAC-SHA256). Whoever changes, removes or reorders events without the key breaks the chain;
whoever cuts its end off is found out by a digest that was noted elsewhere. The database refuses to update or delete.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Index, String, UniqueConstraint, bindparam, event, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.action import Resolve
from models.base import Base, OfOrganization, new_id
from models.break_glass import BreakGlass
from models.care_team import CareTeam
from models.consent import Consent
from models.course import Course
from models.data_key import DataKey, KeyOwner, opened_key
from models.document import Document
from models.erasure import Erasure
from models.measure_response import MeasureResponse
from models.person import Clinician, Patient
from models.safety_flag import SafetyFlag
from models.session import Session as TreatmentSession
from models.tenancy import store_within

OUTCOMES = ("done", "refused", "not_found", "invalid", "failed")
PURPOSES_OF_USE = ("own_record", "treatment", "administration", "ehr", "break_glass", "sign_in", "service")
FIRST = "0" * 64  # what the first event of a chain is linked to
TOUCHED = "touched"  # where a database session keeps whose records it has changed
_OF_CARE = (CareTeam, Course, TreatmentSession, Document, MeasureResponse, Resolve, SafetyFlag)
_RECORDS = (Patient, Consent, BreakGlass, Erasure, *_OF_CARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that was done or tried. `operation` is the contract's name for it; nothing here is narrative."""

    operation: str
    resource: str
    action: str
    outcome: str
    purpose: str
    actor_id: UUID | None
    actor_role: str
    origin: str
    patient_id: UUID | None = None
    record_id: UUID | None = None
    client: str | None = None

    @classmethod
    def by_command_line(
        cls, operation: str, resource: str, action: str, patient_id: UUID | None, record_id: UUID | None = None
    ) -> "Deed":
        """Tell of what whoever keeps the service has done there."""
        return cls(
            operation=operation, resource=resource, action=action, outcome="done", purpose="service", actor_id=None,
            actor_role="service", origin="command line", patient_id=patient_id, record_id=record_id,
        )  # fmt: skip


class AuditEvent(OfOrganization, Base):
    """One deed, numbered and linked to the one before. It refers to nothing, so that it outlives what it tells of."""

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("organization_id", "sequence"),
        Index("ix_audit_events_patient_id_at", "patient_id", "at"),
        Index("ix_audit_events_at", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int]
    at: Mapped[datetime]
    operation: Mapped[str] = mapped_column(String(80))
    resource: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(80))
    client: Mapped[str | None] = mapped_column(String(200))
    patient_id: Mapped[UUID | None]
    record_id: Mapped[UUID | None]
    digest: Mapped[str] = mapped_column(String(64))


def content(values: Mapping[str, Any], previous: str) -> bytes:
    """What an event's digest is made over: every column but the digest, and the digest before."""
    told = {**values, "at": values["at"].astimezone(UTC).isoformat()}
    return json.dumps([previous, told], default=str, sort_keys=True).encode()


# Every request is told of, so this is asked of the tables themselves, with statements that are built once.
_EVENTS = Base.metadata.tables[AuditEvent.__tablename__]
_INSERT = insert(_EVENTS)
_LAST = (
    select(_EVENTS.c.sequence, _EVENTS.c.digest)
    .where(_EVENTS.c.organization_id == bindparam("organization_id"))
    .order_by(_EVENTS.c.sequence.desc())
    .limit(1)
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 20))")


def append(db_session: Session, organization_id: UUID, at: datetime, deeds: Iterable[Deed]) -> None:
    """Put deeds at the end of an organization's trail, in the caller's transaction."""
    store_within(db_session, organization_id, AuditEvent.__name__)
    connection = db_session.connection()
    if connection.dialect.name == "postgresql":  # one at a time, and one makes the key; on SQLite every write is
        connection.execute(_LOCK, {"id": str(organization_id)})
    key = opened_key(db_session, KeyOwner("audit", organization_id, organization_id))
    last = connection.execute(_LAST, {"organization_id": organization_id}).one_or_none()
    sequence, previous = last or (0, FIRST)
    rows = []
    for number, deed in enumerate(deeds, sequence + 1):
        told = {name: getattr(deed, name) for name in Deed.__slots__}
        row = {"id": new_id(), "organization_id": organization_id, "sequence": number, "at": at, **told}
        previous = key.mac(content(row, previous))
        rows.append({**row, "digest": previous})
    if rows:
        connection.execute(_INSERT, rows)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of an organization's trail. `broken_at` is the number of the first event that does not fit."""

    events: int
    head: str
    broken_at: int | None = None


def verify(db_session: Session, organization_id: UUID, noted: tuple[int, str] | None = None) -> Verdict:
    """Reckon an organization's chain anew; `noted` is a number and digest that were written down elsewhere."""
    key = db_session.scalars(
        select(DataKey).where(DataKey.owner_kind == "audit", DataKey.owner_id == organization_id)
    ).one_or_none()
    query = select(_EVENTS).where(_EVENTS.c.organization_id == organization_id).order_by(_EVENTS.c.sequence)
    count, previous = 0, FIRST
    with db_session.execute(query.execution_options(yield_per=500)) as in_order:
        for each in in_order:
            values = {name: value for name, value in each._asdict().items() if name != "digest"}
            expected = key.opened.mac(content(values, previous)) if key else None
            is_noted_otherwise = noted is not None and each.sequence == noted[0] and each.digest != noted[1]
            if each.sequence != count + 1 or each.digest != expected or is_noted_otherwise:
                return Verdict(count, previous, count + 1)
            count, previous = each.sequence, each.digest
    is_cut_off = noted is not None and count < noted[0]
    return Verdict(count, previous, count + 1 if is_cut_off else None)


@event.listens_for(Session, "after_flush")
def _note_what_was_touched(db_session: Session, _context: Any) -> None:
    touched: dict[UUID | None, UUID] = db_session.info.setdefault(TOUCHED, {})
    for row in [*db_session.new, *db_session.dirty, *db_session.deleted]:
        if isinstance(row, Clinician):
            touched[None] = row.id  # of no patient; told beside the care teams that may change with it
        if isinstance(row, _RECORDS):
            patient_id = row.id if isinstance(row, Patient) else row.patient_id
            touched[patient_id] = min(row.id, touched.get(patient_id, row.id))


def note_touched(db_session: Session, patient_id: UUID | None, record_id: UUID) -> None:
    """Have the trail told, with the change itself, of a row that does not say whose record it is of."""
    touched: dict[UUID | None, UUID] = db_session.info.setdefault(TOUCHED, {})
    touched[patient_id] = record_id


def refuse_changes(connection: Connection) -> None:
    """Have the database itself refuse to change or delete an audit event."""
    for statement in _REFUSALS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def allow_changes(connection: Connection) -> None:
    """Take the refusal back: for taking the table down, and for tests that play the intruder."""
    for statement in _ALLOWANCES[connection.dialect.name]:
        connection.exec_driver_sql(statement)


_REFUSALS = {
    "sqlite": [
        f"CREATE TRIGGER audit_events_no_{verb} BEFORE {verb.upper()} ON audit_events "
        "BEGIN SELECT RAISE(ABORT, 'audit events stay as they are'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        (
            "CREATE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit events stay as they are'; END $$"
        ),
        (
            "CREATE TRIGGER audit_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_stay()"
        ),
    ],
}
_ALLOWANCES = {
    "sqlite": [f"DROP TRIGGER IF EXISTS audit_events_no_{verb}" for verb in ("update", "delete")],
    "postgresql": [
        "DROP TRIGGER IF EXISTS audit_events_stay ON audit_events",
        "DROP FUNCTION IF EXISTS audit_events_stay",
    ],
}
