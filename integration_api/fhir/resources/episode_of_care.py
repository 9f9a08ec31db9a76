"""EpisodeOfCare: a course of treatment. What it is for is free text, and stays with us."""

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, concept, day, meta, own_identifier, period, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_code, by_period, of_patient
from integration_api.fhir.sources import Link, ResourceType, Rows
from models import Course, courses_within

STATUSES = {"planned": "planned", "active": "active", "completed": "finished", "cancelled": "cancelled"}
KIND = "Course of ketamine-assisted psychotherapy"


def make(row: Course, _known: Known) -> Json:
    """Write a course."""
    return present(
        resourceType="EpisodeOfCare",
        id=str(row.id),
        meta=meta(row.version, row.updated_at),
        identifier=[own_identifier(row.id)],
        status=STATUSES[row.status],
        type=[concept(text=KIND)],
        patient=reference("Patient", row.patient_id),
        managingOrganization=reference("Organization", row.organization_id),
        period=period(day(row.started_on), day(row.ended_on)),
    )


TYPE = ResourceType(
    name="EpisodeOfCare",
    resource=Resource.EPISODE_OF_CARE,
    sources=(
        Rows(
            within=courses_within,
            id=Course.id,
            updated=Course.updated_at,
            make=make,
            parameters={
                "patient": of_patient(Course.patient_id)["patient"],
                "date": by_period(Course.started_on, Course.ended_on, are_days=True),
                "status": by_code(
                    Course.status,
                    "http://hl7.org/fhir/episode-of-care-status",
                    {theirs: ours for ours, theirs in STATUSES.items()},
                ),
            },
        ),
    ),
    parameters={"patient": "reference", "date": "date", "status": "token"},
    references={"patient": Link("patient", ("Patient",))},
    summary=("status", "type", "patient", "managingOrganization", "period"),
    mandatory=("status", "patient"),
    is_about="a course of treatment",
)
