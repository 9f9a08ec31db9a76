"""Answers: FHIR's JSON with its headers."""

from datetime import datetime
from typing import Any

from flask import Response, current_app, request

from integration_api.config import Settings
from integration_api.fhir.bundles import etag_of
from integration_api.fhir.outcome import FHIR_JSON
from integration_api.fhir.search import Search
from integration_api.fhir.shaping import shaped
from integration_api.fhir.sources import Hit, ResourceType

WHOLE = Search()


def base_url() -> str:
    """Give the address that all of the facade begins with, as clients know it."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}/fhir/R4"


def write_fhir(body: dict[str, Any], status: int = 200) -> Response:
    """Answer with a resource."""
    return Response(current_app.json.dumps(body) + "\n", status, mimetype=FHIR_JSON)


def answer_resource(hit: Hit, kind: ResourceType, search: Search = WHOLE, status: int = 200) -> Response:
    """Answer with one resource, its ETag and time; 304 where a GET's If-None-Match names the version."""
    resource = hit.resource
    found = write_fhir(shaped(resource, kind, search), status)
    found.headers["ETag"] = etag_of(resource)
    updated = resource["meta"].get("lastUpdated")
    if updated is not None:
        found.last_modified = datetime.fromisoformat(updated)
    if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(found.get_etag()[0] or ""):
        found.status_code = 304
        found.set_data(b"")
        del found.headers["Content-Type"]
    return found
