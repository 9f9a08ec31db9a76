"""What the tests of the brief and the caseload share."""

from typing import Any

import pytest
from clocks import ago


@pytest.fixture
def course(clinic: Any) -> Any:
    """Three dosing sessions, four weeks apart, the last one a week ago; the next one is planned."""
    made = clinic.open_course()["id"]
    for days in (63, 35, 7):
        clinic.hold_session(made, ago(days), dosing={"route": "intramuscular", "dose_mg": 60})
    clinic.hold_session(made, ago(-3), "integration", status="planned")
    clinic.ids["course"] = made
    return clinic
