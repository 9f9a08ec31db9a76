"""What the blueprint's decorators are made of."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from flask import Response, g
from marshmallow import fields
from sqlalchemy.exc import OperationalError

from integration_api.db import Collision, is_deadlock
from integration_api.errors import Conflict
from integration_api.web import preconditions
from integration_api.web.body import MERGE_PATCH, read_json
from integration_api.web.schema import Schema

View = Callable[..., Any]
SchemaClass = type[Schema]


def match(schema: SchemaClass) -> Callable[[Any], Any]:
    """Check a record against If-Match as its schema shows it; where any version will do, it need not be shown."""
    return lambda record: preconditions.means_any() or preconditions.require_match(schema(), record)


def created(schema: Schema, record: Any) -> Response:
    """Answer 201, and say when it is the answer of before."""
    found = preconditions.answer(schema, record, 201)
    if g.get("is_replay", False):
        found.headers["Idempotency-Replayed"] = "true"
    return found


def colliding(write: Callable[[], Any]) -> Any:
    """Try once more when another request stored the same key at the same moment: the second look sees it.

    Also where the two waited for each other, and the database sent this one away: by now the other is done.
    """
    try:
        return write()
    except Collision:
        pass
    except OperationalError as error:
        if not is_deadlock(error):
            raise
    try:
        return write()
    except Collision:
        raise Conflict("This id, or a name that must be unique, is taken. Nothing was changed.") from None


@cache  # two lists of one schema are one schema
def list_of(schema: SchemaClass) -> type[Schema]:
    """Make the schema of a page."""
    name = schema.__name__.removesuffix("Schema") + "ListSchema"
    listed: Any = Schema.from_dict(  # its stub forgets which class it is called on
        {
            "items": fields.List(fields.Nested(schema), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
        name=name,
    )
    return listed  # type: ignore[no-any-return]


def takes_patch(draft: SchemaClass) -> Callable[[View], View]:
    """Read a merge patch without checking it: the merged record is what must be right."""

    def decorate(view: View) -> View:
        @wraps(view)
        def call(resource: Any, caller: Any, **path: Any) -> Any:
            return view(resource, caller, read_json(MERGE_PATCH), **path)

        notes = dict(getattr(call, "_apidoc", {}))
        notes.setdefault("arguments", {})["parameters"] = [
            {
                "in": "json",
                "required": True,
                "schema": draft(partial=True),
                "content_type": MERGE_PATCH,
                "example": draft.patch_example,
            }
        ]
        call._apidoc = notes  # type: ignore[attr-defined]  # noqa: SLF001
        return call

    return decorate
