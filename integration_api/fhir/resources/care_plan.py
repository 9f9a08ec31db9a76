"""CarePlan: a commitment that its patient shares, and what became of it."""

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, day, meta, moment, own_identifier, period, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_code, by_period, by_reference, of_patient
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import Commitment
from models.facing import facing_plans

STATUSES = {"open": "active", "kept": "completed", "let_go": "revoked"}
_ACTIVITY = {"open": "in-progress", "kept": "completed", "let_go": "stopped"}


def make(row: Commitment, known: Known) -> Json:
    """Write a commitment, in the words of whoever took it on. Until when it is meant is the activity's time."""
    clinician = known.practitioners.get(row.author_id)
    return present(
        resourceType="CarePlan",
        id=str(row.id),
        meta=meta(row.version, row.updated_at),
        identifier=[own_identifier(row.id)],
        status=STATUSES[row.status],
        intent="plan",
        title="Commitment",
        description=row.text,
        subject=reference("Patient", row.patient_id),
        encounter=reference("Encounter", row.session_id),
        period=period(moment(row.created_at), moment(row.status_at)),
        created=moment(row.created_at),
        author=reference("Practitioner", clinician) or reference("Patient", row.patient_id),
        activity=[{"detail": _detail(row)}],
    )


def _detail(row: Commitment) -> Json:
    return present(
        status=_ACTIVITY[row.status],
        description=row.text,
        scheduledPeriod=period(None, day(row.due_on)),
    )


TYPE = ResourceType(
    name="CarePlan",
    resource=Resource.CARE_PLAN,
    sources=(
        Rows(
            within=facing_plans,
            id=Commitment.id,
            updated=Commitment.updated_at,
            at=Commitment.created_at,
            make=make,
            parameters={
                **of_patient(Commitment.patient_id),
                "date": by_period(Commitment.created_at, Commitment.status_at),
                "status": by_code(
                    Commitment.status,
                    "http://hl7.org/fhir/request-status",
                    {theirs: ours for ours, theirs in STATUSES.items()},
                ),
                "encounter": by_reference(Commitment.session_id, "Encounter"),
            },
        ),
    ),
    parameters={
        "patient": "reference",
        "subject": "reference",
        "date": "date",
        "status": "token",
        "encounter": "reference",
    },
    references={"patient": SUBJECT, "subject": SUBJECT, "encounter": Link("encounter", ("Encounter",))},
    summary=(
        *("identifier", "status", "intent", "title", "description", "subject", "encounter", "period"),
        *("created", "author"),
    ),
    mandatory=("status", "intent", "subject"),
    is_about="a shared commitment",
)
