"""Visits that a record system puts in: sessions under the system's own identifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.settling import require_course_under_way, settled
from integration_api.care.times import require_begun
from integration_api.errors import Invalid, NotFound
from integration_api.people.received import Named, name_record
from models import COURSES_UNDER_WAY, Course, Extent, Patient, Reach, Session, courses_within, hold_ties, new_id, now
from models.facing import facing_patients, sessions_put_in

# A visit whose kind the system does not say. A dosing session is never assumed: it would count among the doses.
USUAL_KIND = "psychotherapy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedVisit:
    """A visit as a record system knows it. `kind` None: it does not say; `course_id` None: whichever is under way."""

    patient_id: UUID
    identifiers: Sequence[Named]
    status: str
    starts_at: datetime
    ends_at: datetime | None = None
    setting: str | None = None
    kind: str | None = None
    course_id: UUID | None = None


def receive_visit(db_session: DbSession, caller: Principal, told: ReceivedVisit, at: datetime) -> Session:
    """Keep a visit of a patient whom the caller has put in, or who has agreed to the EHR."""
    limits = replace(reach(caller, Resource.ENCOUNTER, Action.CREATE), extent=Extent.CONSENTED)
    patient = db_session.scalars(facing_patients(limits).where(Patient.id == told.patient_id)).one_or_none()
    if patient is None:
        raise Invalid.at("subject", "There is no such patient.")
    hold_ties(db_session, patient.id)
    course = _course_for(db_session, limits, told)
    require_course_under_way(db_session, course.id, told.status, "status")
    session = Session(
        id=new_id(),
        organization_id=caller.organization_id,
        patient_id=patient.id,
        course_id=course.id,
        kind=told.kind or USUAL_KIND,
    )
    _describe(session, told, at)
    db_session.add(session)
    db_session.flush()
    name_record(db_session, caller, told.identifiers, patient_id=patient.id, session_id=session.id)
    return settled(db_session, session, at)


def change_received_visit(
    db_session: DbSession,
    caller: Principal,
    session_id: UUID,
    told: ReceivedVisit,
    match: Callable[[Session], Any],
    at: datetime,
) -> Session:
    """Change a visit that the caller has put in; what clinicians have recorded in it stays. Raise `NotFound`."""
    visible = sessions_put_in(reach(caller, Resource.ENCOUNTER, Action.UPDATE))
    wanted = visible.where(Session.id == session_id)
    patient_id = db_session.scalar(wanted.with_only_columns(Session.patient_id))
    if patient_id is not None:
        hold_ties(db_session, patient_id)
    # Held, so that changes which name no version come one after the other, and none is told that it came too late.
    held = wanted.with_for_update(of=Session, key_share=True).execution_options(populate_existing=True)
    session = db_session.scalars(held).one_or_none()
    if session is None:
        raise NotFound("There is no such session.")
    match(session)
    if told.patient_id != session.patient_id:
        raise Invalid.at("subject", "A visit stays its patient's.")
    if told.course_id not in (None, session.course_id):
        raise Invalid.at("episodeOfCare", "A visit stays in its course.")
    if told.kind not in (None, session.kind) and session.dosing is not None:
        raise Invalid.at("type", "A dose was recorded: it stays a dosing session.")
    if (session.status, session.starts_at) != (told.status, told.starts_at):
        require_course_under_way(db_session, session.course_id, told.status, "status")
    session.kind = told.kind or session.kind
    _describe(session, told, at)
    if name_record(db_session, caller, told.identifiers, patient_id=session.patient_id, session_id=session.id):
        session.updated_at = now()
    return settled(db_session, session, at)


def _describe(session: Session, told: ReceivedVisit, at: datetime) -> None:
    require_begun(session, told.status, told.starts_at, at, "status")
    if told.ends_at is not None and told.ends_at < told.starts_at:
        raise Invalid.at("period", "It ends before it starts.")
    session.status, session.setting = told.status, told.setting
    session.starts_at, session.ends_at = told.starts_at, told.ends_at


def _course_for(db_session: DbSession, limits: Reach, told: ReceivedVisit) -> Course:
    """Find the course that a visit belongs to; the first visit of all opens one."""
    if told.course_id is not None:
        visible = courses_within(limits).where(Course.id == told.course_id, Course.patient_id == told.patient_id)
        found = db_session.scalars(visible).one_or_none()
        if found is None:
            raise Invalid.at("episodeOfCare", "There is no such course of this patient.")
        return found
    under_way = (Course.patient_id == told.patient_id, Course.status.in_(COURSES_UNDER_WAY))
    latest = select(Course).where(*under_way).order_by(Course.status, Course.created_at.desc(), Course.id.desc())
    course = db_session.scalars(latest.limit(1)).one_or_none()
    if course is None:
        course = Course(organization_id=limits.organization_id, patient_id=told.patient_id, status="active")
        course.started_on = told.starts_at.date()
        db_session.add(course)
        db_session.flush()
    return course
