"""Errors as answers: RFC 9457 `application/problem+json`, one shape for everything that goes wrong."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, json, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from integration_api import errors
from integration_api.file_store import StoreFailed
from integration_api.web.catalogs import said
from integration_api.web.media import NotGiven, NotTaken
from integration_api.wording import Sentence
from models.key_service import KeyUnavailable

MEDIA_TYPE = "application/problem+json"
TYPES = "urn:integration-api:problem:"

log = logging.getLogger(__name__)

# What each error of the domain is called and answered with. Subclasses go as their nearest ancestor.
_STATUS: dict[type[errors.IntegrationError], tuple[int, str, str]] = {
    errors.NotFound: (404, "not-found", Sentence("Not found")),
    errors.NotAllowed: (403, "not-allowed", Sentence("Not allowed")),
    errors.Unauthenticated: (401, "unauthenticated", Sentence("Please sign in")),
    errors.Conflict: (409, "conflict", Sentence("This does not go together")),
    errors.Expired: (410, "token-expired", Sentence("Please begin anew")),
    errors.Unreadable: (500, "unreadable", Sentence("Cannot be opened right now")),
    errors.TooMany: (429, "too-many", Sentence("Please wait a little")),
    errors.Stale: (412, "stale", Sentence("This has changed in between")),
    errors.Invalid: (422, "invalid", Sentence("Something needs another look")),
}
# Titles and details for what werkzeug and Flask raise; theirs may quote the request.
_HTTP: dict[int, tuple[str, str, str]] = {
    400: ("malformed", Sentence("Cannot be read"), Sentence("The request could not be read. Nothing was changed.")),
    404: ("not-found", Sentence("Not found"), Sentence("There is nothing at this address.")),
    405: (
        "method-not-allowed",
        Sentence("Not possible here"),
        Sentence("This address does not take that method; see Allow."),
    ),
    413: (
        "too-large",
        Sentence("Too large"),
        Sentence("This is larger than can be sent at once. Please send less. Nothing was changed."),
    ),
    415: (
        "media-type",
        Sentence("Another media type is needed"),
        Sentence("Send the body as the media type that the operation names."),
    ),
    416: (
        "no-such-part",
        Sentence("There is no such part"),
        Sentence("The file has no such part; see Content-Range for how long it is."),
    ),
    428: (
        "precondition-required",
        Sentence("Which version is meant?"),
        Sentence("Say which version you mean: send If-Match."),
    ),
}
_OTHER = (Sentence("This did not work"), Sentence("The request could not be carried out. Nothing was changed."))
SHAPES = "error_shapes"  # where an application keeps who answers errors otherwise: (is_theirs, answer)
WWW_AUTHENTICATE = 'Bearer realm="integration-api"'


def problem(
    status: int, kind: str, title: str, detail: str, faults: tuple[errors.Fault, ...] = (), **headers: str
) -> Response:
    """Build one problem answer. No argument may hold narrative text."""
    answer = _shaped(status, detail, faults)
    if answer is None:
        body = _body(status, kind, title, detail, faults)
        answer = Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
    answer.headers.extend({name.replace("_", "-"): value for name, value in headers.items()})
    return answer


def _shaped(status: int, detail: str, faults: tuple[errors.Fault, ...]) -> Response | None:
    """Let a room that speaks another language answer in it."""
    for is_theirs, answer in current_app.extensions.get(SHAPES, ()):
        if is_theirs(request.path):
            shaped: Response = answer(status, detail, faults)
            return shaped
    return None


def problem_of(error: errors.IntegrationError) -> dict[str, Any]:
    """Give a problem as a part of an answer that holds several."""
    faults = error.faults if isinstance(error, errors.Invalid) else ()
    return _body(*_named(error), error.sentence, faults)


def _body(status: int, kind: str, title: str, detail: str, faults: tuple[errors.Fault, ...]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": TYPES + kind,
        "title": said(title),
        "status": status,
        "detail": said(detail),
        "instance": request.path,
    }
    if faults:
        body["errors"] = [_fault(fault) for fault in faults]
    return body


def _named(error: errors.IntegrationError) -> tuple[int, str, str]:
    return next(_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS)


def _fault(fault: errors.Fault) -> dict[str, str]:
    where = {"pointer": fault.pointer, "parameter": fault.parameter}
    return {name: value for name, value in where.items() if value is not None} | {"detail": said(fault.detail)}


def _on_domain_error(error: errors.IntegrationError) -> Response:
    status, kind, title = _named(error)
    faults = error.faults if isinstance(error, errors.Invalid) else ()
    headers: dict[str, str] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        has_token = "Authorization" in request.headers
        headers["WWW_Authenticate"] = WWW_AUTHENTICATE + (', error="invalid_token"' if has_token else "")
    if isinstance(error, errors.TooMany):
        headers |= rate_headers(error)
    if isinstance(error, errors.BeyondScope):
        headers["WWW_Authenticate"] = WWW_AUTHENTICATE + ', error="insufficient_scope"'
    return problem(status, kind, title, error.sentence, faults, **headers)


def rate_headers(error: errors.TooMany) -> dict[str, str]:
    """Say when to try again, and what the limit is (draft-ietf-httpapi-ratelimit-headers-11)."""
    return {
        "Retry_After": str(error.seconds),
        "RateLimit_Policy": f'"{error.rate}";q={error.allowed};w=60',
        "RateLimit": f'"{error.rate}";r=0;t={error.seconds}',
    }


def _on_http_error(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return Response(error.get_response().get_data(), error.code, dict(error.get_headers()))
    kind = HTTPStatus(error.code).phrase.lower().replace(" ", "-")
    kind, title, detail = _HTTP.get(error.code, (kind, *_OTHER))
    if isinstance(error, NotTaken | NotGiven):
        detail = error.sentence  # which says what would do
    answer = problem(error.code, kind, title, detail)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def on_busy_database(error: OperationalError) -> Response:
    """Answer 503. The log says why, by the database's own code: a disk that is full is no lock that somebody holds."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or "no code"
    log.warning("database unavailable: %s (%s)", type(error.orig).__name__, code)
    return problem(
        503,
        "busy",
        Sentence("Just a moment"),
        Sentence("The server is busy right now. Please keep what you wrote, and try again in a moment."),
        Retry_After="2",
    )


