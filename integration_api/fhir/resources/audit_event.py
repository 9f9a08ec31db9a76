"""AuditEvent: who did what to whose record, from the trail that shows every tampering."""

from integration_api.access.audit import origin_for
from integration_api.access.policy import Resource
from integration_api.fhir.codes import ACT_REASON, OBJECT_DOMAIN, OBJECT_PATIENT, REST
from integration_api.fhir.elements import Json, coding, concept, meta, moment, own_identifier, present, reference
from integration_api.fhir.known import Known
from integration_api.fhir.parameters import by_code, by_reference, by_time, of_patient
from integration_api.fhir.sources import Link, ResourceType, Rows
from models import AuditEvent
from models.facing import facing_audit_events

_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_ACTIONS = {
    "create": ("C", "create"),
    "read": ("R", "read"),
    "update": ("U", "update"),
    "delete": ("D", "delete"),
    "search": ("E", "search-type"),
}
_OUTCOMES = {"done": "0", "refused": "4", "not_found": "4", "invalid": "4", "failed": "8"}
_PURPOSES = {
    "own_record": coding(ACT_REASON, "PATRQT", "patient requested"),
    "treatment": coding(ACT_REASON, "TREAT", "treatment"),
    "ehr": coding(ACT_REASON, "TREAT", "treatment"),
    "administration": coding(ACT_REASON, "HOPERAT", "healthcare operations"),
    "sign_in": coding(ACT_REASON, "HOPERAT", "healthcare operations"),
    "service": coding(ACT_REASON, "HOPERAT", "healthcare operations"),
    "break_glass": coding(ACT_REASON, "BTG", "break the glass"),
}


def make(row: AuditEvent, known: Known) -> Json:
    """Write an event. It holds names of operations and ids, and nothing that anybody wrote."""
    letter, interaction = _ACTIONS[row.action]
    return present(
        resourceType="AuditEvent",
        id=str(row.id),
        meta=meta(1, row.at),
        type=REST,
        subtype=[coding(_RESTFUL, interaction)],
        action=letter,
        recorded=moment(row.at),
        outcome=_OUTCOMES[row.outcome],
        outcomeDesc=row.outcome,
        purposeOfEvent=[concept(_PURPOSES[row.purpose])],
        agent=[_agent(row, known)],
        source={"site": row.operation, "observer": reference("Organization", row.organization_id)},
        entity=_entities(row),
    )


def _agent(row: AuditEvent, known: Known) -> Json:
    origin = origin_for(known.caller, row)
    return present(
        who=_who(row, known),
        altId=row.client,
        name=row.actor_role,
        requestor=True,
        network=None if origin is None else {"address": origin, "type": "2"},
    )


def _who(row: AuditEvent, known: Known) -> Json | None:
    """Say who it was: a clinician or the patient by reference, anybody else by the account's id."""
    if row.actor_id is None:
        return None
    if row.actor_role == "patient" and row.patient_id is not None:
        return reference("Patient", row.patient_id)
    clinician = reference("Practitioner", known.practitioners.get(row.actor_id))
    return clinician or {"identifier": own_identifier(row.actor_id)}


def _entities(row: AuditEvent) -> list[Json]:
    patient: Json = {"what": reference("Patient", row.patient_id), "role": OBJECT_PATIENT}
    record = {"what": {"identifier": own_identifier(row.record_id)}, "role": OBJECT_DOMAIN} if row.record_id else None
    found = ([patient] if row.patient_id else []) + ([record | {"name": row.resource}] if record else [])
    return found or [{"name": row.resource}]


TYPE = ResourceType(
    name="AuditEvent",
    resource=Resource.AUDIT_EVENT,
    sources=(
        Rows(
            within=facing_audit_events,
            id=AuditEvent.id,
            updated=AuditEvent.at,
            at=AuditEvent.at,
            make=make,
            parameters={
                "patient": of_patient(AuditEvent.patient_id)["patient"],
                "entity": by_reference(AuditEvent.patient_id, "Patient"),
                "date": by_time(AuditEvent.at),
                "action": by_code(
                    AuditEvent.action,
                    "http://hl7.org/fhir/audit-event-action",
                    {letter: ours for ours, (letter, _) in _ACTIONS.items()},
                ),
            },
        ),
    ),
    parameters={"patient": "reference", "entity": "reference", "date": "date", "action": "token"},
    references={
        "entity": Link("entity.what", ("Patient",)),
        "agent": Link("agent.who", ("Practitioner", "Patient")),
    },
    summary=("type", "subtype", "action", "recorded", "outcome", "outcomeDesc", "purposeOfEvent"),
    mandatory=("type", "recorded", "agent", "source"),
    is_about="who did what to whose record",
)
