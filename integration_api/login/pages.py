"""/oauth/welcome, /oauth/login, /oauth/login/code, /oauth/logout: the pages where people sign in."""

import hashlib
import hmac
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from integration_api.db import Collision, reading, unit_of_work
from integration_api.errors import Fault
from integration_api.login import frame, invitations, second_factor, use_cases
from integration_api.login.delay import TooSoon
from integration_api.login.forms import FALLBACK, own_address, require_form_token
from integration_api.login.frame import (
    NO_SECOND_FACTOR,
    WRONG_CODE,
    fault_of_new,
    go,
    our_passwords,
    page,
    tell_trail,
)
from integration_api.login.invitations import InvitationGone
from integration_api.login.password_page import CHANGED as PASSWORD_CHANGED
from integration_api.login.use_cases import Outcome
from integration_api.wiring import parts
from integration_api.wording import Sentence

blp = Blueprint("login", __name__, url_prefix="/oauth", template_folder="templates")


def _way_back() -> dict[str, Any]:
    wanted, is_invited = request.form.get("next"), request.endpoint == f"{blp.name}.{accept.__name__}"
    onward = None if wanted is None else own_address(wanted)
    return {"next": onward, "invitation": request.form.get("token") if is_invited else None}


frame.register(blp, _way_back)

_WRONG = Fault(
    Sentence("That user name and password do not go together. Please check both, and try again."), parameter="username"
)
_CODE_UNCONFIRMED = Fault(
    Sentence("That code did not work. Please enter the one that your authenticator app shows now."), parameter="code"
)


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
        return page("signed_in.html", username=user.username, changed=session.pop(PASSWORD_CHANGED, None))
    return page("login.html", next=own_address(request.args.get("next", FALLBACK)))


@blp.post("/login")
def check_password() -> AnyResponse:
    """Check user name and password, with the same work and the same words whichever of them is wrong."""
    require_form_token(session, request.form.get("form_token", ""))
    # PostgreSQL takes no NUL in a text; no account's name has one, nor a capital, which keyboards begin a line with.
    username = request.form.get("username", "").strip().lower().replace("\0", "\N{REPLACEMENT CHARACTER}")
    password = request.form.get("password", "")
    onward, now = own_address(request.form.get("next", FALLBACK)), parts().now()
    begun = _begin_attempt(username)
    checked = our_passwords().check(begun.password_hash, password)
    with unit_of_work(everywhere=True) as db_session:
        outcome, user = use_cases.end_attempt(db_session, begun, checked, now)
        tell_trail(db_session, begun.user_id, "checkPassword", is_done=user is not None)
    if user is not None and outcome is Outcome.SIGNED_IN:
        use_cases.sign_in(session, user, now)
        return go(onward)
    if user is not None and outcome is Outcome.CODE_NEEDED:
        use_cases.go_half_way(session, user, now)
        return go("/oauth/login/code?" + urlencode({"next": onward}))
    fault = NO_SECOND_FACTOR if outcome is Outcome.NO_SECOND_FACTOR else _WRONG
    return page("login.html", HTTPStatus.UNAUTHORIZED, next=onward, username=username[:80], fault=fault)


@blp.get("/login/code")
def code() -> AnyResponse:
    """Ask for the code; who has not given a password lately begins there."""
    onward = own_address(request.args.get("next", FALLBACK))
    if not _is_half_way():
        return go("/oauth/login?" + urlencode({"next": onward}))
    return page("code.html", next=onward)


@blp.post("/login/code")
def check_code() -> AnyResponse:
    """Check the code."""
    require_form_token(session, request.form.get("form_token", ""))
    onward, now = own_address(request.form.get("next", FALLBACK)), parts().now()
    if not _is_half_way():
        return go("/oauth/login?" + urlencode({"next": onward}))
    with unit_of_work(everywhere=True) as db_session:
        user = use_cases.try_code(db_session, session, request.form.get("code", ""), parts().key_service, now)
        tell_trail(db_session, use_cases.half_way_user(session), "checkCode", is_done=user is not None)
    if user is None:
        return page("code.html", HTTPStatus.UNAUTHORIZED, next=onward, fault=WRONG_CODE)
    use_cases.sign_in(session, user, now)
    return go(onward)


@blp.post("/logout")
def logout() -> AnyResponse:
    """Sign out."""
    require_form_token(session, request.form.get("form_token", ""))
    with unit_of_work(everywhere=True) as db_session:
        user = use_cases.signed_in_user(db_session, session, parts().now())
        use_cases.sign_out(db_session, session, parts().now())
        tell_trail(db_session, None if user is None else user.id, "signOut", is_done=True)
    return go("/oauth/login")


@blp.get("/welcome")
def welcome() -> AnyResponse:
    """Show an invited person what to set. Looking uses nothing up: mail programs look, too."""
    token = request.args.get("token", "")
    with reading(everywhere=True) as db_session:
        shown = invitations.welcome(db_session, token, parts().key_service, parts().now())
    return page("welcome.html", token=token, shown=shown)


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
    fault = fault_of_new(shown.username)
    if fault is None and shown.secret is not None and step is None:
        fault = _CODE_UNCONFIRMED
    if fault is not None:
        return page("welcome.html", HTTPStatus.UNPROCESSABLE_ENTITY, token=token, shown=shown, fault=fault)
    new = invitations.NewCredential(our_passwords().hash(password), step)
    acts = current_app.extensions["on_credentials_reset"]
    with unit_of_work(everywhere=True) as db_session:
        now = parts().now()  # hashing takes long: since then somebody may have signed in with the old password
        user = invitations.accept(db_session, token, new, parts().key_service, now, acts)
        tell_trail(db_session, user.id, "acceptInvitation", is_done=True)
    use_cases.sign_in(session, user, now)
    return go("/oauth/login")


@blp.errorhandler(InvitationGone)
def invitation_gone(_error: InvitationGone) -> Response:
    """Say that the link leads nowhere, whatever became of it."""
    return page("sorry.html", HTTPStatus.NOT_FOUND, why="invitation")


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


def _is_half_way() -> bool:
    with reading(everywhere=True) as db_session:
        return use_cases.is_half_way(db_session, session, parts().now())
