"""Observations of mood: how the writer of a shared entry felt, in the writer's own figures."""

from typing import Any

from sqlalchemy import Select, or_

from integration_api.fhir.codes import MENTAL_HEALTH, PATIENT_ASSERTED, RESTRICTED, SURVEY
from integration_api.fhir.elements import Json, coding, concept, meta, moment, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_reference, by_time, of_patient, own
from integration_api.fhir.resources.observation_vitals import FINAL
from integration_api.fhir.sources import Rows
from models import Document, MoodCheckIn, Reach
from models.facing import facing_documents, facing_mood_check_ins

KIND_SYSTEM, MOOD, THEME_MENTION = "observation-kind", "mood", "theme-mention"
SCALE_SYSTEM = "mood-scale"
SCALES = {
    "valence": "Pleasantness, from -5 (very unpleasant) to 5 (very pleasant)",
    "arousal": "Activation, from -5 (very calm) to 5 (very stirred)",
}
SUFFIX, CHECK_IN_SUFFIX = "-mood", "-check-in"


def moods_within(reach: Reach) -> Select[Any]:
    """Shared entries with a mood."""
    has_mood = or_(Document.valence.is_not(None), Document.arousal.is_not(None))
    return facing_documents(reach).where(Document.source == "journal", has_mood)


def make(row: Document, known: Known) -> Json:
    """Write a mood."""
    values = {"valence": row.valence, "arousal": row.arousal}
    return present(
        resourceType="Observation",
        id=f"{row.id}{SUFFIX}",
        meta=meta(row.version, row.updated_at, security=[PATIENT_ASSERTED, RESTRICTED, MENTAL_HEALTH]),
        status="final",
        category=[concept(SURVEY)],
        code=concept(coding(known.system(KIND_SYSTEM), MOOD, "Mood"), text="Mood, as the patient gave it"),
        subject=reference("Patient", row.patient_id),
        encounter=reference("Encounter", row.session_id),
        effectiveDateTime=moment(row.written_at),
        performer=[reference("Patient", row.patient_id)],
        derivedFrom=[reference("DocumentReference", row.id)],
        component=[_part(name, value, known) for name, value in values.items() if value is not None],
    )


def _part(name: str, value: int, known: Known) -> Json:
    code = coding(known.system(SCALE_SYSTEM), name, name.capitalize())
    return {"code": concept(code, text=SCALES[name]), "valueInteger": value}


def make_check_in(row: MoodCheckIn, known: Known) -> Json:
    """Write a mood that was given without words."""
    return present(
        resourceType="Observation",
        id=f"{row.id}{CHECK_IN_SUFFIX}",
        meta=meta(1, row.updated_at, security=[PATIENT_ASSERTED, RESTRICTED, MENTAL_HEALTH]),
        status="final",
        category=[concept(SURVEY)],
        code=concept(coding(known.system(KIND_SYSTEM), MOOD, "Mood"), text="Mood, as the patient gave it"),
        subject=reference("Patient", row.patient_id),
        encounter=reference("Encounter", row.session_id),
        effectiveDateTime=moment(row.at),
        performer=[reference("Patient", row.patient_id)],
        component=[_part("valence", row.valence, known), _part("arousal", row.arousal, known)],
    )


_IS_MOOD = always(coding(own(KIND_SYSTEM), MOOD))

SOURCES = (
    Rows(
        within=moods_within,
        id=Document.id,
        updated=Document.updated_at,
        at=Document.written_at,
        make=make,
        suffix=SUFFIX,
        parameters={
            **of_patient(Document.patient_id),
            "date": by_time(Document.written_at),
            "category": always(SURVEY),
            "code": _IS_MOOD,
            "status": always(FINAL),
            "encounter": by_reference(Document.session_id, "Encounter"),
            "derived-from": by_reference(Document.id, "DocumentReference"),
        },
    ),
    Rows(
        within=facing_mood_check_ins,
        id=MoodCheckIn.id,
        updated=MoodCheckIn.updated_at,
        at=MoodCheckIn.at,
        make=make_check_in,
        suffix=CHECK_IN_SUFFIX,
        parameters={
            **of_patient(MoodCheckIn.patient_id),
            "date": by_time(MoodCheckIn.at),
            "category": always(SURVEY),
            "code": _IS_MOOD,
            "status": always(FINAL),
            "encounter": by_reference(MoodCheckIn.session_id, "Encounter"),
        },
    ),
)
