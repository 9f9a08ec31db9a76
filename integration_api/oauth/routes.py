"""/oauth/* and /.well-known/*: the authorization server over HTTP."""

import hmac
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Blueprint, Response, current_app, redirect, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from integration_api.access.keys import public_keys
from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.errors import TooMany
from integration_api.login.forms import ForeignForm
from integration_api.login.use_cases import signed_in_user
from integration_api.oauth import discovery, faults
from integration_api.oauth.desk import at_desk, desk
from integration_api.oauth.endpoints import Introspection, Revocation
from integration_api.oauth.grants import server
from integration_api.oauth.presented import presented_keys
from integration_api.oauth.wording import in_words
from integration_api.web.body import write_json
from integration_api.web.catalogs import said
from integration_api.web.rates import count_attempt
from integration_api.wiring import parts

LOGIN = "/oauth/login"
_CSRF = "oauth_csrf"

blp = Blueprint("oauth", __name__, template_folder="templates")
faults.register(blp)
blp.before_request(count_attempt)


@blp.after_request
def _unkept(answer: AnyResponse) -> AnyResponse:
    """Let nothing between us and the client keep an answer, nor tell where it came from."""
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blp.route("/oauth/authorize", methods=["GET", "POST"])
def authorize() -> AnyResponse:
    """Ask the user whether a client may do what it asks for; take the decision to the client."""
    with (
        unit_of_work(everywhere=True) if request.method == "POST" else reading(everywhere=True) as db_session,
        at_desk(db_session),
    ):
        return _authorize()


def _authorize() -> AnyResponse:
    user = signed_in_user(desk().db_session, session, desk().at)
    try:
        grant = server.get_consent_grant(end_user=user)
    except OAuth2Error as error:
        refusal = _outward(server.handle_error_response(None, error))
        if refusal.location or not _is_person():
            return refusal
        return _sorry("app", HTTPStatus.BAD_REQUEST, details=error.description)
    if user is None:
        return redirect(f"{LOGIN}?next={quote(_here(), safe='')}", 303)
    if request.method != "POST":
        return _consent_page(grant, user)
    _check_csrf()
    is_allowed = request.form.get("decision") == "allow"
    return _outward(server.create_authorization_response(grant_user=user if is_allowed else None, grant=grant))


def _here() -> str:
    return f"{request.path}?{request.query_string.decode('ascii', 'replace')}"


def _outward(answer: Response) -> Response:
    """Name us in an answer that goes to the client by way of the browser (RFC 9207)."""
    if answer.location:
        answer.location = add_params_to_uri(answer.location, [("iss", desk().issuer)])
        answer.status_code = 303  # RFC 9700, 4.12: a browser must not send the form on
    return answer


def _consent_page(grant: Any, user: Any) -> Response:
    page = render_template(
        "consent.html",
        client=grant.client.row.name,
        username=user.username,
        permissions=in_words(grant.request.scope, said),
        target=urlsplit(grant.redirect_uri).netloc or urlsplit(grant.redirect_uri).scheme,
        query=request.query_string.decode("ascii", "replace"),
        here=_here(),
        csrf=session.setdefault(_CSRF, secrets.token_urlsafe(32)),
    )
    answer = Response(page)
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {_source(grant.redirect_uri)}"
    )
    return answer


def _source(address: str) -> str:
    """Name an address as a Content-Security-Policy does: browsers hold the form's redirect to it as well."""
    parts_ = urlsplit(address)
    is_host = parts_.scheme in ("http", "https") and "[" not in parts_.netloc  # it cannot name an IPv6 address
    return f"{parts_.scheme}://{parts_.netloc}" if is_host else f"{parts_.scheme}:"


def _check_csrf() -> None:
    """Refuse a form that we did not give to this browser."""
    kept, sent = str(session.get(_CSRF, "")), request.form.get("csrf", "")
    if not kept or not hmac.compare_digest(kept.encode(), sent.encode("utf-8", "replace")):
        raise ForeignForm


def _is_person() -> bool:
    """Tell whether somebody in a browser is looking, rather than a program."""
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def _sorry(why: str, status: int, **shown: str | None) -> Response:
    answer = Response(render_template("login/sorry.html", why=why, **shown), status)
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return answer


@blp.errorhandler(ForeignForm)
def form_grown_old(_error: ForeignForm) -> Response:
    """Tell the person, not the client: it is the person who sees it."""
    return _sorry("form", HTTPStatus.BAD_REQUEST, next=_here())


@blp.errorhandler(TooMany)
def too_many(error: TooMany) -> Response:
    """Ask for patience: the person who decides by a page, a client in its own form."""
    is_page = request.endpoint == f"{blp.name}.{authorize.__name__}" and _is_person()
    busy = HTTPStatus.TOO_MANY_REQUESTS
    answer = _sorry("many", busy, details=said(error.sentence)) if is_page else faults.too_many(error)
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


@blp.post("/oauth/token")
def token() -> AnyResponse:
    """Hand out tokens."""
    return _for_client(server.create_token_response)


@blp.post("/oauth/revoke")
def revoke() -> AnyResponse:
    """Take a token back."""
    return _for_client(lambda: server.create_endpoint_response(Revocation.ENDPOINT_NAME))


@blp.post("/oauth/introspect")
def introspect() -> AnyResponse:
    """Say what a token is good for."""
    return _for_client(lambda: server.create_endpoint_response(Introspection.ENDPOINT_NAME))


def _for_client(answer: Any) -> AnyResponse:
    """Answer a client. Its keys are found first: what is fetched must not hold a transaction up.

    A refusal is an answer, so that what it has changed (a family revoked, an assertion used) is kept.
    """
    if any(len(values) > 1 for _, values in request.form.lists()):
        raise InvalidRequestError("A parameter is there more than once.")
    keys = presented_keys()
    with unit_of_work(everywhere=True) as db_session, at_desk(db_session, keys):
        made: AnyResponse = answer()
        return made


def _issuer() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return settings.public_url


@blp.get("/.well-known/oauth-authorization-server")
def metadata() -> Response:
    """Describe the authorization server."""
    return _public(discovery.authorization_server(_issuer()))


@blp.get("/.well-known/smart-configuration")
def smart_configuration() -> Response:
    """Describe it to SMART clients."""
    return _public(discovery.smart(_issuer()))


@blp.get("/.well-known/change-password")
def change_password() -> AnyResponse:
    """Lead password managers to where people change their password (W3C, "A Well-Known URL for Changing Passwords")."""
    return redirect("/oauth/password")


@blp.get("/.well-known/jwks.json")
def jwks() -> Response:
    """Give the keys that our tokens are checked with."""
    with reading(everywhere=True) as db_session:
        return _public({"keys": public_keys(db_session, parts().now())})


def _public(body: dict[str, Any]) -> Response:
    answer = write_json(body)
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
