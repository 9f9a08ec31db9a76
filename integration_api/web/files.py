"""Operations whose body or answer is a file: the bytes as they are, with no form around them.

A phone sends a file in the background as a body of its own, and a body that is no form is never laid down on this
machine's disk while it is read.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from werkzeug.exceptions import ClientDisconnected

from integration_api.access.policy import Resource
from integration_api.access.scopes import Action
from integration_api.config import Settings
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once, once_for
from integration_api.web.headers import BODY, ETAG, IDEMPOTENCY_KEY, IF_NONE_MATCH, IF_RANGE, PART, RANGE
from integration_api.web.media import NotTaken
from integration_api.web.operations import SchemaClass, View, colliding, created
from integration_api.web.preconditions import unless_known

ANY = "application/octet-stream"  # where a client does not know; the content is looked at in any case
_BINARY = {"type": "string", "format": "binary"}
_ONE_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")  # others are passed over, as they may be (RFC 9110, 14.2)


@dataclass(frozen=True, slots=True)
class Told:
    """A file to answer with, piece by piece. `record` is whose it is; `etag` names this content."""

    record: Any
    media_type: str
    size: int
    name: str
    etag: str
    parts: Callable[[], Iterable[bytes]]


class FileBlueprint(Blueprint):
    """A room's routes, some of which take or give files."""

    def uploads(
        self, name: str, media_types: Iterable[str], query: SchemaClass, schema: SchemaClass, *, of: Resource
    ) -> Callable[[View], View]:
        """Create one record out of a file, safe to repeat. The view gets `(caller, parameters, sent)`.

        `sent()` reads the body and gives it with its `Once`; to be called when it is known that it may be sent.
        """
        taken = (*media_types, ANY)

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, parameters: dict[str, Any], **path: Any) -> Response:
                if request.mimetype not in taken:
                    raise NotTaken(*taken)

                def sent() -> tuple[bytes, Once]:
                    file = _read_file()
                    said = {each: value for each, value in parameters.items() if each != "id"}
                    return file, once_for(caller, name, parameters["id"], {**path, **said}, file)

                record = colliding(lambda: view(resource, caller, parameters, sent, **path))
                return created(schema(), record)

            made = self.response(201, schema, example=schema.example, headers=ETAG)(call)
            made = self.arguments(query, location="query")(made)
            content = {each: {"schema": _BINARY} for each in taken}
            made = self.doc(requestBody={"required": True, "content": content})(made)
            return self._operation(made, name, of, Action.CREATE, (*BODY, 404), [IDEMPOTENCY_KEY])

        return decorate

    def gives(self, name: str, media_types: Iterable[str], *, of: Resource) -> Callable[[View], View]:
        """Answer with a file as its record says it is, and as nothing else, or with a part of it.

        The view gets `(caller)`: `Told`.
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def call(resource: Any, caller: Any, **path: Any) -> Response:
                return _answer(view(resource, caller, **path))

            first, *others = media_types
            given = self.response(200, _BINARY, content_type=first, headers=ETAG)(call)
            content = {each: {"schema": _BINARY} for each in (first, *others)}
            given = self.doc(responses={200: {"content": content}})(given)
            given = self.alt_response(206, schema=_BINARY, content_type=first, headers=ETAG | PART, success=True)(given)
            given = self.doc(responses={206: {"content": content}})(given)
            given = self.alt_response(304, schema=None, description="Not modified", success=True)(given)
            return self._operation(given, name, of, Action.READ, (404, 416), [IF_NONE_MATCH, RANGE, IF_RANGE])

        return decorate


def _read_file() -> bytes:
    """Read the body, whose limit is higher than that of other bodies; 413 for more.

    400 for less than it said: a server that ends the body itself gives what came until a phone lost its network, and
    half a voice note is one that plays.
    """
    settings: Settings = current_app.config["SETTINGS"]
    request.max_content_length = settings.files.largest
    file = request.get_data(cache=True)
    if request.content_length is not None and len(file) < request.content_length:
        raise ClientDisconnected
    return file


def _answer(told: Told) -> Response:
    g.trace.saw(told.record)
    answer = Response(mimetype=told.media_type)
    answer.set_etag(told.etag)
    if unless_known(answer).status_code == 304:  # noqa: PLR2004
        return answer
    if request.method != "HEAD":
        answer.response = told.parts()
    answer.content_length = told.size
    answer.headers["Content-Disposition"] = f'attachment; filename="{told.name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Accept-Ranges"] = "bytes"
    if request.method == "GET" and _ONE_RANGE.fullmatch(request.headers.get("Range", "").strip().lower()):
        # Players ask for parts, to begin elsewhere than at the beginning; phones, to go on where a line broke.
        answer.make_conditional(request.environ, accept_ranges=True, complete_length=told.size)
    return answer
