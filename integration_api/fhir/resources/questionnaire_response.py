"""QuestionnaireResponse: what was answered to a measure, item by item; and the Observation of its total."""

from sqlalchemy import ColumnElement

from integration_api.access.policy import Resource
from integration_api.fhir.codes import ABSENT, LOINC, MENTAL_HEALTH, PATIENT_ASSERTED, RESTRICTED, SURVEY
from integration_api.fhir.elements import Json, coding, concept, meta, moment, own_identifier, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import Condition, always, by_code, by_reference, by_time, of_patient
from integration_api.fhir.resources.observation_vitals import FINAL
from integration_api.fhir.resources.questionnaire import GATE, answer, questionnaire_id
from integration_api.fhir.search import Asked
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from integration_api.measures.catalogue import measures
from integration_api.measures.scoring import score
from models import MeasureResponse
from models.facing import facing_responses

SUFFIX = "-score"
STATUS = {"system": "http://hl7.org/fhir/questionnaire-answers-status", "code": "completed"}
_SCORES = {each.loinc["score"]: each.name for each in measures().values() if each.loinc}


def _author(row: MeasureResponse, known: Known) -> Json | None:
    return reference("Practitioner", known.practitioners.get(row.author_id)) or reference("Patient", row.patient_id)


def make(row: MeasureResponse, known: Known) -> Json:
    """Write what was answered; an item without an answer is left out."""
    measure = measures()[row.measure]
    answered = zip(measure.items, row.answers, strict=True) if row.answers else ()  # they may be a gap
    gate = [] if row.gate is None else [{"linkId": GATE, "answer": [{"valueBoolean": bool(row.gate)}]}]
    items = [
        {"linkId": item.number, "answer": [{"valueCoding": answer(measure, value)}]}
        for item, value in answered
        if value is not None
    ]
    return present(
        resourceType="QuestionnaireResponse",
        id=str(row.id),
        meta=meta(row.version, row.updated_at, security=[RESTRICTED, MENTAL_HEALTH]),
        identifier=own_identifier(row.id),
        questionnaire=f"{known.base}/Questionnaire/{questionnaire_id(row.measure)}|{row.measure_version}",
        status=STATUS["code"],
        subject=reference("Patient", row.patient_id),
        authored=moment(row.answered_at),
        author=_author(row, known),
        source=_author(row, known),
        item=[*gate, *items],
    )


def make_score(row: MeasureResponse, known: Known) -> Json:
    """Write a total, without what it may mean. Where an answer is missing there is none."""
    measure = measures()[row.measure]
    total = score(measure, row.answers, row.gate).total
    codes = [coding(LOINC, measure.loinc["score"])] if measure.loinc else []
    by_patient = row.author_id not in known.practitioners
    return present(
        resourceType="Observation",
        id=f"{row.id}{SUFFIX}",
        meta=meta(
            row.version,
            row.updated_at,
            security=[*([PATIENT_ASSERTED] if by_patient else []), RESTRICTED, MENTAL_HEALTH],
        ),
        status="final",
        category=[concept(SURVEY)],
        code=concept(*codes, text=f"{measure.title['en']}, total score"),
        subject=reference("Patient", row.patient_id),
        effectiveDateTime=moment(row.answered_at),
        performer=[_author(row, known)],
        valueQuantity=None if total is None else {**_POINTS, "value": total},
        dataAbsentReason=concept(coding(ABSENT, "unknown", "Unknown")) if total is None else None,
        derivedFrom=[reference("QuestionnaireResponse", row.id)],
    )


_POINTS = {"unit": "points", "system": "http://unitsofmeasure.org", "code": "{score}"}


def _by_questionnaire() -> Condition:
    """Compare the measure: by its Questionnaire's address, id or name."""
    by_name = by_code(MeasureResponse.measure, "", {questionnaire_id(name): name for name in measures()})

    def condition(asked: Asked) -> ColumnElement[bool]:
        ids = tuple(each.rpartition("/")[2].partition("|")[0] for each in asked.values)
        return by_name(Asked(asked.name, ids, asked.modifier, asked.chain))

    return condition


_COMMON = {**of_patient(MeasureResponse.patient_id)}
SCORES = (
    Rows(
        within=facing_responses,
        id=MeasureResponse.id,
        updated=MeasureResponse.updated_at,
        at=MeasureResponse.answered_at,
        make=make_score,
        suffix=SUFFIX,
        parameters={
            **_COMMON,
            "date": by_time(MeasureResponse.answered_at),
            "category": always(SURVEY),
            "code": by_code(MeasureResponse.measure, LOINC, _SCORES),
            "status": always(FINAL),
            "derived-from": by_reference(MeasureResponse.id, "QuestionnaireResponse"),
        },
    ),
)
TYPE = ResourceType(
    name="QuestionnaireResponse",
    resource=Resource.QUESTIONNAIRE_RESPONSE,
    sources=(
        Rows(
            within=facing_responses,
            id=MeasureResponse.id,
            updated=MeasureResponse.updated_at,
            at=MeasureResponse.answered_at,
            make=make,
            parameters={
                **_COMMON,
                "authored": by_time(MeasureResponse.answered_at),
                "questionnaire": _by_questionnaire(),
                "status": always(STATUS),
            },
        ),
    ),
    parameters={
        "patient": "reference",
        "subject": "reference",
        "authored": "date",
        "questionnaire": "uri",
        "status": "token",
    },
    references={"patient": SUBJECT, "subject": SUBJECT, "author": Link("author", ("Patient", "Practitioner"))},
    chains=("patient.identifier", "subject.identifier"),
    summary=("identifier", "questionnaire", "status", "subject", "authored", "author", "source"),
    mandatory=("status",),
    is_about="what was answered to a measure",
)
