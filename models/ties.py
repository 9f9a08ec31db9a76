"""Which session a journal entry or mood check-in belongs to when its writer did not say."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Update, select, update
from sqlalchemy.orm import Session as DbSession

from models.clocks import time_in
from models.document import Document
from models.mood import MoodCheckIn
from models.session import Session


def latest_session(patient_id: Any, at: Any) -> ScalarSelect[UUID]:
    """Select the patient's latest session that began by `at` and was not cancelled. Both may be columns."""
    return (
        select(Session.id)
        .where(Session.patient_id == patient_id, Session.starts_at <= at, Session.status != "cancelled")
        .order_by(Session.starts_at.desc(), Session.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def hold_ties(db_session: DbSession, patient_id: UUID) -> None:
    """Hold what `tie_anew` may change; to be run before anything of a session of the patient's is changed.

    Whoever changes an entry or a check-in holds it first and its patient's stamp second, and so must this: else the
    two would wait for each other.
    """
    for table, ours in ((Document, _is_ours(patient_id)), (MoodCheckIn, _is_our_check_in(patient_id))):
        db_session.execute(select(table.id).where(*ours).order_by(table.id).with_for_update())


def tie_anew(db_session: DbSession, patient_id: UUID, at: datetime) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Tie a patient's entries and check-ins anew, where the writer left that to us; when sessions come, move or go.

    What a phone dated far ahead belongs where it came, by `at`: else it went with whatever was planned last.
    Gives the entries and the check-ins that belong to another session than before.
    """
    documents = db_session.scalars(_retied_by(patient_id, at)).all()
    check_ins = db_session.scalars(_retied_check_ins_by(patient_id, at)).all()
    # Those alone: what was written since `hold_ties` is not held, and most of it is tied rightly.
    db_session.execute(_retie(documents, at))
    db_session.execute(_retie_check_ins(check_ins, at))
    return documents, check_ins


def _retie(documents: Sequence[UUID], at: datetime) -> Update:
    # A new tie is no edit: the entry's version and the time of its last change stay.
    return (
        update(Document)
        .where(Document.id.in_(documents))
        .values(
            session_id=_now_latest(at),
            updated_at=Document.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


def _retied_by(patient_id: UUID, at: datetime) -> Select[UUID]:
    return select(Document.id).where(*_is_ours(patient_id), Document.session_id.is_distinct_from(_now_latest(at)))


def _is_ours(patient_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Document.patient_id == patient_id,
        Document.source == "journal",
        Document.is_session_given.is_(False),
        Document.deleted_at.is_(None),
    )


def _now_latest(at: datetime) -> ScalarSelect[UUID]:
    return latest_session(Document.patient_id, time_in(Document, Document.written_at, at)).correlate(Document)


def _retie_check_ins(check_ins: Sequence[UUID], at: datetime) -> Update:
    return (
        update(MoodCheckIn)
        .where(MoodCheckIn.id.in_(check_ins))
        .values(
            session_id=_latest_before_check_in(at),
            updated_at=MoodCheckIn.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


def _retied_check_ins_by(patient_id: UUID, at: datetime) -> Select[UUID]:
    is_other = MoodCheckIn.session_id.is_distinct_from(_latest_before_check_in(at))
    return select(MoodCheckIn.id).where(*_is_our_check_in(patient_id), is_other)


def _is_our_check_in(patient_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (MoodCheckIn.patient_id == patient_id, MoodCheckIn.is_session_given.is_(False))


def _latest_before_check_in(at: datetime) -> ScalarSelect[UUID]:
    return latest_session(MoodCheckIn.patient_id, time_in(MoodCheckIn, MoodCheckIn.at, at)).correlate(MoodCheckIn)
