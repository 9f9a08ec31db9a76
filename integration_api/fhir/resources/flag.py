"""Flag: a safety flag that a clinician has taken up. Before that no record system is told; of private words never."""

from sqlalchemy import func, select

from integration_api.access.policy import Resource
from integration_api.fhir.codes import MENTAL_HEALTH, RESTRICTED, SAFETY
from integration_api.fhir.elements import Json, concept, meta, moment, own_identifier, period, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_code, by_period, of_patient
from integration_api.fhir.resources.observation_themes import theme
from integration_api.fhir.sources import SUBJECT, Link, ResourceType, Rows
from models import SafetyFlag, SafetyFlagEvent
from models.facing import facing_flags

STATUSES = {"acknowledged": "active", "resolved": "inactive"}


def make(row: SafetyFlag, known: Known) -> Json:
    """Write a flag: what it is about, since when, and who took it up. Clinicians' notes on it stay with us."""
    by = next((each.clinician_id for each in reversed(row.history) if each.what == "acknowledged"), None)
    closed = next((each.at for each in reversed(row.history) if each.what == "resolved"), None)
    end = moment(closed) if row.status == "resolved" else None
    return present(
        resourceType="Flag",
        id=str(row.id),
        meta=meta(max(1, len(row.history)), row.updated_at, security=[RESTRICTED, MENTAL_HEALTH]),
        identifier=[own_identifier(row.id)],
        status=STATUSES[row.status],
        category=[concept(SAFETY)],
        code=theme(row.theme, known),
        subject=reference("Patient", row.patient_id),
        period=period(moment(row.raised_at), end),
        encounter=reference("Encounter", row.session_id),
        author=reference("Practitioner", by),
    )


_RESOLVED_AT = (
    select(func.max(SafetyFlagEvent.at))
    .where(SafetyFlagEvent.flag_id == SafetyFlag.id, SafetyFlagEvent.what == "resolved")
    .where(SafetyFlag.status == "resolved")
    .correlate(SafetyFlag)
    .scalar_subquery()
)

TYPE = ResourceType(
    name="Flag",
    resource=Resource.FLAG,
    sources=(
        Rows(
            within=facing_flags,
            id=SafetyFlag.id,
            updated=SafetyFlag.updated_at,
            at=SafetyFlag.raised_at,
            make=make,
            parameters={
                **of_patient(SafetyFlag.patient_id),
                "date": by_period(SafetyFlag.raised_at, _RESOLVED_AT),
                "status": by_code(
                    SafetyFlag.status,
                    "http://hl7.org/fhir/flag-status",
                    {theirs: ours for ours, theirs in STATUSES.items()},
                ),
            },
        ),
    ),
    parameters={"patient": "reference", "subject": "reference", "date": "date", "status": "token"},
    references={
        "patient": SUBJECT,
        "subject": SUBJECT,
        "encounter": Link("encounter", ("Encounter",)),
        "author": Link("author", ("Practitioner",)),
    },
    summary=("identifier", "status", "category", "code", "subject", "period", "encounter", "author"),
    mandatory=("status", "code", "subject"),
    is_about="a safety flag that a clinician has taken up",
)
