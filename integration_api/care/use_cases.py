"""The care itself: courses of treatment, their sessions, vitals."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.settling import call_off, require_course_under_way, settled
from integration_api.care.times import require_begun, require_measured
from integration_api.errors import Invalid, NotFound
from models import (
    COURSES_UNDER_WAY,
    Between,
    Course,
    Order,
    Page,
    PageRequest,
    Patient,
    Session,
    Vitals,
    courses_within,
    hold_ties,
    narrowed,
    new_id,
    page_of,
    patients_within,
    sessions_within,
    vitals_within,
)


@dataclass(frozen=True, slots=True)
class CourseDraft:
    """A course of treatment as a clinician describes it."""

    patient_id: UUID
    status: str = "planned"
    indication: str | None = None
    started_on: date | None = None
    ended_on: date | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Dosing:
    """What was given: route, dose in milligrams, body weight in kilograms."""

    route: str | None = None
    dose_mg: float | None = None
    weight_kg: float | None = None


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """A session as a clinician describes it."""

    course_id: UUID
    kind: str
    starts_at: datetime
    status: str = "planned"
    ends_at: datetime | None = None
    setting: str | None = None
    intention: str | None = None
    dosing: Dosing | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class VitalsDraft:
    """One reading of vital signs: mmHg, beats per minute, percent."""

    at: datetime
    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    heart_rate_bpm: int | None = None
    spo2_percent: int | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter(Between):
    """Which sessions to list, by their start; None: whichever."""

    patient_id: UUID | None = None
    course_id: UUID | None = None
    kind: str | None = None
    status: str | None = None


def list_courses(
    db_session: DbSession, caller: Principal, patient_id: UUID | None, status: str | None, page: PageRequest
) -> Page[Course]:
    """List courses of treatment, the newest first."""
    visible = courses_within(reach(caller, Resource.COURSE, Action.SEARCH))
    found = narrowed(visible, ((Course.patient_id, patient_id), (Course.status, status)))
    return page_of(db_session, found, Order((Course.created_at, Course.id), is_descending=True), page)


def read_course(db_session: DbSession, caller: Principal, course_id: UUID, action: Action = Action.READ) -> Course:
    """Read one course of treatment; raise `NotFound`."""
    visible = courses_within(reach(caller, Resource.COURSE, action))
    course = db_session.scalars(visible.where(Course.id == course_id)).one_or_none()
    if course is None:
        raise NotFound("There is no such course.")
    return course


def open_course(db_session: DbSession, caller: Principal, draft: CourseDraft) -> Course:
    """Begin a course of treatment for a patient one cares for."""
    visible = patients_within(reach(caller, Resource.COURSE, Action.CREATE))
    if db_session.scalars(visible.where(Patient.id == draft.patient_id)).one_or_none() is None:
        raise Invalid.at("/patient_id", "There is no such patient.")
    course = Course(id=draft.id or new_id(), organization_id=caller.organization_id, patient_id=draft.patient_id)
    _describe_course(course, draft)
    db_session.add(course)
    db_session.flush()
    return course


def change_course(
    db_session: DbSession, caller: Principal, course_id: UUID, merge: Callable[[Course], CourseDraft], at: datetime
) -> Course:
    """Change what is said of a course of treatment.

    One that is cancelled takes with it what it had planned. One that is taken up again has not ended, unless the day
    is said anew.
    """
    course = read_course(db_session, caller, course_id, Action.UPDATE)
    draft = merge(course)
    if draft.patient_id != course.patient_id:
        raise Invalid.at("/patient_id", "A course stays its patient's.")
    if draft.status == "cancelled" != course.status:
        call_off(db_session, course, at)
    is_taken_up = course.status not in COURSES_UNDER_WAY and draft.status in COURSES_UNDER_WAY
    if is_taken_up and draft.ended_on == course.ended_on:
        draft = replace(draft, ended_on=None)
    _describe_course(course, draft)
    db_session.flush()
    return course


def _describe_course(course: Course, draft: CourseDraft) -> None:
    if draft.started_on and draft.ended_on and draft.ended_on < draft.started_on:
        raise Invalid.at("/ended_on", "It ends before it starts.")
    course.status, course.indication = draft.status, draft.indication
    course.started_on, course.ended_on = draft.started_on, draft.ended_on


def list_sessions(db_session: DbSession, caller: Principal, wanted: SessionFilter, page: PageRequest) -> Page[Session]:
    """List sessions, the latest first."""
    visible = sessions_within(reach(caller, Resource.SESSION, Action.SEARCH))
    equal = (
        (Session.patient_id, wanted.patient_id),
        (Session.course_id, wanted.course_id),
        (Session.kind, wanted.kind),
        (Session.status, wanted.status),
    )
    found = narrowed(visible, equal, Session.starts_at, wanted)
    return page_of(db_session, found, Order((Session.starts_at, Session.id), is_descending=True), page)


def read_session(
    db_session: DbSession,
    caller: Principal,
    session_id: UUID,
    action: Action = Action.READ,
    resource: Resource = Resource.SESSION,
) -> Session:
    """Read one session; raise `NotFound`."""
    visible = sessions_within(reach(caller, resource, action))
    session = db_session.scalars(visible.where(Session.id == session_id)).one_or_none()
    if session is None:
        raise NotFound("There is no such session.")
    return session


def session_of(db_session: DbSession, caller: Principal, session_id: UUID, patient_id: UUID) -> UUID:
    """Check that a document may be tied to this session; raise `Invalid` where it is not one of this patient's."""
    visible = sessions_within(reach(caller, Resource.SESSION, Action.READ))
    wanted = visible.where(Session.id == session_id, Session.patient_id == patient_id)
    if db_session.scalars(wanted).one_or_none() is None:
        raise Invalid.at("/session_id", "There is no such session of this patient.")
    return session_id


