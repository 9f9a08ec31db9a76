"""Observation: vital signs, moods, scores, and themes that a clinician has confirmed. Whatever else joins here."""

from integration_api.access.policy import Resource
from integration_api.fhir.codes import US_CORE
from integration_api.fhir.resources import (
    observation_mood,
    observation_themes,
    observation_vitals,
    questionnaire_response,
)
from integration_api.fhir.sources import SUBJECT, Link, ResourceType

_VITALS = ("us-core-blood-pressure", "us-core-heart-rate", "us-core-pulse-oximetry")
# The order is part of the cursors that are under way: append, do not insert.
SOURCES = (
    *observation_vitals.SOURCES,
    *observation_mood.SOURCES,
    *observation_themes.SOURCES,
    *questionnaire_response.SCORES,
    *observation_themes.MISTAKES,
)

TYPE = ResourceType(
    name="Observation",
    resource=Resource.OBSERVATION,
    sources=SOURCES,
    parameters={
        "patient": "reference",
        "subject": "reference",
        "date": "date",
        "category": "token",
        "code": "token",
        "status": "token",
        "encounter": "reference",
        "derived-from": "reference",
    },
    references={
        "patient": SUBJECT,
        "subject": SUBJECT,
        "encounter": Link("encounter", ("Encounter",)),
        "derived-from": Link("derivedFrom", ("DocumentReference", "QuestionnaireResponse")),
        "device": Link("device", ("Device",)),
        "performer": Link("performer", ("Patient", "Practitioner")),
    },
    chains=("patient.identifier", "subject.identifier"),
    summary=(
        *("identifier", "status", "code", "subject", "encounter", "effective", "issued", "performer"),
        *("value", "hasMember", "derivedFrom", "component"),
    ),
    mandatory=("status", "code"),
    profiles=(*(f"{US_CORE}/{each}" for each in _VITALS), observation_themes.PROFILE),
    is_about="vital signs, moods, scores of measures, and themes that a clinician has confirmed",
)
