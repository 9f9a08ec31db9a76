"""What requests and answers carry: JSON, read with care, and every fault told with its place."""

import json
from typing import Any, ClassVar, NoReturn

from flask import Request, Response, current_app, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest

from integration_api.errors import Fault, Invalid
from integration_api.web.media import NotTaken

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class Parser(FlaskParser):
    """webargs' parser with our way to read JSON and to say what is wrong.

    A parameter that we do not know is an error as much as a field: a filter that was misspelt would show too much.
    """

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar[dict[str, str | None]] = dict.fromkeys(  # type: ignore[misc]
        ("json", "query"), RAISE
    )

    def load_json(self, _request: Request, schema: Schema) -> Any:
        """Give the body as JSON; where nothing must be said in it, it may be left out."""
        return read_json(JSON, or_nothing=not must_say_something(schema))

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Tell every fault."""
        raise Invalid(*faults_in(error)) from None


def must_say_something(schema: Schema) -> bool:
    """Tell whether there is a field that a body must have."""
    return any(field.required for field in schema.fields.values())


def read_json(media_type: str, *, or_nothing: bool = False) -> Any:
    """Read the body as JSON; 400 for what is no JSON, 413 for too much of it, 415 for another media type.

    `or_nothing`: no body at all is an empty object, whatever its media type is said to be.
    """
    if or_nothing and not request.get_data(cache=True):
        return {}
    if request.mimetype != media_type:
        raise NotTaken(media_type)
    raw = request.get_data(cache=True)
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise BadRequest from None


def write_json(body: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(current_app.json.dumps(body) + "\n", status, mimetype=JSON)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def load(schema: Schema, body: Any) -> Any:
    """Check a body against a schema; raise `Invalid` with every fault."""
    try:
        return schema.load(body)
    except ValidationError as error:
        raise Invalid(*faults_in({"json": error.messages})) from None


def faults_in(error: ValidationError | dict[str, Any]) -> list[Fault]:
    """Turn marshmallow's messages into faults: pointers for bodies, names for parameters."""
    messages = error.messages if isinstance(error, ValidationError) else error
    found: list[Fault] = []
    for location, tree in messages.items() if isinstance(messages, dict) else [("json", messages)]:
        for path, detail in _leaves(tree, ()):
            if location == "json":
                found.append(Fault(detail, pointer=_pointer(path)))
            else:
                found.append(Fault(detail, parameter=str(path[0]) if path else location))
    return found


def _leaves(tree: Any, path: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], str]]:
    if isinstance(tree, dict):
        return [
            leaf
            for name, branch in tree.items()
            for leaf in _leaves(branch, path if name == "_schema" else (*path, name))
        ]
    if isinstance(tree, list):
        return [(path, message if isinstance(message, str) else str(message)) for message in tree]
    return [(path, tree if isinstance(tree, str) else str(tree))]


def _pointer(path: tuple[Any, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
