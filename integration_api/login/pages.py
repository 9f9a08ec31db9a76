"""/oauth/welcome, /oauth/login, /oauth/login/code, /oauth/logout: the pages where people sign in."""

import hashlib
import hmac
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, current_app, redirect, render_template, request, session
from sqlalchemy.orm import Session as DbSession
from werkzeug.wrappers import Response as AnyResponse

from integration_api.access.audit import tell
from integration_api.db import Collision, reading, unit_of_work
from integration_api.errors import Fault, TooMany
from integration_api.login import invitations, passwords, second_factor, use_cases
from integration_api.login.delay import TooSoon
from integration_api.login.forms import FALLBACK, ForeignForm, form_token, own_address, require_form_token
from integration_api.login.invitations import InvitationGone
from integration_api.login.use_cases import Outcome
from integration_api.web.catalogs import said
from integration_api.web.rates import count_attempt
from integration_api.wiring import parts
from integration_api.wording import Sentence

blp = Blueprint("login", __name__, url_prefix="/oauth", template_folder="templates")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # an invitation's address holds its token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_WRONG = Fault(
    Sentence("That user name and password do not go together. Please check both, and try again."), parameter="username"
)
_WRONG_CODE = Fault(
    Sentence("That code did not work. Codes are good once, and for a short time. Please enter the next one."),
    parameter="code",
)
_NO_SECOND_FACTOR = Fault(
    Sentence(
        "Your account needs a second step to sign in now, and has none yet. Please ask your clinic for an invitation."
    )
)
_NOT_THE_SAME = Fault(
    Sentence("The two passwords are not the same yet. Please type both of them again."), parameter="again"
)
_CODE_UNCONFIRMED = Fault(
    Sentence("That code did not work. Please enter the one that your authenticator app shows now."), parameter="code"
)


blp.before_request(count_attempt)


@blp.after_request
def guard(answer: Response) -> Response:
    """Put the headers on that keep a page to itself."""
    answer.headers.update(_HEADERS)
    return answer


@blp.get("/login.css")
def style() -> Response:
    """Serve the pages' style."""
    return Response(render_template("login/login.css"), mimetype="text/css")


@blp.get("/login")
def login() -> AnyResponse:
    """Show the form; or, to who is signed in and came for nothing else, that they are."""
    with reading(everywhere=True) as db_session:
        user = use_cases.signed_in_user(db_session, session, parts().now())
    if user is not None and "next" not in request.args:
        return _page("signed_in.html", username=user.username)
    return _page("login.html", next=own_address(request.args.get("next", FALLBACK)))


@blp.post("/login")
def check_password() -> AnyResponse:
    """Check user name and password, with the same work and the same words whichever of them is wrong."""
    require_form_token(session, request.form.get("form_token", ""))
    # PostgreSQL takes no NUL in a text; no account's name has one, nor a capital, which keyboards begin a line with.
    username = request.form.get("username", "").strip().lower().replace("\0", "\N{REPLACEMENT CHARACTER}")
    password = request.form.get("password", "")
    onward, now = own_address(request.form.get("next", FALLBACK)), parts().now()
    begun = _begin_attempt(username)
    checked = _passwords().check(begun.password_hash, password)
    with unit_of_work(everywhere=True) as db_session:
        outcome, user = use_cases.end_attempt(db_session, begun, checked, now)
        _tell(db_session, begun.user_id, "checkPassword", is_done=user is not None)
    if user is not None and outcome is Outcome.SIGNED_IN:
        use_cases.sign_in(session, user, now)
        return _go(onward)
    if user is not None and outcome is Outcome.CODE_NEEDED:
        use_cases.go_half_way(session, user, now)
        return _go("/oauth/login/code?" + urlencode({"next": onward}))
    fault = _NO_SECOND_FACTOR if outcome is Outcome.NO_SECOND_FACTOR else _WRONG
    return _page("login.html", HTTPStatus.UNAUTHORIZED, next=onward, username=username[:80], fault=fault)


@blp.get("/login/code")
def code() -> AnyResponse:
    """Ask for the code; who has not given a password lately begins there."""
    onward = own_address(request.args.get("next", FALLBACK))
    if not _is_half_way():
        return _go("/oauth/login?" + urlencode({"next": onward}))
    return _page("code.html", next=onward)


@blp.post("/login/code")
def check_code() -> AnyResponse:
    """Check the code."""
    require_form_token(session, request.form.get("form_token", ""))
    onward, now = own_address(request.form.get("next", FALLBACK)), parts().now()
    if not _is_half_way():
        return _go("/oauth/login?" + urlencode({"next": onward}))
    with unit_of_work(everywhere=True) as db_session:
        user = use_cases.try_code(db_session, session, request.form.get("code", ""), parts().key_service, now)
        _tell(db_session, use_cases.half_way_user(session), "checkCode", is_done=user is not None)
    if user is None:
        return _page("code.html", HTTPStatus.UNAUTHORIZED, next=onward, fault=_WRONG_CODE)
    use_cases.sign_in(session, user, now)
    return _go(onward)


