"""Questionnaires asked and answered: the catalogue, responses, what became of them, and what is due."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Fault, Invalid, NotAllowed, NotFound
from integration_api.measures.catalogue import Measure, measures
from integration_api.measures.due import Care, Due, Plan, coming, due
from integration_api.measures.scoring import Score, faults_of, safety_of, score
from integration_api.safety.raising import raise_from_answer, withdraw_answers
from integration_api.safety.routing import Timing
from integration_api.wording import Sentence
from models import (
    Between,
    Course,
    MeasureResponse,
    Order,
    Page,
    PageRequest,
    Patient,
    Reach,
    Session,
    courses_within,
    is_early,
    measure_responses_within,
    narrowed,
    new_id,
    page_of,
    page_of_list,
    patients_within,
    sessions_within,
)

_NO_PATIENT = "There is no such patient."


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDraft:
    """A filled-in questionnaire as it is sent: one answer an item, in its order; None where there is none.

    `answered_at` None: now, or when what it `replaces` was answered.
    """

    measure: str
    answers: tuple[int | None, ...]
    gate: int | None = None
    patient_id: UUID | None = None
    answered_at: datetime | None = None
    language: str | None = None
    replaces: UUID | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFilter(Between):
    """Which responses to list, by the time of answering; None: whichever."""

    patient_id: UUID | None = None
    measure: str | None = None
    status: str | None = None


def list_measures(caller: Principal, page: PageRequest) -> Page[Measure]:
    """List the catalogue by name."""
    reach(caller, Resource.MEASURE, Action.SEARCH)
    return page_of_list(list(measures().values()), lambda each: (each.name,), page)


def read_measure(caller: Principal, name: str) -> Measure:
    """Read one questionnaire; raise `NotFound`."""
    reach(caller, Resource.MEASURE, Action.READ)
    return measure_named(name)


def measure_named(name: str) -> Measure:
    """Find one questionnaire; raise `NotFound`."""
    if name not in measures():
        raise NotFound("There is no such measure.")
    return measures()[name]


def list_responses(
    db_session: DbSession, caller: Principal, wanted: ResponseFilter, page: PageRequest
) -> Page[MeasureResponse]:
    """List the responses that the caller may read, the latest first."""
    visible = measure_responses_within(reach(caller, Resource.MEASURE_RESPONSE, Action.SEARCH))
    equal = (
        (MeasureResponse.patient_id, wanted.patient_id),
        (MeasureResponse.measure, wanted.measure),
        (MeasureResponse.status, wanted.status),
    )
    found = narrowed(visible, equal, MeasureResponse.answered_at, wanted)
    by_time = Order((MeasureResponse.answered_at, MeasureResponse.id), is_descending=True)
    return page_of(db_session, found, by_time, page)


def read_response(
    db_session: DbSession, caller: Principal, response_id: UUID, action: Action = Action.READ
) -> MeasureResponse:
    """Read one response; raise `NotFound`."""
    visible = measure_responses_within(reach(caller, Resource.MEASURE_RESPONSE, action))
    found = db_session.scalars(visible.where(MeasureResponse.id == response_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such response.")
    return found


def keep_response(
    db_session: DbSession, caller: Principal, draft: ResponseDraft, asked_in: str, timing: Timing
) -> MeasureResponse:
    """Keep what was answered, by the patient or by a clinician who writes it down; raise flags in the same breath.

    `asked_in` is the language that the request asks for: the questionnaire's own where there is such a version.
    """
    measure = _checked(draft)
    made = MeasureResponse(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        patient_id=_patient_of(db_session, caller, draft),
        author_id=caller.user_id,
        measure=measure.name,
        measure_version=measure.version,
        language=_language_of(measure, draft, asked_in),
        answered_at=_time_of(draft, timing.now),
        status="final",
    )
    made.content = {"answers": list(draft.answers), "gate": draft.gate}
    if draft.replaces is not None:
        wrong = _replaced(db_session, caller, draft.replaces, made, timing.now)
        made.replaces_id = wrong.id
        made.answered_at = draft.answered_at or wrong.answered_at  # what is corrected was asked of that time
    db_session.add(made)
    db_session.flush()
    for told, _ in safety_of(measure, made.answers):
        raise_from_answer(db_session, made, told.theme, told.item, timing)
    return made


def take_back(
    db_session: DbSession, caller: Principal, response_id: UUID, match: Callable[[Any], Any], at: datetime
) -> None:
    """Take a response back: its answers go, and the flags that were raised from them."""
    found = read_response(db_session, caller, response_id, Action.DELETE)
    match(found)
    _require_author(caller, found)
    withdraw_answers(db_session, found, at)
    found.mark_deleted()
    db_session.flush()


def score_of(response: MeasureResponse) -> Score:
    """Reckon what a response comes to; no score is kept."""
    return score(measure_named(response.measure), response.answers, response.gate)


def responses_of(
    db_session: DbSession, limits: Reach, patient_id: UUID, between: Between | None = None
) -> Sequence[MeasureResponse]:
    """Give a patient's responses that hold, in order of time, as far as `limits` reach."""
    query = narrowed(measure_responses_within(limits), (), MeasureResponse.answered_at, between or Between())
    holds = (MeasureResponse.patient_id == patient_id, MeasureResponse.status == "final")
    return db_session.scalars(query.where(*holds).order_by(MeasureResponse.answered_at, MeasureResponse.id)).all()


