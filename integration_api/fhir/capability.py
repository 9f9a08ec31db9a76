"""The CapabilityStatement, made from the very list of types that serves, so that it cannot say otherwise."""

from datetime import datetime
from typing import Any

from integration_api.fhir.elements import Json, coding, concept, moment, present
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.sources import ResourceType

SOFTWARE, SOFTWARE_VERSION = "Integration journal", "1.0.0"
_SMART = coding("http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR")
_BULK = "http://hl7.org/fhir/uv/bulkdata"
_EXPORTS = {"Patient": "patient-export", "Group": "group-export"}
_SUBSCRIPTION: Json = {  # served by the room of events
    "type": "Subscription",
    "documentation": "a standing wish to be told of changes",
    "interaction": [{"code": each} for each in ("read", "create", "delete", "search-type")],
}


def capability_statement(base: str, issuer: str, at: datetime, *, is_cors: bool) -> Json:
    """Say what this server does, and whether browsers' pages of other origins may ask it."""
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{base}/metadata",
        "name": "IntegrationJournal",
        "status": "active",
        "date": moment(at),
        "kind": "instance",
        "software": {"name": SOFTWARE, "version": SOFTWARE_VERSION},
        "implementation": {"description": "Records of ketamine-assisted psychotherapy", "url": base},
        "fhirVersion": "4.0.1",
        "instantiates": [f"{_BULK}/CapabilityStatement/bulk-data"],
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "What leaves is what patients have agreed to; see the documentation on EHRs.",
                "security": _security(issuer, is_cors=is_cors),
                "resource": [*(_resource(each) for each in TYPES.values()), _SUBSCRIPTION],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "operation": [_export("export")],
            }
        ],
    }


def _security(issuer: str, *, is_cors: bool) -> Json:
    uris = {name: f"{issuer}/oauth/{name}" for name in ("authorize", "token", "introspect", "revoke")}
    return {
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": name, "valueUri": uri} for name, uri in uris.items()],
            }
        ],
        "cors": is_cors,
        "service": [concept(_SMART, text="OAuth 2.0: SMART App Launch and Backend Services")],
    }


def _resource(kind: ResourceType) -> Json:
    interactions = ["read", "vread", "history-instance", "search-type"]
    interactions += ["create", "update"] if kind.is_written else []
    parameters: dict[str, Any] = {"_id": "token", **kind.parameters}
    parameters |= {"_lastUpdated": "date"} if kind.has_times else {}
    return present(
        type=kind.name,
        supportedProfile=list(kind.profiles),
        documentation=kind.is_about,
        interaction=[{"code": each} for each in interactions],
        versioning="versioned",
        readHistory=kind.earlier is not None,
        updateCreate=False,
        conditionalCreate=kind.is_written,
        conditionalRead="not-match",
        conditionalUpdate=kind.is_written,
        searchInclude=[f"{kind.name}:{name}" for name in kind.references],
        searchRevInclude=_pointing_to(kind),
        operation=[_export(_EXPORTS[kind.name])] if kind.name in _EXPORTS else [],
        searchParam=[{"name": name, "type": each} for name, each in sorted(parameters.items())],
    )


def _export(definition: str) -> Json:
    return {"name": "export", "definition": f"{_BULK}/OperationDefinition/{definition}"}


def _pointing_to(kind: ResourceType) -> list[str]:
    """List the parameters of other types by which they may point here."""
    return [
        f"{other.name}:{name}"
        for other in TYPES.values()
        for name, link in other.references.items()
        if other.parameters.get(name) == "reference" and kind.name in link.targets
    ]
