"""MedicationAdministration: the ketamine that was given in a dosing session, by which route, how much."""

from typing import Any

from sqlalchemy import Select, or_

from integration_api.access.policy import Resource
from integration_api.fhir.codes import KETAMINE, ROUTES
from integration_api.fhir.elements import Json, concept, meta, moment, present, quantity, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_code, by_reference, by_time, of_patient
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import Reach, Session, sessions_within

STATUSES = {"in_progress": "in-progress", "completed": "completed"}
_STATUS_SYSTEM = "http://terminology.hl7.org/CodeSystem/medication-admin-status"


def given_within(reach: Reach) -> Select[Any]:
    """Dosing sessions that have begun and of which a dose or a route is known."""
    is_known = or_(Session.dose_mg.is_not(None), Session.route.is_not(None))
    return sessions_within(reach).where(Session.kind == "dosing", Session.status.in_(STATUSES), is_known)


def make(row: Session, _known: Known) -> Json:
    """Write what was given. FHIR has a dosage with a dose only; the time is the session's, since no other is kept."""
    dose = quantity(row.dose_mg, "mg")
    route = concept(ROUTES[row.route], text=row.route) if row.route else None
    return present(
        resourceType="MedicationAdministration",
        id=str(row.id),
        meta=meta(row.version, row.updated_at),
        status=STATUSES[row.status],
        medicationCodeableConcept=concept(KETAMINE, text="ketamine"),
        subject=reference("Patient", row.patient_id),
        context=reference("Encounter", row.id),
        effectiveDateTime=moment(row.starts_at),
        dosage=present(route=route, dose=dose) if dose else None,
        note=[{"text": f"Route: {row.route}; the dose was not recorded."}] if not dose else None,
    )


TYPE = ResourceType(
    name="MedicationAdministration",
    resource=Resource.MEDICATION_ADMINISTRATION,
    sources=(
        Rows(
            within=given_within,
            id=Session.id,
            updated=Session.updated_at,
            at=Session.starts_at,
            make=make,
            parameters={
                **of_patient(Session.patient_id),
                "effective-time": by_time(Session.starts_at),
                "status": by_code(Session.status, _STATUS_SYSTEM, {theirs: ours for ours, theirs in STATUSES.items()}),
                "code": always(KETAMINE),
                "context": by_reference(Session.id, "Encounter"),
            },
        ),
    ),
    parameters={
        "patient": "reference",
        "subject": "reference",
        "effective-time": "date",
        "status": "token",
        "code": "token",
        "context": "reference",
    },
    references={"patient": SUBJECT, "subject": SUBJECT, "context": Link("context", ("Encounter",))},
    summary=("status", "medication", "subject", "effective"),
    mandatory=("status", "medication", "subject", "effective"),
    is_about="the ketamine given in a dosing session",
)
