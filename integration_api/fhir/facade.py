"""/fhir/R4: the facade's blueprint, what stands before every request to it, and what it says of itself."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.http import parse_options_header

from integration_api.config import Settings
from integration_api.fhir.answering import base_url, write_fhir
from integration_api.fhir.capability import capability_statement
from integration_api.fhir.elements import NDJSON
from integration_api.fhir.outcome import FHIR_JSON, outcome
from integration_api.fhir.use_cases import Gone
from integration_api.fhir.writing import SeveralMatch
from integration_api.oauth.discovery import smart
from integration_api.web.media import NotGiven
from integration_api.wiring import parts

PREFIX = "/fhir/R4"
_FORMATS = frozenset({"json", "application/json", FHIR_JSON, "application/fhir json"})
FHIR_VERSION = "4.0"  # R4, as media types name it

blp = Blueprint("fhir", __name__, url_prefix=PREFIX)


def check_format() -> None:
    """Refuse whoever wants anything but JSON, or another version of FHIR."""
    also = [NDJSON] if request.endpoint == f"{blp.name}.bulk_file" else []
    wanted = request.args.get("_format")
    if wanted is not None:
        if not _is_given(wanted, _FORMATS):
            raise NotGiven(*also, FHIR_JSON, "application/json")
        return
    accepted = request.accept_mimetypes
    given = frozenset({FHIR_JSON, "application/json", "application/*", "*/*", *also})
    if accepted and not any(quality > 0 and _is_given(each, given) for each, quality in accepted):
        raise NotGiven(*also, FHIR_JSON, "application/json")


blp.before_request(check_format)


def _is_given(wanted: str, given: frozenset[str]) -> bool:
    """Tell whether we give a media type. Of its parameters only the version of FHIR makes a difference."""
    kind, said = parse_options_header(wanted)
    return kind.lower() in given and said.get("fhirversion", FHIR_VERSION) == FHIR_VERSION


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
    is_cors = bool(settings.allowed_origins)
    return _public(capability_statement(base_url(), settings.public_url, parts().now(), is_cors=is_cors))


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
