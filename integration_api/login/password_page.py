"""/oauth/password: the page where who is signed in changes their password."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, current_app, request, session
from werkzeug.wrappers import Response as AnyResponse

from integration_api.db import reading, unit_of_work
from integration_api.errors import Fault
from integration_api.login import frame, own_password, use_cases
from integration_api.login.forms import require_form_token
from integration_api.login.frame import NO_SECOND_FACTOR, WRONG_CODE, fault_of_new, go, our_passwords, page, tell_trail
from integration_api.login.own_password import Begun, Change
from integration_api.login.passwords import normal
from integration_api.wiring import parts
from integration_api.wording import Sentence
from models import User

blp = Blueprint("own_password", __name__, url_prefix="/oauth")
frame.register(blp, lambda: {"is_own_password": True})

_SAME_AS_BEFORE = Fault(
    Sentence("The new password is the same as the current one. Please choose another."), parameter="password"
)
_FAULTS = {
    Change.WRONG_PASSWORD: Fault(
        Sentence("The current password does not fit. Please check it, and try again."), parameter="current"
    ),
    Change.WRONG_CODE: WRONG_CODE,
    Change.NO_SECOND_FACTOR: NO_SECOND_FACTOR,
}
# Who presses the button twice comes here: the first press has ended the sign-in that the second one came with.
_ENDED_MEANWHILE = Fault(
    Sentence(
        "Your sign-in has ended meanwhile. Has your password just been changed? Then please sign in with the new one."
    )
)
_SIGN_IN_FIRST = "/oauth/login?next=%2Foauth%2Fpassword"
CHANGED = "password_changed"  # what the page after it tells once; kept in the browser's session until then


@blp.get("/password")
def show() -> AnyResponse:
    """Show the form. Its tick, to sign applications out as well, is set.

    Who changes a password since somebody else knows it cannot be expected to think of the applications that were let
    in with it: one on another's telephone would go on reading for months. What the tick costs is small, since nothing
    is lost by it: a patient's telephone keeps the entries that wait there, and sends them once it is signed in again.
    Who only wants another password, and has a telephone that is to send meanwhile, takes the tick away.
    """
    found = _signed_in()
    return go(_SIGN_IN_FIRST) if found is None else page("password.html", **_shown(*found))


@blp.post("/password")
def change() -> AnyResponse:
    """Change the password. A new one that will not do is told first: it uses up neither an attempt nor a code."""
    require_form_token(session, request.form.get("form_token", ""))
    was_signed_in, found = "user_id" in session, _signed_in()
    if found is None:
        return _ended_meanwhile() if was_signed_in else go(_SIGN_IN_FIRST)
    current, new = request.form.get("current", ""), request.form.get("password", "")
    fault = fault_of_new(found[0].username)
    if fault is None and normal(new) == normal(current):
        fault = _SAME_AS_BEFORE
    if fault is not None:
        return page("password.html", HTTPStatus.UNPROCESSABLE_ENTITY, **_shown(*found), fault=fault)
    led_to = _try_change(found[0], current, new)
    if led_to is Change.SIGNED_OUT:
        return _ended_meanwhile()
    if led_to is not Change.DONE:
        return page("password.html", HTTPStatus.UNAUTHORIZED, **_shown(*found), fault=_FAULTS[led_to])
    return go("/oauth/login")


def _try_change(user: User, current: str, new: str) -> Change:
    with unit_of_work(everywhere=True) as db_session:
        begun = own_password.begin_change(db_session, user, parts().key_service, parts().now())
    if not isinstance(begun, Begun):
        return begun
    checked = our_passwords().check(begun.password_hash, current)
    acts = current_app.extensions["on_credentials_reset"] if _ends_apps() else ()
    wanted = own_password.Wanted(
        our_passwords().hash(new) if checked.is_right else None, request.form.get("code", ""), acts
    )
    with unit_of_work(everywhere=True) as db_session:
        at = parts().now()  # not when the request came: since then somebody may have signed in with the old password
        led_to = own_password.end_change(db_session, session, begun, wanted, at)
        tell_trail(db_session, begun.user_id, "changePassword", is_done=led_to is Change.DONE)
    if led_to is Change.DONE:
        use_cases.sign_in(session, user, at)
        session[CHANGED] = "apps" if _ends_apps() else "browsers"
    return led_to


def _signed_in() -> tuple[User, bool] | None:
    """Give who is signed in, and whether their code is asked for; None for nobody."""
    with reading(everywhere=True) as db_session:
        user = use_cases.signed_in_user(db_session, session, parts().now())
        return None if user is None else (user, own_password.asks_code(db_session, user))


def _ended_meanwhile() -> AnyResponse:
    return page("login.html", HTTPStatus.UNAUTHORIZED, next="/oauth/password", fault=_ENDED_MEANWHILE)


def _ends_apps() -> bool:
    return "apps" in request.form


def _shown(user: User, asks_code: bool) -> dict[str, Any]:  # noqa: FBT001
    """Say what the form is made of; one that is shown again keeps its tick as it was."""
    return {"username": user.username, "asks_code": asks_code, "ends_apps": request.method != "POST" or _ends_apps()}
