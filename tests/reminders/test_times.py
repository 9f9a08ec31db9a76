"""Times of day where the patient is: quiet hours, and days on which the clock is changed."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from integration_api.reminders.times import Quiet, Window, on_day, out_of_quiet

pytestmark = pytest.mark.database_free
MADRID = ZoneInfo("Europe/Madrid")
ALWAYS = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (date(2026, 3, 28), time(18), "2026-03-28T17:00:00+00:00"),
        (date(2026, 3, 29), time(18), "2026-03-29T16:00:00+00:00"),  # summer time has begun that night
        (
            date(2026, 3, 29),
            time(2, 30),
            "2026-03-29T01:30:00+00:00",
        ),  # there is no half past two: it is half past three
        (date(2026, 10, 25), time(2, 30), "2026-10-25T00:30:00+00:00"),  # there are two: the first
        (date(2026, 10, 26), time(18), "2026-10-26T17:00:00+00:00"),
    ],
)
def test_a_time_of_day_is_what_the_clock_there_says(day: date, at: time, expected: str) -> None:
    assert on_day(day, at, MADRID).astimezone(UTC).isoformat() == expected


@pytest.mark.parametrize(
    ("quiet", "due", "expected"),
    [
        (Quiet(), "2026-03-02T20:59:00+01:00", "2026-03-02T20:59:00+01:00"),
        (Quiet(), "2026-03-02T21:00:00+01:00", "2026-03-03T08:00:00+01:00"),
        (Quiet(), "2026-03-03T03:00:00+01:00", "2026-03-03T08:00:00+01:00"),
        (Quiet(), "2026-03-03T08:00:00+01:00", "2026-03-03T08:00:00+01:00"),
        (Quiet(), "2026-03-28T22:00:00+01:00", "2026-03-29T08:00:00+02:00"),  # over the night of the change
        (Quiet(time(13), time(15)), "2026-03-02T13:00:00+01:00", "2026-03-02T15:00:00+01:00"),
        (Quiet(time(13), time(15)), "2026-03-02T14:00:00+01:00", "2026-03-02T15:00:00+01:00"),
        (Quiet(time(13), time(15)), "2026-03-02T22:00:00+01:00", "2026-03-02T22:00:00+01:00"),
        (Quiet(time(9), time(9)), "2026-03-02T09:00:00+01:00", "2026-03-02T09:00:00+01:00"),
    ],
)
def test_quiet_hours_are_waited_out(quiet: Quiet, due: str, expected: str) -> None:
    found = out_of_quiet(datetime.fromisoformat(due), ALWAYS, quiet, MADRID)
    assert found is not None
    assert found.isoformat() == expected


def test_what_would_come_too_late_after_them_does_not_come() -> None:
    window = Window(ALWAYS.opens_at, datetime(2026, 3, 3, 5, tzinfo=UTC))
    assert out_of_quiet(datetime(2026, 3, 2, 21, tzinfo=UTC), window, Quiet(), MADRID) is None
