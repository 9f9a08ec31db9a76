"""Practitioner and PractitionerRole: a person who gives care, and as what."""

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, coding, concept, meta, own_identifier, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_identifier, by_reference, by_text
from integration_api.fhir.sources import Link, ResourceType, Rows
from models import Clinician, clinicians_within

ROLES = {"therapist": "Therapist", "physician": "Physician", "nurse": "Nurse"}
ROLE_SYSTEM = "clinician-role"


def role(name: str, known: Known) -> Json:
    """Write what somebody is to the clinic, in our own code."""
    return concept(coding(known.system(ROLE_SYSTEM), name, ROLES[name]), text=ROLES[name])


def make(row: Clinician, _known: Known) -> Json:
    """Write a clinician."""
    return present(
        resourceType="Practitioner",
        id=str(row.id),
        meta=meta(row.version, row.updated_at),
        identifier=[own_identifier(row.id)],
        active=row.is_active,
        name=[{"use": "official", "text": row.name}],
    )


def make_role(row: Clinician, known: Known) -> Json:
    """Write what a clinician does at the clinic."""
    return present(
        resourceType="PractitionerRole",
        id=str(row.id),
        meta=meta(row.version, row.updated_at),
        active=row.is_active,
        practitioner=reference("Practitioner", row.id),
        organization=reference("Organization", row.organization_id),
        code=[role(row.role, known)],
    )


PRACTITIONER = ResourceType(
    name="Practitioner",
    resource=Resource.PRACTITIONER,
    sources=(
        Rows(
            within=clinicians_within,
            id=Clinician.id,
            updated=Clinician.updated_at,
            make=make,
            parameters={"name": by_text(Clinician.name), "identifier": by_identifier(Clinician.id, "patient")},
        ),
    ),
    parameters={"name": "string", "identifier": "token"},
    summary=("identifier", "active", "name"),
    is_about="a clinician",
)
ROLE = ResourceType(
    name="PractitionerRole",
    resource=Resource.PRACTITIONER_ROLE,
    sources=(
        Rows(
            within=clinicians_within,
            id=Clinician.id,
            updated=Clinician.updated_at,
            make=make_role,
            parameters={"practitioner": by_reference(Clinician.id, "Practitioner")},
        ),
    ),
    parameters={"practitioner": "reference"},
    references={
        "practitioner": Link("practitioner", ("Practitioner",)),
        "organization": Link("organization", ("Organization",)),
    },
    summary=("active", "practitioner", "organization", "code"),
    is_about="what a clinician does at the clinic",
)
