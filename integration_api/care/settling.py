"""What follows when sessions come, move or go: ties and numbers; and which sessions go with their course."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.errors import Invalid
from models import Course, Document, Session, hold_ties, revise, stamp_records, tie_anew, touch_mentions


def settled(db_session: DbSession, session: Session, at: datetime) -> Session:
    """Store a session, tie the patient's entries anew, and read back what the database derives.

    Others of its course that were changed with it are stored, too. To be run with `hold_ties` before they are changed.
    """
    db_session.flush()
    documents, check_ins = tie_anew(db_session, session.patient_id, at)
    if documents:  # a new tie is no edit of the words, but what is told of the themes in them names the session
        revise(db_session, Document.id.in_(documents))
        touch_mentions(db_session, documents)
    renumbered = db_session.scalars(select(Session.id).where(Session.course_id == session.course_id)).all()
    stamp_records(db_session, session.organization_id, session.patient_id, (*documents, *check_ins, *renumbered))
    db_session.refresh(session)
    return session


def require_course_under_way(db_session: DbSession, course_id: UUID, status: str, place: str = "/status") -> None:
    """Plan nothing in a course that is cancelled: its patient would be reminded of it, and asked to get ready."""
    is_cancelled = (Course.id == course_id, Course.status == "cancelled")
    if status == "planned" and db_session.scalar(select(Course.id).where(*is_cancelled)):
        raise Invalid.at(place, "The course is cancelled. Please take it up again before you plan a session in it.")


def call_off(db_session: DbSession, course: Course, at: datetime) -> None:
    """Cancel what a course had planned for later: else its patient is reminded of it, and asked to get ready."""
    hold_ties(db_session, course.patient_id)
    # Whoever changes a course or a session holds it, and then wants its patient's stamp: so all are held before that.
    db_session.execute(select(Course.id).where(Course.id == course.id).with_for_update(key_share=True))
    ahead = (Session.course_id == course.id, Session.status == "planned", Session.starts_at > at)
    planned = select(Session).where(*ahead).order_by(Session.id).with_for_update(of=Session, key_share=True)
    called_off = db_session.scalars(planned).all()
    for session in called_off:
        session.status = "cancelled"
    if called_off:
        settled(db_session, called_off[-1], at)