def _on_lost_key(_error: KeyUnavailable) -> Response:
    log.error("a stored text cannot be opened in %s", request.endpoint)
    return _on_domain_error(errors.Unreadable())


def _on_failed_store(error: StoreFailed) -> Response:
    log.warning("file store unavailable: %s", error)  # it names the kind of the error and nothing else
    return problem(
        503,
        "busy",
        Sentence("Busy for a moment"),
        Sentence("The store of files did not answer. Nothing was changed. Please try again in a moment."),
        Retry_After="2",
    )


def on_crash(error: Exception) -> Response:
    """Answer 500. Only the kind of the error is logged: its message may quote a patient."""
    if current_app.config["PROPAGATE_CRASHES"]:
        raise error
    log.error("crash in %s: %s at %s", request.endpoint, type(error).__name__, _place(error))
    return problem(
        500,
        "crash",
        Sentence("Something went wrong on our side"),
        Sentence("This is not your fault. Please keep what you wrote, and try again in a while."),
    )


def _place(error: Exception) -> str:
    """Name the line that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"


def register(app: Flask) -> None:
    """Give the application its one way to answer errors."""
    app.config.setdefault("PROPAGATE_CRASHES", False)
    app.register_error_handler(errors.IntegrationError, _on_domain_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(OperationalError, on_busy_database)
    app.register_error_handler(KeyUnavailable, _on_lost_key)
    app.register_error_handler(StoreFailed, _on_failed_store)
    app.register_error_handler(Exception, on_crash)
