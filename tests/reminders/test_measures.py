"""Reminders of measures, over HTTP: when they come, how often, and until when."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

REMINDERS, DUE = "/v1/me/reminders", "/v1/me/measures-due"
START = "2026-03-02T15:00:00Z"
Clock = Callable[..., datetime]
pytestmark = pytest.mark.usefixtures("three_days_before")


def asked_of_measures(clinic: Any, query: str = "") -> list[tuple[str, int, str, str]]:
    """Tell when one is reminded of measures, how often, where to look, and how the words begin."""
    items = clinic.maya.read(f"{REMINDERS}?{query}")["items"]
    told = [each for each in items if each["kind"] == "measure"]
    return [
        (each["due_at"], each["repeat"]["every_days"], each["link"], re.split(" (?:is|are) ", each["body"])[0])
        for each in told
    ]


def test_a_measure_that_is_due_comes_back_weekly_until_it_is_answered(clinic: Any, set_clock: Clock) -> None:
    assert asked_of_measures(clinic) == []  # nobody is asked who is not in treatment
    clinic.open_course(started_on="2026-03-02")
    set_clock(days=1)
    assert asked_of_measures(clinic) == [("2026-03-09T18:00:00Z", 7, DUE, "3 short forms")]
    clinic.maya.create(
        "/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 9, "answered_at": "2026-03-03T09:00:00Z"}
    )
    assert asked_of_measures(clinic) == [
        ("2026-03-09T18:00:00Z", 7, DUE, "2 short forms"),
        ("2026-03-17T18:00:00Z", 7, "/v1/measures/phq_9", "A short form"),  # when it is due in its turn
    ]


def test_what_is_told_with_a_daily_one_goes_on_weekly_when_that_is_over(clinic: Any, session: Any) -> None:
    given = {"measure": "gad_7", "answers": [0] * 7, "answered_at": "2026-02-24T15:00:00Z"}
    clinic.maya.create("/v1/measure-responses", given)
    path = f"/v1/courses/{session['course_id']}"
    clinic.therapist.patch(path, {"started_on": "2026-02-20"}, if_match=clinic.therapist.etag(path))
    assert asked_of_measures(clinic) == [
        ("2026-02-27T18:00:00Z", 1, DUE, "3 short forms"),
        ("2026-03-06T18:00:00Z", 7, "/v1/measures/pcl_5", "A short form"),  # the two others are over with the session
    ]


def test_a_measure_before_a_dosing_is_reminded_of_before_it_and_not_after(clinic: Any, set_clock: Clock) -> None:
    set_clock(days=-30)
    course = clinic.open_course(started_on="2026-01-31")["id"]
    clinic.hold_session(course, START, status="planned")
    set_clock(days=-6)
    for measure, count in (("phq_9", 9), ("gad_7", 7), ("pcl_5", 20)):
        given = {"measure": measure, "answers": [0] * count, "answered_at": "2026-02-24T15:00:00Z"}
        clinic.maya.create("/v1/measure-responses", given)
    seen = []
    for days in (-6, -2.5, -1.5, -0.5, 0.5):  # it is asked for from three days before, and the app asks when it likes
        set_clock(days=days)
        told = asked_of_measures(clinic, "timezone=America/New_York")
        seen += [(due_at, every_days) for due_at, every_days, _, says in told if says == "2 short forms"]
    assert seen == [
        ("2026-02-27T18:00:00-05:00", 1),
        ("2026-02-28T18:00:00-05:00", 1),
        ("2026-03-01T18:00:00-05:00", 1),
        ("2026-03-09T18:00:00-04:00", 7),  # a week after it; on the eve of the session there was none to come
    ]


def test_a_dosing_that_is_called_off_asks_for_nothing(clinic: Any, session: Any, set_clock: Clock) -> None:
    clinic.maya.create(
        "/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 9, "answered_at": "2026-02-24T15:00:00Z"}
    )

    def reasons() -> set[str]:
        return {each["reason"] for each in clinic.maya.read(DUE)["items"] if each["measure"] == "phq_9"}

    assert reasons() == {"before_dosing"}
    path = f"/v1/sessions/{session['id']}"
    assert clinic.therapist.patch(path, {"status": "cancelled"}, if_match="*").status_code == 200
    assert reasons() == set()
    set_clock(days=8)  # a week after it would have been
    assert "after_dosing" not in reasons()


def test_a_measure_that_comes_due_in_the_evening_is_reminded_of_the_next_one(clinic: Any, set_clock: Clock) -> None:
    clinic.open_course(started_on="2026-02-01")
    clinic.maya.create(
        "/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 9, "answered_at": "2026-02-20T20:00:00Z"}
    )
    for days in (0, 4.2):  # the 6th of March at eight is when two weeks are over
        set_clock(days=days)
        (told,) = (each for each in clinic.maya.read(REMINDERS)["items"] if each["link"] == "/v1/measures/phq_9")
        assert told["due_at"] == "2026-03-07T18:00:00Z"


def test_who_comes_back_for_another_course_is_reminded_from_its_beginning(clinic: Any, set_clock: Clock) -> None:
    old = clinic.open_course(status="completed", started_on="2025-04-01")["id"]
    clinic.hold_session(old, "2025-05-01T15:00:00Z")
    for measure, count, month in (("phq_9", 9, "06"), ("gad_7", 7, "04")):
        answered = {"measure": measure, "answers": [1] * count, "answered_at": f"2025-{month}-01T10:00:00Z"}
        clinic.maya.create("/v1/measure-responses", answered)
    clinic.open_course(started_on="2026-03-10")
    set_clock(days=10)
    asked = clinic.maya.read("/v1/me/measures-due")["items"]
    assert [(each["measure"], each["reason"], each["since"]) for each in asked] == [
        ("gad_7", "after_dosing", "2026-03-10T00:00:00Z"),
        ("pcl_5", "first", "2026-03-10T00:00:00Z"),
        ("phq_9", "in_turn", "2026-03-10T00:00:00Z"),
    ]
    assert asked_of_measures(clinic) == [("2026-03-17T18:00:00Z", 7, DUE, "3 short forms")]


def test_who_takes_a_course_up_again_is_reminded_weekly_until_it_is_answered(clinic: Any, set_clock: Clock) -> None:
    path = f"/v1/courses/{clinic.open_course(started_on='2026-02-01')['id']}"
    for measure, count in (("phq_9", 9), ("gad_7", 7)):
        given = {"measure": measure, "answers": [0] * count, "answered_at": "2026-02-20T10:00:00Z"}
        clinic.maya.create("/v1/measure-responses", given)
    told = []
    for status, days in (("completed", 10), ("active", 200)):
        clinic.therapist.patch(path, {"status": status}, if_match="*")
        set_clock(days=days)
        told.append(asked_of_measures(clinic))
    # by the weekday that each came due on
    assert told == [
        [],
        [
            ("2026-09-18T18:00:00Z", 7, DUE, "2 short forms"),
            ("2026-09-20T18:00:00Z", 7, "/v1/measures/pcl_5", "A short form"),
        ],
    ]
    etag = clinic.maya.etag(REMINDERS)
    set_clock(days=200.1)
    assert clinic.maya.get(REMINDERS, if_none_match=etag).status_code == 304
    clinic.therapist.patch(path, {"status": "cancelled"}, if_match="*")
    assert asked_of_measures(clinic) == []
