"""Consent: each word of a patient's on what may be done with the record. The wording shown stays with us."""

from collections.abc import Sequence

from sqlalchemy import func, select

from integration_api.access.policy import Resource
from integration_api.fhir.codes import OPT_IN, OPT_OUT, PATIENT_CONSENT, PRIVACY
from integration_api.fhir.elements import Json, coding, concept, meta, moment, own_identifier, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_time, of_patient
from integration_api.fhir.sources import Link, ResourceType, Rows
from models import Consent
from models.facing import facing_consents

PURPOSE_SYSTEM = "consent-purpose"
PURPOSE_WORDS = {
    "care_team": "What is shared may be read by the care team",
    "ehr": "The record may be read by the clinic's EHR",
    "safety_signals": "Signs of danger may be told of private entries, intentions and commitments, too",
    "research_export": "Reviewed sentences may teach the tagger",
}


def _prepare(known: Known, rows: Sequence[Consent]) -> None:
    """Find out which words are the latest on their purpose."""
    of_patients = Consent.patient_id.in_({row.patient_id for row in rows})
    latest = select(Consent.patient_id, Consent.purpose, func.max(Consent.at)).where(of_patients)
    known.latest = {
        (patient_id, purpose): at
        for patient_id, purpose, at in known.db_session.execute(latest.group_by(Consent.patient_id, Consent.purpose))
    }


def make(row: Consent, known: Known) -> Json:
    """Write a word of consent; one that a later word has replaced is inactive."""
    is_latest = known.latest.get((row.patient_id, row.purpose)) == row.at
    purpose = coding(known.system(PURPOSE_SYSTEM), row.purpose, PURPOSE_WORDS[row.purpose])
    return present(
        resourceType="Consent",
        id=str(row.id),
        meta=meta(1 if is_latest else 2, row.updated_at),
        identifier=[own_identifier(row.id)],
        status="active" if is_latest else "inactive",
        scope=concept(PRIVACY),
        category=[concept(PATIENT_CONSENT), concept(purpose)],
        patient=reference("Patient", row.patient_id),
        dateTime=moment(row.at),
        performer=[reference("Patient", row.patient_id)],
        organization=[reference("Organization", row.organization_id)],
        policyRule=concept(OPT_IN if row.is_granted else OPT_OUT),
        provision={"type": "permit" if row.is_granted else "deny"},
    )


TYPE = ResourceType(
    name="Consent",
    resource=Resource.CONSENT,
    sources=(
        Rows(
            within=facing_consents,
            id=Consent.id,
            updated=Consent.updated_at,
            at=Consent.at,
            make=make,
            prepare=_prepare,
            parameters={
                "patient": of_patient(Consent.patient_id)["patient"],
                "date": by_time(Consent.at),
                "category": always(PATIENT_CONSENT),
            },
        ),
    ),
    parameters={"patient": "reference", "date": "date", "category": "token"},
    references={"patient": Link("patient", ("Patient",))},
    summary=(
        *("identifier", "status", "scope", "category", "patient", "dateTime", "performer", "organization"),
        *("policyRule", "provision"),
    ),
    mandatory=("status", "scope", "category", "policyRule"),
    is_about="a patient's yes or no to a purpose",
)
