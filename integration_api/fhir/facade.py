"""/fhir/R4: the facade's blueprint, what stands before every request to it, and what it says of itself."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotAcceptable

from integration_api.config import Settings
from integration_api.fhir.answering import base_url, write_fhir
from integration_api.fhir.capability import capability_statement
from integration_api.fhir.elements import NDJSON
from integration_api.fhir.outcome import FHIR_JSON, outcome
from integration_api.fhir.use_cases import Gone
from integration_api.fhir.writing import SeveralMatch
from integration_api.oauth.discovery import smart
from integration_api.wiring import parts

PREFIX = "/fhir/R4"
_FORMATS = frozenset({"json", "application/json", FHIR_JSON, "application/fhir json"})

blp = Blueprint("fhir", __name__, url_prefix=PREFIX)


@blp.before_request
def _check_format() -> None:
    """Refuse whoever wants anything but JSON."""
    wanted = request.args.get("_format")
    if wanted is not None and wanted.partition(";")[0] not in _FORMATS:
        raise NotAcceptable
    accepted = request.accept_mimetypes
    given = [NDJSON] if request.endpoint == f"{blp.name}.bulk_file" else []
    if wanted is None and accepted and not accepted.best_match([FHIR_JSON, "application/json", *given]):
        raise NotAcceptable


@blp.errorhandler(Gone)
def _gone(error: Gone) -> Response:
    return write_fhir(outcome(410, str(error)), 410)


@blp.errorhandler(SeveralMatch)
def _several(error: SeveralMatch) -> Response:
    return write_fhir(outcome(412, str(error), code="multiple-matches"), 412)


@blp.get("/metadata")
def metadata() -> Response:
    """Say what this server does. Open to everybody."""
    settings: Settings = current_app.config["SETTINGS"]
    return _public(capability_statement(base_url(), settings.public_url, parts().now()))


@blp.get("/.well-known/smart-configuration")
def smart_configuration() -> Response:
    """Say where tokens are given. Open to everybody."""
    settings: Settings = current_app.config["SETTINGS"]
    answer = _public(smart(settings.public_url))
    answer.mimetype = "application/json"
    return answer


def _public(body: dict[str, Any]) -> Response:
    answer = write_fhir(body)
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
