"""Goal: an intention that its patient shares."""

from integration_api.access.policy import Resource
from integration_api.fhir.codes import US_CORE
from integration_api.fhir.elements import Json, day, meta, own_identifier, present, reference, words_or_why_not
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import always, by_time, of_patient
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import Intention
from models.facing import facing_goals

PROFILE = f"{US_CORE}/us-core-goal"
STATUS = {"system": "http://hl7.org/fhir/goal-status", "code": "active"}


def make(row: Intention, known: Known) -> Json:
    """Write an intention, in the words of whoever set it."""
    clinician = known.practitioners.get(row.author_id)
    return present(
        resourceType="Goal",
        id=str(row.id),
        meta=meta(row.version, row.updated_at, profiles=[PROFILE]),
        identifier=[own_identifier(row.id)],
        lifecycleStatus=STATUS["code"],
        description=words_or_why_not(row.text, text=row.text),
        subject=reference("Patient", row.patient_id),
        startDate=day(row.created_at.date()),
        expressedBy=reference("Practitioner", clinician) or reference("Patient", row.patient_id),
    )


TYPE = ResourceType(
    name="Goal",
    resource=Resource.GOAL,
    sources=(
        Rows(
            within=facing_goals,
            id=Intention.id,
            updated=Intention.updated_at,
            at=Intention.created_at,
            make=make,
            parameters={
                **of_patient(Intention.patient_id),
                "start-date": by_time(Intention.created_at),
                "lifecycle-status": always(STATUS),
            },
        ),
    ),
    parameters={
        "patient": "reference",
        "subject": "reference",
        "start-date": "date",
        "lifecycle-status": "token",
    },
    references={
        "patient": SUBJECT,
        "subject": SUBJECT,
        "expressed-by": Link("expressedBy", ("Patient", "Practitioner")),
    },
    summary=("lifecycleStatus", "description", "subject", "start", "expressedBy"),
    mandatory=("lifecycleStatus", "description", "subject"),
    profiles=(PROFILE,),
    is_about="a shared intention",
)
