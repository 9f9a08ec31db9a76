"""Which session a journal entry or mood check-in belongs to when its writer did not say."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, Update, select, update

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


def retie(patient_id: UUID) -> Update:
    """Tie a patient's entries anew, where the writer left that to us; to be run when sessions come, move or go."""
    # A new tie is no edit: the entry's version and the time of its last change stay.
    return (
        update(Document)
        .where(*_is_ours(patient_id))
        .values(
            session_id=_now_latest(),
            updated_at=Document.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


def retied_by(patient_id: UUID) -> Select[UUID]:
    """Select the entries that `retie` will tie to another session than before."""
    return select(Document.id).where(*_is_ours(patient_id), Document.session_id.is_distinct_from(_now_latest()))


def _is_ours(patient_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Document.patient_id == patient_id,
        Document.source == "journal",
        Document.is_session_given.is_(False),
        Document.deleted_at.is_(None),
    )


def _now_latest() -> ScalarSelect[UUID]:
    return latest_session(Document.patient_id, Document.written_at).correlate(Document)


def retie_check_ins(patient_id: UUID) -> Update:
    """Do the same for a patient's mood check-ins."""
    return (
        update(MoodCheckIn)
        .where(*_is_our_check_in(patient_id))
        .values(
            session_id=_latest_before_check_in(),
            updated_at=MoodCheckIn.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


def retied_check_ins_by(patient_id: UUID) -> Select[UUID]:
    """Select the mood check-ins that `retie_check_ins` will tie to another session than before."""
    is_other = MoodCheckIn.session_id.is_distinct_from(_latest_before_check_in())
    return select(MoodCheckIn.id).where(*_is_our_check_in(patient_id), is_other)


def _is_our_check_in(patient_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (MoodCheckIn.patient_id == patient_id, MoodCheckIn.is_session_given.is_(False))


def _latest_before_check_in() -> ScalarSelect[UUID]:
    return latest_session(MoodCheckIn.patient_id, MoodCheckIn.at).correlate(MoodCheckIn)
