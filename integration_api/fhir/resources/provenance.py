"""Provenance: who wrote a document, and which version of the pipeline found a theme in which version of it."""

from typing import Any

from sqlalchemy import Select, func, select

from integration_api.access.policy import Resource
from integration_api.fhir.codes import AI_ASSERTED, AUTHOR, MENTAL_HEALTH, RESTRICTED, US_CORE, VERIFIER
from integration_api.fhir.elements import Json, concept, meta, moment, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_reference, by_time, of_patient
from integration_api.fhir.resources.device import device_id
from integration_api.fhir.resources.document_reference import author_of
from integration_api.fhir.resources.observation_themes import is_by_machine, version_of
from integration_api.fhir.sources import Link, ResourceType, Rows
from models import Document, Mention, MentionReview, Reach
from models.facing import facing_documents, facing_themes

PROFILE = f"{US_CORE}/us-core-provenance"
SUFFIX = "-author"


def found_within(reach: Reach) -> Select[Any]:
    """Confirmed themes that the pipeline found."""
    return facing_themes(reach).where(Mention.source != "clinician", Document.pipeline_version.is_not(None))


def make(row: Mention, known: Known) -> Json:
    """Write how a theme was found, and who has confirmed it."""
    document = row.document
    agents = [_agent(AUTHOR, reference("Device", device_id(document.pipeline_version)), known)]
    reviewer = known.practitioners.get(row.reviews[-1].reviewer_id) if row.reviews else None
    agents += [_agent(VERIFIER, reference("Practitioner", reviewer), known)] if reviewer else []
    source = reference("DocumentReference", document.id, document.version)
    return present(
        resourceType="Provenance",
        id=str(row.id),
        meta=meta(version_of(row), row.updated_at, profiles=[PROFILE], security=[RESTRICTED, MENTAL_HEALTH]),
        target=[reference("Observation", row.id)],
        recorded=moment(row.reviews[-1].at if row.reviews else row.updated_at),
        reason=[concept(AI_ASSERTED)] if is_by_machine(row) else None,
        agent=agents,
        entity=[{"role": "source", "what": source}],
    )


def _agent(kind: Json, who: Json | None, known: Known) -> Json:
    on_behalf = reference("Organization", known.organization_id)
    return present(
        type=concept(kind), who=who, onBehalfOf=on_behalf if kind is VERIFIER or _is_not_patient(who) else None
    )


def _is_not_patient(who: Json | None) -> bool:
    return who is not None and not who["reference"].startswith("Patient/")


def make_author(row: Document, known: Known) -> Json:
    """Write who wrote a document."""
    who = author_of(row, known) or reference("Organization", row.organization_id)
    return present(
        resourceType="Provenance",
        id=f"{row.id}{SUFFIX}",
        meta=meta(row.version, row.updated_at, profiles=[PROFILE]),
        target=[reference("DocumentReference", row.id, row.version)],
        recorded=moment(row.updated_at),
        agent=[_agent(AUTHOR, who, known)],
    )


_REVIEWED_AT = (
    select(func.max(MentionReview.at))
    .where(MentionReview.mention_id == Mention.id)
    .correlate(Mention)
    .scalar_subquery()
)
TYPE = ResourceType(
    name="Provenance",
    resource=Resource.PROVENANCE,
    sources=(
        Rows(
            within=found_within,
            id=Mention.id,
            updated=Mention.updated_at,
            make=make,
            parameters={
                "patient": of_patient(Mention.patient_id)["patient"],
                "target": by_reference(Mention.id, "Observation"),
                "recorded": by_time(func.coalesce(_REVIEWED_AT, Mention.updated_at)),
            },
        ),
        Rows(
            within=facing_documents,
            id=Document.id,
            updated=Document.updated_at,
            make=make_author,
            suffix=SUFFIX,
            parameters={
                "patient": of_patient(Document.patient_id)["patient"],
                "target": by_reference(Document.id, "DocumentReference"),
                "recorded": by_time(Document.updated_at),
            },
        ),
    ),
    parameters={"patient": "reference", "target": "reference", "recorded": "date"},
    references={
        "target": Link("target", ("Observation", "DocumentReference")),
        "agent": Link("agent.who", ("Device", "Practitioner", "Patient")),
        "entity": Link("entity.what", ("DocumentReference",)),
    },
    summary=("target", "recorded"),
    mandatory=("target", "recorded", "agent"),
    profiles=(PROFILE,),
    is_about="who wrote a document; which version of the pipeline found a theme in it",
)
