"""Which version a caller means: strong ETags, If-Match and If-None-Match (RFC 9110, 13), merge patches (RFC 7396)."""

import hashlib
from typing import Any

from flask import Response, current_app, g, request
from marshmallow import Schema
from werkzeug.exceptions import PreconditionRequired

from integration_api.errors import Invalid, Stale
from integration_api.web.body import load, write_json


def etag_of(representation: Any) -> str:
    """Name a representation by its content, so that anything a reader could notice changes the tag."""
    canonical = current_app.json.dumps(representation, sort_keys=True)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def answer(schema: Schema, record: Any, status: int = 200) -> Response:
    """Answer with one record and its ETag; 304 where a GET's If-None-Match names it."""
    g.trace.saw(record)
    representation = schema.dump(record)
    found = write_json(representation, status)
    found.set_etag(etag_of(representation))
    return unless_known(found)


def unless_known(found: Response) -> Response:
    """Make it a 304 where a GET's If-None-Match names the answer's ETag."""
    etag, _ = found.get_etag()
    if request.method in ("GET", "HEAD") and etag is not None and request.if_none_match.contains_weak(etag):
        found.status_code = 304
        found.set_data(b"")
        del found.headers["Content-Type"]
    return found


def wants_creation() -> bool:
    """Tell whether a PUT means to create: `If-None-Match: *`."""
    return request.if_none_match.star_tag


def require_precondition() -> None:
    """Refuse a change that does not say which version it means."""
    if not request.headers.get("If-Match"):
        raise PreconditionRequired


def require_match(schema: Schema, record: Any) -> Any:
    """Refuse a change to a version that the caller has not seen; give the current representation."""
    require_precondition()
    representation = schema.dump(record)
    wanted = request.if_match
    if not (wanted.star_tag or wanted.is_strong(etag_of(representation))):
        raise Stale("The record is not the one that If-Match names; read it again.")
    return representation


def merged(schema: Schema, draft_schema: Schema, record: Any, patch: dict[str, Any]) -> Any:
    """Apply a merge patch to what the caller has seen, and check the outcome as a whole."""
    current = require_match(schema, record)
    if not isinstance(patch, dict):
        raise Invalid.at("", "A merge patch of a record is an object.")
    if patch.get("id", current.get("id")) != current.get("id"):
        raise Invalid.at("/id", "An id stays as it is.")
    return load(draft_schema, merge(_writable(draft_schema, current), patch))


def merge(target: Any, patch: Any) -> Any:
    """Merge as RFC 7396, 2 has it: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    outcome = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            outcome.pop(name, None)
        else:
            outcome[name] = merge(outcome.get(name), value)
    return outcome


def _writable(draft_schema: Schema, current: dict[str, Any]) -> dict[str, Any]:
    """Leave of a representation what a caller could have sent."""
    kept: dict[str, Any] = {}
    for name, field in draft_schema.load_fields.items():
        value = current.get(name)
        if value is None:
            continue
        nested = getattr(field, "schema", None)
        kept[name] = _writable(nested, value) if nested is not None and isinstance(value, dict) else value
    return kept
