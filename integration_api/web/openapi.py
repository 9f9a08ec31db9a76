"""The contract: what the schemas and routes say, written out as OpenAPI 3.1."""

from copy import deepcopy
from typing import Any

import flask_smorest
import yaml
from apispec.ext.marshmallow import MarshmallowPlugin, resolver
from flask import Flask

from integration_api.web import problems
from integration_api.web.naming import forget_defaults, name_shared, say_null_once
from integration_api.web.schema import ProblemSchema, Schema

TITLE = "Integration journal"
VERSION = "1.0.0"
DESCRIPTION = """\
Journal entries, clinicians' notes and the themes that recur in them, for clinics of ketamine-assisted psychotherapy.

**Conventions.** JSON in `snake_case`. Ids are UUIDv7; a client may bring its own on create, and repeating a create is
safe: the same id and body is answered as the first was, another body is 409. Times are RFC 3339 with an offset.
Errors are `application/problem+json` (RFC 9457). Lists take `limit` and `cursor`. Every single record has a strong
`ETag`: PUT, PATCH (JSON merge patch, RFC 7396) and DELETE need `If-Match`; `PUT` with `If-None-Match: *` creates.
What a caller may not see does not exist (404); what it may see but not do is 403.

**FHIR R4** is served at `/fhir/R4`. It is not described here: `GET /fhir/R4/metadata` is its CapabilityStatement.

Findings are descriptive, not diagnostic, and always show their evidence. This is no crisis service: nobody watches
entries as they come in.
"""
_PROBLEMS = {
    400: "The request could not be read: malformed JSON.",
    401: "No token, or one that is not valid (any longer).",
    403: "The caller's role or the token's scope does not allow this.",
    404: "There is no such record for this caller.",
    409: "It clashes with what is stored: the same id or key with another body.",
    410: "The token is too old, or not this caller's: begin anew without one.",
    412: "The record is not the one that If-Match names.",
    413: "The body is too large.",
    415: "The body's media type is not the one named here.",
    416: "The file has no such part.",
    422: "The request is not valid; `errors` lists every fault with its place.",
    428: "If-Match is missing.",
    429: "Too many requests; try again after `Retry-After` seconds.",
    503: "The database, or the store of files, did not answer in time; nothing was stored.",
}


class Api(flask_smorest.Api):
    """flask-smorest's API with our one shape of errors."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `web/problems.py`."""

    def _register_responses(self) -> None:
        """Register one response a status, as problem+json."""
        for status, description in _PROBLEMS.items():
            example = {
                "type": f"{problems.TYPES}example",
                "title": "A short title",
                "status": status,
                "detail": description,
                "instance": "/v1/journal-entries",
            }
            content = {problems.MEDIA_TYPE: {"schema": ProblemSchema, "example": example}}
            headers = {}
            if status == 401:  # noqa: PLR2004
                headers = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}
            if status in (429, 503):
                headers = {"Retry-After": {"schema": {"type": "string"}, "required": True}}
            response = {"description": description, "content": content, "headers": headers}
            self.spec.components.response(f"Problem{status}", {k: v for k, v in response.items() if v})


def _name(schema: Any) -> str:
    """Name a schema in the contract: its class without "Schema", and "Patch" for the partial one."""
    found = resolver(schema)
    instance = schema if isinstance(schema, Schema) else None
    return f"{found}Patch" if instance is not None and instance.partial else str(found)


def make_api(app: Flask) -> Api:
    """Set the application up to collect its contract."""
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {
                "description": DESCRIPTION,
                "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
        },
    )
    api = Api(app, spec_kwargs={"marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_name)})
    api.spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token; `integration-api token --as NAME` mints one.",
        },
    )
    return api


def document(api: Api) -> dict[str, Any]:
    """Give the contract, without what flask-smorest and apispec add that is not true of us."""
    found: dict[str, Any] = deepcopy(api.spec.to_dict())  # ours to change: it may be asked for again
    components = found["components"]
    components["schemas"].pop("PaginationMetadata", None)
    components["responses"].pop("DEFAULT_ERROR", None)
    for path in found["paths"].values():
        for operation in (part for part in path.values() if isinstance(part, dict)):
            operation["responses"].pop("default", None)
            operation["responses"] = dict(sorted(operation["responses"].items()))
            for parameter in operation.get("parameters", ()):
                _refuse_null(parameter["schema"])
    say_null_once(components["schemas"])
    forget_defaults(components["schemas"])
    name_shared(found)
    return found


def _refuse_null(schema: dict[str, Any]) -> None:
    """A query parameter is left out or has a value; there is no null in an address."""
    if schema.get("default", ...) is None:
        del schema["default"]
    if isinstance(schema.get("type"), list):
        (schema["type"],) = (name for name in schema["type"] if name != "null")
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]


def contract(api: Api) -> str:
    """Write the contract as YAML, the same on every Python and every machine."""
    return yaml.safe_dump(document(api), sort_keys=False, allow_unicode=True, width=110)
