"""Three days before a dosing session that is planned."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

START = "2026-03-02T15:00:00Z"


@pytest.fixture
def three_days_before(clinic: Any, set_clock: Callable[..., datetime]) -> None:
    set_clock(days=-3)


@pytest.fixture
def session(clinic: Any) -> Any:
    return clinic.hold_session(clinic.open_course()["id"], START, status="planned")
