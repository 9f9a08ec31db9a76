"""What stands first stands for a day, and that is the patient's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any


def test_the_day_is_that_of_where_the_patient_is(clinic: Any, set_clock: Callable[..., datetime]) -> None:
    """In Tokyo it is midnight at three in the afternoon, by UTC."""
    noon = 12 - set_clock().hour  # hours from the dosing, on its day
    set_clock(hours=noon)
    clinic.maya.patch("/v1/me/reminder-settings", {"timezone": "Asia/Tokyo"}, if_match="*")

    def first(hour: float) -> str:
        set_clock(hours=noon + hour - 12)
        found: str = clinic.maya.read("/v1/prompts?limit=1")["items"][0]["id"]
        return found

    evening, midnight = first(14.5), first(15.5)
    assert evening != midnight
    assert [first(hour) for hour in (23, 24.5, 38)] == [midnight] * 3
    assert first(39.5) != midnight
