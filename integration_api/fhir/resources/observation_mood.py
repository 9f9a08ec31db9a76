"""Observations of mood: how the writer of a shared entry felt, in the writer's own figures."""

from typing import Any

from sqlalchemy import Select, or_

from integration_api.fhir.codes import MENTAL_HEALTH, PATIENT_ASSERTED, RESTRICTED, SURVEY
from integration_api.fhir.elements import Json, coding, concept, meta, moment, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_code, by_reference, by_time, of_patient
from integration_api.fhir.resources.observation_vitals import FINAL
from integration_api.fhir.sources import Rows
from models import Document, Reach
from models.facing import facing_documents

KIND_SYSTEM, MOOD, THEME_MENTION = "observation-kind", "mood", "theme-mention"
SCALE_SYSTEM = "mood-scale"
SCALES = {
    "valence": "Pleasantness, from -5 (very unpleasant) to 5 (very pleasant)",
    "arousal": "Activation, from -5 (very calm) to 5 (very stirred)",
}
SUFFIX = "-mood"


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
            "code": by_code(Document.source, "", {MOOD: "journal"}),
            "status": always(FINAL),
            "encounter": by_reference(Document.session_id, "Encounter"),
            "derived-from": by_reference(Document.id, "DocumentReference"),
        },
    ),
)
