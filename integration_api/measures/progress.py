"""A patient's measures over time: every measure at a glance, or one with its whole series."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.dosings import held_dosings
from integration_api.measures.catalogue import SafetyItem
from integration_api.measures.scoring import safety_of
from integration_api.measures.trends import Trend, trend_of
from integration_api.measures.use_cases import measure_named, responses_of, score_of
from integration_api.people.use_cases import patient_within
from models import Between, MeasureResponse, Page, PageRequest, Reach, page_of_list
from nlp.relations import Dosing


@dataclass(frozen=True, slots=True)
class GraveAnswer:
    """An answer that somebody must see soon, and the response that it stands in."""

    response: MeasureResponse
    told: SafetyItem
    answer: int


def list_trends(db_session: DbSession, caller: Principal, patient_id: UUID, page: PageRequest) -> Page[Trend]:
    """List the measures that a patient has answered, by name, each with how it changes; raise `NotFound`."""
    limits = reach(caller, Resource.MEASURE_RESPONSE, Action.SEARCH)
    patient_within(db_session, limits, patient_id)
    return page_of_list(trends_of(db_session, limits, patient_id), lambda each: (each.measure.name,), page)


def read_trend(db_session: DbSession, caller: Principal, patient_id: UUID, name: str) -> Trend:
    """Read how one measure changes; empty where it was never answered; raise `NotFound`."""
    limits = reach(caller, Resource.MEASURE_RESPONSE, Action.READ)
    patient_within(db_session, limits, patient_id)
    measure = measure_named(name)
    found = (each for each in trends_of(db_session, limits, patient_id) if each.measure is measure)
    return next(found, trend_of(patient_id, measure, (), ()))


def trends_of(db_session: DbSession, limits: Reach, patient_id: UUID, between: Between | None = None) -> list[Trend]:
    """Put together how each measure changes that a patient has answered, as far as `limits` reach."""
    return trends_in(db_session, limits, patient_id, responses_of(db_session, limits, patient_id, between))


def trends_in(
    db_session: DbSession, limits: Reach, patient_id: UUID, responses: Sequence[MeasureResponse]
) -> list[Trend]:
    """Do so of responses that were read already."""
    grouped: dict[str, list[MeasureResponse]] = {}
    for response in responses:
        grouped.setdefault(response.measure, []).append(response)
    dosings = held_dosings(db_session, limits, patient_id) if grouped else []
    return [_trend(patient_id, name, grouped[name], dosings) for name in sorted(grouped)]


def grave_answers(responses: Sequence[MeasureResponse]) -> list[GraveAnswer]:
    """Find the answers that somebody must see soon, in the order of the responses."""
    return [
        GraveAnswer(response, told, answer)
        for response in responses
        for told, answer in safety_of(measure_named(response.measure), response.answers)
    ]


def _trend(patient_id: UUID, name: str, responses: Sequence[MeasureResponse], dosings: Sequence[Dosing]) -> Trend:
    given = [(each.id, each.answered_at, score_of(each)) for each in responses]
    return trend_of(patient_id, measure_named(name), given, dosings)
