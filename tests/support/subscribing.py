"""How a system subscribes to events by FHIR, and what a notification says of its Subscription."""

import json
from typing import Any

from fhirclient.models.parameters import Parameters

from integration_api.events.fhir import TOPIC

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
PATH = "/fhir/R4/Subscription"
FHIR = "application/fhir+json"


def asked(address: str, **channel: Any) -> dict[str, Any]:
    content = {"extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": "id-only"}]}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "The EHR's inbox",
        "criteria": TOPIC,
        "channel": {"type": "rest-hook", "endpoint": address, "payload": FHIR, "_payload": content, **channel},
    }


def filtered(resource: dict[str, Any], *filters: str) -> dict[str, Any]:
    told = [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": each} for each in filters]
    return resource | {"_criteria": {"extension": told}}


def subscribe(caller: Any, resource: Any, **more: Any) -> Any:
    return caller.call("POST", PATH, data=json.dumps(resource), content_type=FHIR, **more)


def status_in(bundle: dict[str, Any]) -> dict[str, Any]:
    (entry, *_) = bundle["entry"]
    Parameters(entry["resource"])
    found = {each["name"]: each for each in entry["resource"]["parameter"]}
    return {name: next((v for k, v in each.items() if k.startswith("value")), None) for name, each in found.items()}
