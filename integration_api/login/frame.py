"""What the pages have in common: headers, how a fault is told, the trail, and what is said when a form is not taken."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, redirect, render_template, request, session
from sqlalchemy.orm import Session as DbSession
from werkzeug.wrappers import Response as AnyResponse

from integration_api.access.audit import tell
from integration_api.errors import Fault, TooMany
from integration_api.login import passwords
from integration_api.login.delay import TooSoon
from integration_api.login.forms import ForeignForm, form_token
from integration_api.web.catalogs import said
from integration_api.web.rates import count_attempt
from integration_api.wording import Sentence

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # an invitation's address holds its token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
WRONG_CODE = Fault(
    Sentence("That code did not work. Codes are good once, and for a short time. Please enter the next one."),
    parameter="code",
)
NO_SECOND_FACTOR = Fault(
    Sentence(
        "Your account needs a second step to sign in now, and has none yet. Please ask your clinic for an invitation."
    )
)
_NOT_THE_SAME = Fault(
    Sentence("The two passwords are not the same yet. Please type both of them again."), parameter="again"
)


def register(blp: Blueprint, way_back: Callable[[], dict[str, Any]]) -> None:
    """Give a blueprint's pages the headers that keep them to themselves, and words for forms that are not taken.

    way_back: says where the form at hand was, and was to lead, so that the way back loses neither.
    """

    def too_soon(error: TooSoon | TooMany) -> Response:
        """Ask for patience: after failures of an account, and whoever it is that comes from an address."""
        answer = page("sorry.html", HTTPStatus.TOO_MANY_REQUESTS, why="wait", seconds=error.seconds, **way_back())
        answer.headers["Retry-After"] = str(error.seconds)
        return answer

    def foreign_form(_error: ForeignForm) -> Response:
        """Ask to begin again."""
        return page("sorry.html", HTTPStatus.FORBIDDEN, why="form", **way_back())

    blp.before_request(count_attempt)
    blp.after_request(_guard)
    blp.register_error_handler(TooSoon, too_soon)
    blp.register_error_handler(TooMany, too_soon)
    blp.register_error_handler(ForeignForm, foreign_form)


def page(template: str, status: HTTPStatus = HTTPStatus.OK, *, fault: Fault | None = None, **shown: Any) -> Response:
    """Show a page; a fault is told at its top, and tied to the field that it is about."""
    if fault is not None:
        shown |= {"fault": said(fault.detail), "field": fault.parameter}
    return Response(render_template(f"login/{template}", form_token=form_token(session), **shown), status)


def go(address: str) -> AnyResponse:
    """Lead on, with a GET."""
    return redirect(address, HTTPStatus.SEE_OTHER)


def fault_of_new(username: str) -> Fault | None:
    """Say what is wrong with the new password that the form at hand holds twice; None where it will do."""
    password, again = request.form.get("password", ""), request.form.get("again", "")
    told = passwords.fault_of(password, username)
    if told is not None:
        return Fault(told, parameter="password")
    return None if hmac.compare_digest(password.encode(), again.encode()) else _NOT_THE_SAME


def our_passwords() -> passwords.Passwords:
    """Give what makes and checks hashes here."""
    found: passwords.Passwords = current_app.extensions["passwords"]
    return found


def tell_trail(db_session: DbSession, user_id: UUID | None, operation: str, *, is_done: bool) -> None:
    """Tell the audit trail of the user's organization; of a name that nobody has, there is none to tell."""
    outcome, origin = "done" if is_done else "refused", request.remote_addr or "unknown"
    tell(db_session, user_id, operation, outcome, origin)


def _guard(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    return answer
