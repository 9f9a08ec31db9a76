"""Questionnaire: a published measure, its words the authors' own."""

from collections.abc import Sequence

from integration_api.access.policy import Resource
from integration_api.fhir.codes import LOINC
from integration_api.fhir.elements import Json, coding, present
from integration_api.fhir.known import Known
from integration_api.fhir.resources.listed import versioned
from integration_api.fhir.sources import Listed, ResourceType
from integration_api.measures.catalogue import Measure, measures
from models import Reach

GATE = "gate"
_LANGUAGE = "en"
_COUNTS = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def questionnaire_id(measure: str) -> str:
    """Turn a measure's name into an id as FHIR has them."""
    return measure.replace("_", "-")


def answer(measure: Measure, value: int) -> Json:
    """Write one answer: its words, and what it counts."""
    words = next(each.text[_LANGUAGE] for each in measure.options if each.value == value)
    return {"extension": [{"url": _COUNTS, "valueDecimal": value}], "code": str(value), "display": words}


def _questionnaires(known: Known, _limits: Reach) -> Sequence[Json]:
    return [_questionnaire(each, known) for each in measures().values()]


def _questionnaire(measure: Measure, known: Known) -> Json:
    name = questionnaire_id(measure.name)
    options = [{"valueCoding": answer(measure, each.value)} for each in measure.options]
    gate = [{"linkId": GATE, "text": measure.gate.text[_LANGUAGE], "type": "boolean"}] if measure.gate else []
    items = [
        present(
            linkId=each.number,
            code=[coding(LOINC, each.loinc)] if each.loinc else None,
            text=each.text[_LANGUAGE],
            type="choice",
            answerOption=options,
        )
        for each in measure.items
    ]
    return versioned(
        present(
            resourceType="Questionnaire",
            id=name,
            url=f"{known.base}/Questionnaire/{name}",
            version=measure.version,
            name="".join(part.capitalize() for part in measure.name.split("_")),
            title=measure.title[_LANGUAGE],
            status="active",
            subjectType=["Patient"],
            copyright=f"{measure.licence} {measure.notice}",
            code=[coding(LOINC, measure.loinc["panel"])] if measure.loinc else None,
            item=[*gate, *items],
        )
    )


TYPE = ResourceType(
    name="Questionnaire",
    resource=Resource.QUESTIONNAIRE,
    sources=(
        Listed(
            make=_questionnaires,
            parameters={"url": lambda found: [found["url"]], "name": lambda found: [found["name"]]},
        ),
    ),
    parameters={"url": "uri", "name": "string"},
    summary=("url", "version", "name", "title", "status", "subjectType", "code"),
    mandatory=("status",),
    is_about="a published measure",
)
