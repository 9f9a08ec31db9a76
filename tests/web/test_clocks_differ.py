"""Two machines of one service, whose clocks differ: what one has signed, the other takes."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import itsdangerous.timed
import pytest
from exchanges import SYNC, sync

FORM = "form_token"


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From here on, the clock by which signatures are judged is so many seconds behind the one that signed."""
    now = itsdangerous.timed.time.time

    def set_back(seconds: int) -> None:
        monkeypatch.setattr(itsdangerous.timed, "time", SimpleNamespace(time=lambda: now() - seconds))

    return set_back


@pytest.mark.parametrize(("seconds", "status"), [(2, 200), (3600, 410), (-91 * 24 * 3600, 410)])
def test_a_phone_goes_on_at_the_other_machine(clinic: Any, behind: Any, seconds: int, status: int) -> None:
    token = sync(clinic.maya)["token"]
    behind(seconds)
    assert clinic.maya.post(SYNC, {"token": token, "changes": []}).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(2, 401), (3600, 403), (-9 * 3600, 403)])
def test_a_form_is_taken_by_the_other_machine(clinic: Any, behind: Any, seconds: int, status: int) -> None:
    browser = clinic.app.test_client()
    browser.get("/oauth/login")
    with browser.session_transaction() as found:
        token = found[FORM]
    behind(seconds)
    told = {FORM: token, "username": "nobody", "password": "slow rivers carry stones"}
    assert browser.post("/oauth/login", data=told).status_code == status
