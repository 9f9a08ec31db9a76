"""Who changes their password says whether the applications that were let in go on."""

from typing import Any

import pytest
from sqlalchemy import update

from integration_api.db import unit_of_work
from models import Credential

OLD, NEW = "slow rivers carry stones", "a lantern on the far shore"


def change(oauth: Any, name: str, **said: str) -> int:
    """Send the form as the browser does that this person is signed in in."""
    browser = oauth.browser(name)
    with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
        db_session.execute(update(Credential).values(password_hash=oauth.app.extensions["passwords"].hash(OLD)))
    browser.get("/oauth/password")
    with browser.session_transaction() as session:
        form = {"form_token": session["form_token"], "current": OLD, "password": NEW, "again": NEW}
    return int(browser.post("/oauth/password", data=form | said).status_code)


def test_with_the_tick_that_is_set_every_token_ends(oauth: Any) -> None:
    tokens, toms = oauth.tokens(), oauth.tokens("tom")
    attempt = oauth.attempt()
    code = oauth.decide(attempt)["code"]
    assert change(oauth, "maya", apps="yes") == 303
    assert oauth.me(tokens["access_token"]) == 401
    assert oauth.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert oauth.redeem(attempt, code).json["error"] == "invalid_grant"
    assert oauth.me(toms["access_token"]) == 200
    assert oauth.refresh(toms["refresh_token"]).status_code == 200


def test_without_it_they_go_on(oauth: Any) -> None:
    tokens = oauth.tokens()
    assert change(oauth, "maya") == 303
    assert oauth.me(tokens["access_token"]) == 200
    assert oauth.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("said", [{"current": "a quite different sentence"}, {"again": "another"}])
def test_they_go_on_where_nothing_was_changed(oauth: Any, said: dict[str, str]) -> None:
    tokens = oauth.tokens()
    assert change(oauth, "maya", apps="yes", **said) in (401, 422)
    assert oauth.me(tokens["access_token"]) == 200


def test_a_consent_that_was_open_in_another_browser_lets_nobody_in(oauth: Any, later: Any) -> None:
    """Whose password somebody knew: that one sits before the question whether an app may come in."""
    attempt, other = oauth.attempt(), oauth.browser("maya")
    csrf = oauth.csrf_in(other.get(attempt.path))
    later(seconds=5)
    assert change(oauth, "maya") == 303
    answer = other.post(attempt.path, data={"csrf": csrf, "decision": "allow"})
    assert answer.location.startswith("/oauth/login?next=")
