"""Which version a caller means: strong ETags, If-Match and If-None-Match (RFC 9110, 13), merge patches (RFC 7396)."""

import hashlib
from collections.abc import Iterable
from typing import Any

from flask import Response, current_app, g, request
from marshmallow import Schema, fields
from werkzeug.exceptions import PreconditionRequired

from integration_api.errors import Invalid, Stale
from integration_api.web.body import load, write_json
from integration_api.web.compression import plain_tag
from integration_api.web.languages import LANGUAGES, is_spoken, speaking


def etag_of(representation: Any) -> str:
    """Name a representation by its content, so that anything a reader could notice changes the tag."""
    if isinstance(representation, dict):  # a secret that is shown once is no part of the version
        representation = {name: value for name, value in representation.items() if name != "secret"}
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
    known = None if etag is None or request.method not in ("GET", "HEAD") else _known(etag)
    if known is not None:
        found.set_etag(known)  # the one that the caller has, however it was encoded
        found.status_code = 304
        found.set_data(b"")
        del found.headers["Content-Type"]
    return found


def _known(etag: str) -> str | None:
    """Find the version among those that the caller has; weakly, as a GET compares (RFC 9110, 13.1.2)."""
    asked = request.if_none_match
    if asked.star_tag:
        return etag
    return next((tag for tag in _said(asked.as_set(include_weak=True)) if plain_tag(tag) == etag), None)


def _said(tags: Iterable[str | None]) -> list[str]:
    """Give tags in order, without empty ones, which werkzeug takes for none at all."""
    return sorted(tag for tag in tags if tag)


def wants_creation() -> bool:
    """Tell whether a PUT means to create: `If-None-Match: *`."""
    return request.if_none_match.star_tag


def require_precondition() -> None:
    """Refuse a change that does not say which version it means."""
    if not request.headers.get("If-Match"):
        raise PreconditionRequired


def means_any() -> bool:
    """Tell whether a change means whichever version there is: `If-Match: *`. Also one that cannot be opened."""
    return request.if_match.star_tag


def require_match(schema: Schema, record: Any) -> Any:
    """Refuse a change to a version that the caller has not seen; give the current representation."""
    require_precondition()
    representation = schema.dump(record)
    wanted = {plain_tag(tag) for tag in _said(request.if_match)}
    if not (request.if_match.star_tag or wanted & _tags_of(schema, record, representation)):
        raise Stale("This was changed somewhere else, and is kept as it is now. Please read it again, then change it.")
    return representation


def _tags_of(schema: Schema, record: Any, representation: Any) -> set[str]:
    """Name the version as it is and, where it speaks to a person, as it reads in each language."""
    found = {etag_of(representation)}
    if is_spoken():
        for each in LANGUAGES:
            with speaking(each):
                found.add(etag_of(schema.dump(record)))
    return found


def merged(schema: Schema, draft_schema: Schema, record: Any, patch: dict[str, Any]) -> Any:
    """Apply a merge patch to what the caller has seen, and check the outcome.

    Its shape as a whole; its values where they differ from what stands there, which other rules may have let in.
    """
    current = require_match(schema, record)
    if not isinstance(patch, dict):
        raise Invalid.at("", "A merge patch of a record is an object.")
    if patch.get("id", current.get("id")) != current.get("id"):
        raise Invalid.at("/id", "An id stays as it is.")
    kept = _writable(draft_schema, current)
    outcome = merge(kept, patch)
    _trust_unchanged(draft_schema, kept, outcome)
    return load(draft_schema, outcome)


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


def _trust_unchanged(draft_schema: Schema, kept: dict[str, Any], outcome: dict[str, Any]) -> None:
    """Take the rules off what a patch leaves as it stands. The schema is one request's own, and so are its fields."""
    for name, field in draft_schema.load_fields.items():
        before, after = kept.get(name), outcome.get(name)
        nested = getattr(field, "schema", None)
        if nested is not None and isinstance(before, dict) and isinstance(after, dict):
            _trust_unchanged(nested, before, after)
        elif before == after:
            field.validators = []
            if isinstance(field, fields.List):
                field.inner.validators = []
