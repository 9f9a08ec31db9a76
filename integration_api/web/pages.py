"""Lists by the page: `limit`, and a cursor that only we can make, bound to the caller and the question."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import fields, validate

from integration_api.errors import Fault, Invalid
from integration_api.web.body import write_json
from integration_api.web.preconditions import etag_of, unless_known
from integration_api.web.schema import Moment, Schema
from models.paging import Page, PageRequest

DEFAULT_LIMIT, MAXIMUM_LIMIT = 50, 200
MOST_BYTES = 300_000  # of texts, sealed: two hundred of the longest would be ten megabytes and more


class PageQuery(Schema):
    """The two parameters that every list takes; filters are added by subclasses."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MAXIMUM_LIMIT),
        metadata={
            "description": "How many items at most. A page of long texts ends before; `next_cursor` goes on there.",
            "default": DEFAULT_LIMIT,
        },
    )
    cursor = fields.String(
        load_default=None,
        metadata={"description": "`next_cursor` of the page before; opaque.", "minLength": 1},
    )


class Span(Schema):
    """A stretch of time, for filter schemas."""

    since = Moment(load_default=None, metadata={"description": "From this time on, itself included."})
    until = Moment(load_default=None, metadata={"description": "Before this time."})


def page_request(query: dict[str, Any], user_id: UUID) -> PageRequest:
    """Take `limit` and `cursor` out of a query; raise `Invalid` for a cursor that is not ours or not for this."""
    limit, cursor = query.pop("limit"), query.pop("cursor")
    if cursor is None:
        return PageRequest(limit, most_bytes=MOST_BYTES)
    try:
        bound, values = _serializer().loads(cursor)
    except (BadSignature, ValueError, TypeError):
        bound, values = None, []
    if bound != _binding(query, user_id):
        raise Invalid(
            Fault("This cursor is not for this list. Please read the list from its beginning.", parameter="cursor")
        )
    return PageRequest(limit, tuple(_from_wire(value) for value in values), MOST_BYTES)


def cursor_for(page: Page[Any], query: dict[str, Any], user_id: UUID) -> str | None:
    """Make the cursor that goes on where a page ends; None where there is no more."""
    if page.next_after is None:
        return None
    cursor = _serializer().dumps([_binding(query, user_id), [_to_wire(value) for value in page.next_after]])
    return str(cursor)


def answer_page(schema: Schema, page: Page[Any], query: dict[str, Any], limit: int, user_id: UUID) -> Response:
    """Answer with a page: items, the next cursor, a Link header and an ETag; 304 where a GET's If-None-Match has it."""
    cursor = cursor_for(page, query, user_id)
    for item in page.items:
        g.trace.saw(item)
    representation = {"items": schema.dump(page.items, many=True), "next_cursor": cursor}
    found = write_json(representation)
    if request.method not in ("GET", "HEAD"):
        return found
    if cursor is not None and request.endpoint:
        there = url_for(request.endpoint, **_address(limit=limit, cursor=cursor))
        found.headers["Link"] = f'<{there}>; rel="next"'
    found.set_etag(etag_of(representation))
    return unless_known(found)


def _address(**page: Any) -> dict[str, Any]:
    """Say again what the request's own address says, at another page."""
    return {**request.args.to_dict(), **(request.view_args or {}), **page}


def _binding(query: dict[str, Any], user_id: UUID) -> str:
    question = json.dumps([request.path, str(user_id), query], default=str, sort_keys=True)
    return hashlib.sha256(question.encode()).hexdigest()[:16]


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="cursor")


def _to_wire(value: Any) -> list[Any]:
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    return ["u", str(value)] if isinstance(value, UUID) else ["v", value]


def _from_wire(value: list[Any]) -> Any:
    kind, plain = value
    if kind == "t":
        return datetime.fromisoformat(plain)
    return UUID(plain) if kind == "u" else plain