@blp.post("/logout")
def logout() -> AnyResponse:
    """Sign out."""
    require_form_token(session, request.form.get("form_token", ""))
    with unit_of_work(everywhere=True) as db_session:
        user = use_cases.signed_in_user(db_session, session, parts().now())
        use_cases.sign_out(db_session, session, parts().now())
        _tell(db_session, None if user is None else user.id, "signOut", is_done=True)
    return _go("/oauth/login")


@blp.get("/welcome")
def welcome() -> AnyResponse:
    """Show an invited person what to set. Looking uses nothing up: mail programs look, too."""
    token = request.args.get("token", "")
    with reading(everywhere=True) as db_session:
        shown = invitations.welcome(db_session, token, parts().key_service, parts().now())
    return _page("welcome.html", token=token, shown=shown)


@blp.post("/welcome")
def accept() -> AnyResponse:
    """Take the password, and the code that confirms the second factor; then the person is signed in."""
    require_form_token(session, request.form.get("form_token", ""))
    token, password, now = request.form.get("token", ""), request.form.get("password", ""), parts().now()
    with reading(everywhere=True) as db_session:
        shown = invitations.welcome(db_session, token, parts().key_service, now)
    step = (
        None if shown.secret is None else second_factor.step_of(shown.secret, request.form.get("code", ""), None, now)
    )
    told = passwords.fault_of(password, shown.username)
    fault = None if told is None else Fault(told, parameter="password")
    if fault is None and not hmac.compare_digest(password.encode(), request.form.get("again", "").encode()):
        fault = _NOT_THE_SAME
    if fault is None and shown.secret is not None and step is None:
        fault = _CODE_UNCONFIRMED
    if fault is not None:
        return _page("welcome.html", HTTPStatus.UNPROCESSABLE_ENTITY, token=token, shown=shown, fault=fault)
    new = invitations.NewCredential(_passwords().hash(password), step)
    acts = current_app.extensions["on_credentials_reset"]
    with unit_of_work(everywhere=True) as db_session:
        user = invitations.accept(db_session, token, new, parts().key_service, now, acts)
        _tell(db_session, user.id, "acceptInvitation", is_done=True)
    use_cases.sign_in(session, user, now)
    return _go("/oauth/login")


@blp.errorhandler(TooSoon)
def too_soon(error: TooSoon) -> Response:
    """Ask for patience."""
    answer = _page("sorry.html", HTTPStatus.TOO_MANY_REQUESTS, why="wait", seconds=error.seconds, **_back())
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


@blp.errorhandler(TooMany)
def too_many(error: TooMany) -> Response:
    """Ask for patience, whoever it is that comes from this address."""
    answer = _page("sorry.html", HTTPStatus.TOO_MANY_REQUESTS, why="wait", seconds=error.seconds, **_back())
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


@blp.errorhandler(ForeignForm)
def foreign_form(_error: ForeignForm) -> Response:
    """Ask to begin again."""
    return _page("sorry.html", HTTPStatus.FORBIDDEN, why="form", **_back())


@blp.errorhandler(InvitationGone)
def invitation_gone(_error: InvitationGone) -> Response:
    """Say that the link leads nowhere, whatever became of it."""
    return _page("sorry.html", HTTPStatus.NOT_FOUND, why="invitation")


def _back() -> dict[str, Any]:
    """Say where the form at hand was, and was to lead, so that the way back loses neither."""
    wanted, is_invited = request.form.get("next"), request.endpoint == f"{blp.name}.{accept.__name__}"
    onward = None if wanted is None else own_address(wanted)
    return {"next": onward, "invitation": request.form.get("token") if is_invited else None}


def _tell(db_session: DbSession, user_id: UUID | None, operation: str, *, is_done: bool) -> None:
    """Tell the audit trail of the user's organization; of a name that nobody has, there is none to tell."""
    outcome, origin = "done" if is_done else "refused", request.remote_addr or "unknown"
    tell(db_session, user_id, operation, outcome, origin)


def _begin_attempt(username: str) -> use_cases.PasswordAttempt:
    """Count the attempt before anything is checked. Two first ones under a new name may collide; then once more."""
    key = current_app.config["SECRET_KEY"].encode()
    digest = hmac.new(key, b"name:" + username.encode(), hashlib.sha256).hexdigest()
    for _ in range(2):
        try:
            with unit_of_work(everywhere=True) as db_session:
                return use_cases.begin_attempt(db_session, username, digest, parts().now())
        except Collision:
            continue
    raise TooSoon(1)


def _passwords() -> passwords.Passwords:
    found: passwords.Passwords = current_app.extensions["passwords"]
    return found


def _is_half_way() -> bool:
    with reading(everywhere=True) as db_session:
        return use_cases.is_half_way(db_session, session, parts().now())


def _go(address: str) -> AnyResponse:
    return redirect(address, HTTPStatus.SEE_OTHER)


def _page(template: str, status: HTTPStatus = HTTPStatus.OK, *, fault: Fault | None = None, **shown: Any) -> Response:
    """Show a page; a fault is told at its top, and tied to the field that it is about."""
    if fault is not None:
        shown |= {"fault": said(fault.detail), "field": fault.parameter}
    return Response(render_template(f"login/{template}", form_token=form_token(session), **shown), status)
