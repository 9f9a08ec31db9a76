"""DocumentReference: journal entries that their writers share, and clinicians' progress notes, with their words."""

import base64

from integration_api.access.policy import Resource
from integration_api.fhir.codes import (
    CLINICAL_NOTE,
    MENTAL_HEALTH,
    PATIENT_ASSERTED,
    PATIENT_NOTE,
    PROGRESS_NOTE,
    RESTRICTED,
    US_CORE,
)
from integration_api.fhir.elements import (
    Json,
    concept,
    meta,
    moment,
    own_identifier,
    period,
    present,
    reference,
    words_or_why_not,
)
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_code, by_identifier, by_reference, by_time, of_patient
from integration_api.fhir.resources.document_history import Former, former_versions
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import Document
from models.facing import facing_documents

PROFILE = f"{US_CORE}/us-core-documentreference"
STATUS = {"system": "http://hl7.org/fhir/document-reference-status", "code": "current"}
TYPES = {"journal": PATIENT_NOTE, "note": PROGRESS_NOTE}
_TITLES = {"journal": "Journal entry", "note": "Progress note"}


Written = Document | Former


def author_of(row: Written, known: Known) -> Json | None:
    """Say who wrote a document: of an entry the patient, of a note its clinician."""
    if row.source == "journal":
        return reference("Patient", row.patient_id)
    return reference("Practitioner", known.practitioners.get(row.author_id))


def make(row: Written, known: Known) -> Json:
    """Write a document with its words, as plain text."""
    author, encounter = author_of(row, known), reference("Encounter", row.session_id)
    said_by = [PATIENT_ASSERTED] if row.source == "journal" else []
    written = moment(row.written_at)
    return present(
        resourceType="DocumentReference",
        id=str(row.id),
        meta=meta(row.version, row.updated_at, profiles=[PROFILE], security=[*said_by, RESTRICTED, MENTAL_HEALTH]),
        identifier=[own_identifier(row.id)],
        status=STATUS["code"],
        docStatus="final" if row.version == 1 else "amended",
        type=concept(TYPES[row.source], text=_TITLES[row.source]),
        category=[concept(CLINICAL_NOTE)],
        subject=reference("Patient", row.patient_id),
        date=written,
        author=[author] if author else None,
        custodian=reference("Organization", row.organization_id),
        content=[{"attachment": _attachment(row, written)}],
        context=present(encounter=[encounter] if encounter else None, period=period(written, written)),
    )


def _attachment(row: Written, written: str | None) -> Json:
    data = base64.b64encode(row.text.encode("utf-8", "replace")).decode()
    return present(
        contentType="text/plain; charset=utf-8",
        language=row.language,
        data=data,
        _data=words_or_why_not(data),
        title=_TITLES[row.source],
        creation=written,
    )


TYPE = ResourceType(
    name="DocumentReference",
    resource=Resource.DOCUMENT_REFERENCE,
    sources=(
        Rows(
            within=facing_documents,
            id=Document.id,
            updated=Document.updated_at,
            at=Document.written_at,
            make=make,
            parameters={
                **of_patient(Document.patient_id),
                "identifier": by_identifier(Document.id, "none"),
                "date": by_time(Document.written_at),
                "period": by_time(Document.written_at),
                "category": always(CLINICAL_NOTE),
                "type": by_code(
                    Document.source, PATIENT_NOTE["system"], {each["code"]: ours for ours, each in TYPES.items()}
                ),
                "status": always(STATUS),
                "encounter": by_reference(Document.session_id, "Encounter"),
            },
        ),
    ),
    parameters={
        "patient": "reference",
        "subject": "reference",
        "identifier": "token",
        "date": "date",
        "period": "date",
        "category": "token",
        "type": "token",
        "status": "token",
        "encounter": "reference",
    },
    references={
        "patient": SUBJECT,
        "subject": SUBJECT,
        "author": Link("author", ("Patient", "Practitioner")),
        "encounter": Link("context.encounter", ("Encounter",)),
    },
    chains=("patient.identifier", "subject.identifier"),
    summary=(
        *("identifier", "status", "docStatus", "type", "category", "subject", "date", "author"),
        *("content", "context"),
    ),
    mandatory=("status", "content"),
    profiles=(PROFILE,),
    earlier=lambda known, limits, row: [make(each, known) for each in former_versions(known, limits, row)],
    is_about="shared journal entries and progress notes",
)