def list_due(
    db_session: DbSession, caller: Principal, schedule: Iterable[Plan], page: PageRequest, at: datetime
) -> Page[Due]:
    """List what the caller is asked to answer now: nothing without a course of treatment that is under way."""
    limits = reach(caller, Resource.MEASURE_DUE, Action.SEARCH)
    if limits.patient_id is None:
        return Page((), None)
    care = _care_of(db_session, limits, limits.patient_id)
    found = [] if care is None else due(schedule, care, at)
    return page_of_list(sorted(found, key=lambda each: each.measure), lambda each: (each.measure,), page)


def due_and_coming_for(
    db_session: DbSession, limits: Reach, patient_id: UUID, schedule: Sequence[Plan], at: datetime
) -> list[Due]:
    """Say what a patient is asked to answer now, and then what will be asked, and when; for reminders."""
    care = _care_of(db_session, limits, patient_id)
    return [] if care is None else [*due(schedule, care, at), *coming(schedule, care, at)]


def _care_of(db_session: DbSession, limits: Reach, patient_id: UUID) -> Care | None:
    """Read what decides what is asked for, and when; None: no course of treatment is under way."""
    under_way = courses_within(limits).where(Course.patient_id == patient_id, Course.status == "active")
    began = [_began(each) for each in db_session.scalars(under_way)]
    if not began:
        return None
    answered: dict[str, list[datetime]] = {}
    for response in responses_of(db_session, limits, patient_id):
        answered.setdefault(response.measure, []).append(response.answered_at)
    dosings = sessions_within(limits).where(
        Session.patient_id == patient_id, Session.kind == "dosing", Session.status != "cancelled"
    )
    times = db_session.scalars(dosings.with_only_columns(Session.starts_at)).all()
    return Care(answered, times, min(began))


def _began(course: Course) -> datetime:
    """Tell when a course began: on its day, where one was told; days that no clock may reach were taken once."""
    day = course.started_on
    if day is None or day.year in (MINYEAR, MAXYEAR):
        return course.created_at
    return datetime.combine(day, time(), UTC)


def _checked(draft: ResponseDraft) -> Measure:
    measure = measures().get(draft.measure)
    if measure is None:
        raise Invalid.at("/measure", "There is no such measure.")
    faults = faults_of(measure, draft.answers, draft.gate)
    if faults:
        raise Invalid(*(Fault(detail, pointer=pointer) for pointer, detail in faults.items()))
    return measure


def _patient_of(db_session: DbSession, caller: Principal, draft: ResponseDraft) -> UUID:
    limits = reach(caller, Resource.MEASURE_RESPONSE, Action.CREATE)
    patient_id = draft.patient_id or limits.patient_id
    visible = patients_within(limits).where(Patient.id == patient_id)
    if patient_id is None or db_session.scalars(visible).one_or_none() is None:
        raise Invalid.at("/patient_id", _NO_PATIENT)
    return patient_id


def _language_of(measure: Measure, draft: ResponseDraft, asked_in: str) -> str:
    if draft.language is None:
        return asked_in if asked_in in measure.languages else measure.languages[0]
    if draft.language not in measure.languages:
        there_are = ", ".join(measure.languages)
        raise Invalid.at("/language", Sentence("The measure is published here in: {languages}.", languages=there_are))
    return draft.language


def _time_of(draft: ResponseDraft, now: datetime) -> datetime:
    answered_at = draft.answered_at or now
    if is_early(answered_at, now):
        raise Invalid.at("/answered_at", "This time has not come yet.")
    return answered_at


def _replaced(
    db_session: DbSession, caller: Principal, response_id: UUID, made: MeasureResponse, at: datetime
) -> MeasureResponse:
    """Mark the response that a new one corrects: it stays readable, and counts no more."""
    visible = measure_responses_within(reach(caller, Resource.MEASURE_RESPONSE, Action.READ))
    same = (MeasureResponse.patient_id == made.patient_id, MeasureResponse.measure == made.measure)
    wanted = visible.where(MeasureResponse.id == response_id, MeasureResponse.status == "final", *same)
    found = db_session.scalars(wanted.with_for_update(of=MeasureResponse)).one_or_none()
    if found is None:
        raise Invalid.at("/replaces", "There is no such response of this patient to this measure that holds.")
    _require_author(caller, found)
    found.status = "entered_in_error"
    withdraw_answers(db_session, found, at)
    return found


def _require_author(caller: Principal, response: MeasureResponse) -> None:
    if response.author_id != caller.user_id:
        raise NotAllowed("Only who sent the response corrects it or takes it back.")
