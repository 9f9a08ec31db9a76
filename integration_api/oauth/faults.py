"""Errors of the authorization server, in OAuth's form: `{"error": ..., "error_description": ...}`.

They are for whoever wrote the client, and in ASCII (RFC 6749, 5.2), so they stay in English.
"""

from typing import cast

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Blueprint, Response
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from integration_api.db import Collision
from integration_api.errors import TooMany
from integration_api.web import problems
from integration_api.web.body import write_json


def _on_oauth_error(error: OAuth2Error) -> Response:
    status, body, headers = error()
    answer = write_json(body, status)
    answer.headers.extend(headers)
    return answer


def _on_collision(_error: Collision) -> Response:
    # Two requests with one and the same assertion at one moment: the other was first.
    return _fault(400, "invalid_client", "The client assertion was used before.")


def _on_http_error(error: HTTPException) -> Response:
    return _fault(error.code or 400, "invalid_request", "The request could not be read.")


def too_many(error: TooMany) -> Response:
    """Ask a client for patience."""
    return _fault(429, "temporarily_unavailable", str(error))


def _on_busy_database(error: OperationalError) -> Response:
    answer = problems.on_busy_database(error)
    told = _fault(answer.status_code, "temporarily_unavailable", "Try again.")
    told.headers["Retry-After"] = answer.headers["Retry-After"]
    return told


def _on_crash(error: Exception) -> Response:
    problems.on_crash(error)
    return _fault(500, "server_error", "Something broke on our side.")


def _fault(status: int, error: str, description: str) -> Response:
    return write_json({"error": error, "error_description": description}, status)


def register(blp: Blueprint) -> None:
    """Give a blueprint these answers."""
    for kind, handler in (
        (OAuth2Error, _on_oauth_error),
        (Collision, _on_collision),
        (HTTPException, _on_http_error),
        (OperationalError, _on_busy_database),
        (Exception, _on_crash),
    ):
        blp.register_error_handler(cast("type[Exception]", kind), handler)
