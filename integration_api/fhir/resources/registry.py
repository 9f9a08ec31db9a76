"""Every type of resource that is served: what serves them and what the CapabilityStatement says are one list."""

from integration_api.fhir.resources import encounter, patient, practitioner
from integration_api.fhir.sources import ResourceType

TYPES: dict[str, ResourceType] = {
    each.name: each
    for each in (
        patient.TYPE,
        practitioner.PRACTITIONER,
        practitioner.ROLE,
        encounter.TYPE,
    )
}
