"""Observations of themes: one for each mention that a clinician has confirmed, with where it stands in the document.

An Observation and never a Condition: a theme is no diagnosis. The words themselves are not in it, so that they stay
under their document's own rules; `offset` and `length` count Unicode code points of the document's stored version.
What is hypothetical or somebody else's is not told (`models/facing.py`).
"""

from integration_api.fhir.codes import (
    ABSENT,
    AI_ASSERTED,
    CLINICIAN_ASSERTED,
    CURRENT,
    DERIVATION,
    KNOWN_ABSENT,
    KNOWN_PRESENT,
    MENTAL_HEALTH,
    PAST,
    RESTRICTED,
    SUBJECT_CONTEXT,
    SUBJECT_OF_RECORD,
    TEMPORAL_CONTEXT,
    THERAPY,
    US_CORE,
)
from integration_api.fhir.elements import Json, coding, concept, meta, moment, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_code, by_reference, by_time, of_patient, own
from integration_api.fhir.resources.device import device_id
from integration_api.fhir.resources.observation_mood import KIND_SYSTEM, THEME_MENTION
from integration_api.fhir.resources.observation_vitals import FINAL
from integration_api.fhir.sources import Rows
from models import Document, Mention
from models.facing import facing_mistakes, facing_themes

MISTAKEN = coding("http://hl7.org/fhir/observation-status", "entered-in-error")
THEME_SYSTEM = "integration-theme"
PROFILE = f"{US_CORE}/us-core-simple-observation"
_PATH = "DocumentReference.content[0].attachment.data"


def theme(name: str, known: Known) -> Json:
    """Write a theme, by the code system that we publish."""
    found = known.themes.get(name)
    label = found.label if found else name
    return concept(coding(known.system(THEME_SYSTEM), name, label), text=label)


def version_of(row: Mention) -> int:
    """Count a mention's versions: each review makes one, and each change of its document, which it tells of too."""
    return row.document.revision + len(row.reviews)


def is_by_machine(row: Mention) -> bool:
    """Tell whether the pipeline found it; a clinician's correction is the clinician's own finding."""
    return row.source != "clinician"


def make(row: Mention, known: Known) -> Json:
    """Write a confirmed theme."""
    reviewer = known.practitioners.get(row.reviews[-1].reviewer_id) if row.reviews else None
    document = row.document
    by_machine = is_by_machine(row) and document.pipeline_version is not None
    return present(
        resourceType="Observation",
        id=str(row.id),
        meta=meta(
            version_of(row),
            row.updated_at,
            profiles=[PROFILE],
            security=[AI_ASSERTED if is_by_machine(row) else CLINICIAN_ASSERTED, RESTRICTED, MENTAL_HEALTH],
        ),
        extension=[_place(row)],
        status="final",
        category=[
            concept(THERAPY),
            concept(coding(known.system(KIND_SYSTEM), THEME_MENTION, "Theme mention")),
        ],
        code=theme(row.theme, known),
        subject=reference("Patient", row.patient_id),
        encounter=reference("Encounter", document.session_id),
        effectiveDateTime=moment(document.written_at),
        performer=[reference("Practitioner", reviewer)] if reviewer else None,
        valueCodeableConcept=concept(KNOWN_ABSENT if row.assertion == "negated" else KNOWN_PRESENT),
        method={"text": f"Pipeline {document.pipeline_version}, confirmed by a clinician"} if by_machine else None,
        device=reference("Device", device_id(document.pipeline_version)) if by_machine else None,
        derivedFrom=[reference("DocumentReference", document.id)],
        component=[
            _part(TEMPORAL_CONTEXT, PAST if row.assertion == "historical" else CURRENT),
            _part(SUBJECT_CONTEXT, SUBJECT_OF_RECORD),
        ],
    )


def make_mistake(row: Mention, known: Known) -> Json:
    """Write that what was told as confirmed was a mistake: which, and nothing of what it said."""
    kind = concept(coding(known.system(KIND_SYSTEM), THEME_MENTION, "Theme mention"))
    return present(
        resourceType="Observation",
        id=str(row.id),
        meta=meta(version_of(row), row.updated_at, profiles=[PROFILE], security=[RESTRICTED, MENTAL_HEALTH]),
        status=MISTAKEN["code"],
        category=[concept(THERAPY), kind],
        code=kind,
        subject=reference("Patient", row.patient_id),
        dataAbsentReason=concept(coding(ABSENT, "error", "Error")),
    )


def _place(row: Mention) -> Json:
    return {
        "url": DERIVATION,
        "extension": [
            {"url": "reference", "valueReference": reference("DocumentReference", row.document_id)},
            {"url": "path", "valueString": _PATH},
            {"url": "offset", "valueInteger": row.start},
            {"url": "length", "valueInteger": row.end - row.start},
        ],
    }


def _part(code: Json, value: Json) -> Json:
    return {"code": concept(code), "valueCodeableConcept": concept(value)}


# A standard category, which every client asks by, and ours.
_BY_CATEGORY = always(THERAPY, coding(own(KIND_SYSTEM), THEME_MENTION))

MISTAKES = (
    Rows(
        within=facing_mistakes,
        id=Mention.id,
        updated=Mention.updated_at,
        at=Document.written_at,
        make=make_mistake,
        parameters={  # none that would tell what it said, or where
            **of_patient(Mention.patient_id),
            "category": _BY_CATEGORY,
            "status": always(MISTAKEN),
        },
    ),
)
SOURCES = (
    Rows(
        within=facing_themes,
        id=Mention.id,
        updated=Mention.updated_at,
        at=Document.written_at,
        make=make,
        parameters={
            **of_patient(Mention.patient_id),
            "date": by_time(Document.written_at),
            "category": _BY_CATEGORY,
            "code": by_code(Mention.theme, own(THEME_SYSTEM)),
            "status": always(FINAL),
            "encounter": by_reference(Document.session_id, "Encounter"),
            "derived-from": by_reference(Mention.document_id, "DocumentReference"),
        },
    ),
)