def hold_session(db_session: DbSession, caller: Principal, draft: SessionDraft, at: datetime) -> Session:
    """Put a session, planned or held, into a course of treatment."""
    course = _course_for(db_session, caller, draft, Action.CREATE)
    hold_ties(db_session, course.patient_id)
    require_course_under_way(db_session, course.id, draft.status)
    session = Session(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        course_id=course.id,
        patient_id=course.patient_id,
    )
    _describe_session(session, draft, at)
    db_session.add(session)
    return settled(db_session, session, at)


def change_session(
    db_session: DbSession, caller: Principal, session_id: UUID, merge: Callable[[Session], SessionDraft], at: datetime
) -> Session:
    """Change what is said of a session. Moving or cancelling it ties entries and counts dosing sessions anew."""
    session = read_session(db_session, caller, session_id, Action.UPDATE)
    draft = merge(session)
    if draft.course_id != session.course_id:
        raise Invalid.at("/course_id", "A session stays in its course.")
    hold_ties(db_session, session.patient_id)
    if (session.status, session.starts_at) != (draft.status, draft.starts_at):
        require_course_under_way(db_session, session.course_id, draft.status)
    _describe_session(session, draft, at)
    return settled(db_session, session, at)


def _course_for(db_session: DbSession, caller: Principal, draft: SessionDraft, action: Action) -> Course:
    visible = courses_within(reach(caller, Resource.SESSION, action))
    course = db_session.scalars(visible.where(Course.id == draft.course_id)).one_or_none()
    if course is None:
        raise Invalid.at("/course_id", "There is no such course.")
    return course


def _describe_session(session: Session, draft: SessionDraft, at: datetime) -> None:
    require_begun(session, draft.status, draft.starts_at, at)
    if draft.ends_at is not None and draft.ends_at < draft.starts_at:
        raise Invalid.at("/ends_at", "It ends before it starts.")
    if draft.dosing is not None and draft.kind != "dosing":
        raise Invalid.at("/dosing", "Only a session of kind dosing has a dosing.")
    given = draft.dosing or Dosing()
    session.kind, session.status, session.setting = draft.kind, draft.status, draft.setting
    session.starts_at, session.ends_at, session.intention = draft.starts_at, draft.ends_at, draft.intention
    session.route, session.dose_mg, session.weight_kg = given.route, given.dose_mg, given.weight_kg


def list_vitals(db_session: DbSession, caller: Principal, session_id: UUID, page: PageRequest) -> Page[Vitals]:
    """List a session's readings in the order of time."""
    read_session(db_session, caller, session_id, Action.SEARCH, Resource.VITALS)
    visible = vitals_within(reach(caller, Resource.VITALS, Action.SEARCH)).where(Vitals.session_id == session_id)
    return page_of(db_session, visible, Order((Vitals.at, Vitals.id)), page)


def read_vitals(
    db_session: DbSession, caller: Principal, session_id: UUID, vitals_id: UUID, action: Action = Action.READ
) -> Vitals:
    """Read one reading of a session; raise `NotFound`."""
    visible = vitals_within(reach(caller, Resource.VITALS, action))
    wanted = visible.where(Vitals.session_id == session_id, Vitals.id == vitals_id)
    vitals = db_session.scalars(wanted).one_or_none()
    if vitals is None:
        raise NotFound("There is no such reading.")
    return vitals


def record_vitals(
    db_session: DbSession, caller: Principal, session_id: UUID, draft: VitalsDraft, at: datetime
) -> Vitals:
    """Add one reading to a session."""
    session = read_session(db_session, caller, session_id, Action.CREATE, Resource.VITALS)
    require_measured(draft.at, session, at)
    if draft.systolic_mmhg and draft.diastolic_mmhg and draft.diastolic_mmhg >= draft.systolic_mmhg:
        raise Invalid.at("/diastolic_mmhg", "It is not below the systolic pressure.")
    readings = (draft.systolic_mmhg, draft.diastolic_mmhg, draft.heart_rate_bpm, draft.spo2_percent)
    if all(reading is None for reading in readings):
        raise Invalid.at("", "A reading needs at least one of the vital signs.")
    vitals = Vitals(
        id=draft.id or new_id(),
        organization_id=session.organization_id,
        session_id=session.id,
        at=draft.at,
        systolic_mmhg=draft.systolic_mmhg,
        diastolic_mmhg=draft.diastolic_mmhg,
        heart_rate_bpm=draft.heart_rate_bpm,
        spo2_percent=draft.spo2_percent,
    )
    db_session.add(vitals)
    db_session.flush()
    db_session.refresh(vitals)  # whose it is, is derived
    return vitals


def strike_vitals(
    db_session: DbSession, caller: Principal, session_id: UUID, vitals_id: UUID, match: Callable[[Any], Any]
) -> None:
    """Take a mistaken reading out."""
    vitals = read_vitals(db_session, caller, session_id, vitals_id, Action.DELETE)
    match(vitals)
    db_session.delete(vitals)
    db_session.flush()
