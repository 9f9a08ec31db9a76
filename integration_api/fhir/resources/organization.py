"""Organization: the clinic."""

from collections.abc import Sequence

from integration_api.access.policy import Resource
from integration_api.fhir.elements import Json, own_identifier
from integration_api.fhir.known import Known
from integration_api.fhir.resources.listed import versioned
from integration_api.fhir.sources import Listed, ResourceType
from models import Reach


def _organizations(known: Known, _limits: Reach) -> Sequence[Json]:
    clinic = known.organization
    written = {
        "resourceType": "Organization",
        "id": str(clinic.id),
        "identifier": [own_identifier(clinic.id)],
        "active": True,
        "name": clinic.name,
    }
    return [versioned(written)]


TYPE = ResourceType(
    name="Organization",
    resource=Resource.ORGANIZATION,
    sources=(Listed(make=_organizations, parameters={"name": lambda found: [found["name"]]}),),
    parameters={"name": "string"},
    summary=("identifier", "active", "name"),
    is_about="the clinic",
)
