"""Patient: a person in care."""

from collections.abc import Sequence
from typing import Any

from integration_api.access.policy import Resource
from integration_api.fhir.codes import US_CORE
from integration_api.fhir.elements import Json, day, identifier, meta, own_identifier, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_code, by_day, by_identifier, by_text
from integration_api.fhir.sources import Link, ResourceType, Rows
from models import GENDERS, Patient
from models.facing import facing_patients

PROFILE = f"{US_CORE}/us-core-patient"


def _prepare(known: Known, rows: Sequence[Patient]) -> None:
    known.find_identifiers("patient", [row.id for row in rows])


def make(row: Patient, known: Known) -> Json:
    """Write a patient. The name is in parts, and the gender told, only where a record system has told us."""
    is_us_core = row.gender is not None and (row.family is not None or row.given is not None)
    name = present(use="official", text=row.name, family=row.family, given=row.given.split() if row.given else None)
    return present(
        resourceType="Patient",
        id=str(row.id),
        meta=meta(row.version, row.updated_at, profiles=[PROFILE] if is_us_core else []),
        identifier=[
            own_identifier(row.id),
            *(identifier(each.system, each.value) for each in known.identifiers(row.id)),
        ],
        active=True,  # the record is in use, also while the person's account is switched off
        name=[name],
        gender=row.gender,
        birthDate=day(row.birth_date),
        managingOrganization=reference("Organization", row.organization_id),
    )


_PARAMETERS: dict[str, Any] = {
    "identifier": by_identifier(Patient.id, "patient"),
    "name": by_text(Patient.name),
    "family": by_text(Patient.family),
    "given": by_text(Patient.given),
    "birthdate": by_day(Patient.birth_date),
    "gender": by_code(Patient.gender, "http://hl7.org/fhir/administrative-gender", {each: each for each in GENDERS}),
}

TYPE = ResourceType(
    name="Patient",
    resource=Resource.PATIENT,
    sources=(
        Rows(
            within=facing_patients,
            id=Patient.id,
            updated=Patient.updated_at,
            make=make,
            parameters=_PARAMETERS,
            prepare=_prepare,
        ),
    ),
    parameters={
        "identifier": "token",
        "name": "string",
        "family": "string",
        "given": "string",
        "birthdate": "date",
        "gender": "token",
    },
    references={"organization": Link("managingOrganization", ("Organization",))},
    summary=("identifier", "active", "name", "gender", "birthDate", "managingOrganization"),
    profiles=(PROFILE,),
    is_written=True,
    is_about="a person in care",
)
