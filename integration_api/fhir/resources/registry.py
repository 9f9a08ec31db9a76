"""Every type of resource that is served: what serves them and what the CapabilityStatement says are one list."""

from integration_api.fhir.resources import (
    audit_event,
    care_plan,
    care_team,
    device,
    document_reference,
    encounter,
    episode_of_care,
    flag,
    goal,
    group,
    medication_administration,
    observation,
    organization,
    patient,
    patient_consent,
    practitioner,
    provenance,
    questionnaire,
    questionnaire_response,
    terminology,
)
from integration_api.fhir.sources import ResourceType

TYPES: dict[str, ResourceType] = {
    each.name: each
    for each in (
        patient.TYPE,
        group.TYPE,
        practitioner.PRACTITIONER,
        practitioner.ROLE,
        organization.TYPE,
        care_team.TYPE,
        episode_of_care.TYPE,
        encounter.TYPE,
        medication_administration.TYPE,
        observation.TYPE,
        document_reference.TYPE,
        questionnaire.TYPE,
        questionnaire_response.TYPE,
        goal.TYPE,
        care_plan.TYPE,
        flag.TYPE,
        patient_consent.TYPE,
        provenance.TYPE,
        device.TYPE,
        audit_event.TYPE,
        terminology.CODE_SYSTEM,
        terminology.VALUE_SET,
    )
}
