"""/v1/me/reminders and /v1/me/reminder-settings, over HTTP."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from integration_api.db import unit_of_work
from models import Commitment, Course

REMINDERS, SETTINGS = "/v1/me/reminders", "/v1/me/reminder-settings"
NOT_MEASURES = ("writing", "preparation", "commitment")
Clock = Callable[..., datetime]
pytestmark = pytest.mark.usefixtures("three_days_before")


def due(clinic: Any, query: str = "", kind: tuple[str, ...] = NOT_MEASURES) -> dict[str, str]:
    """Tell what is due when, by id; of measures where they are asked for."""
    items = clinic.maya.read(f"{REMINDERS}?{query}")["items"]
    assert [each["due_at"] for each in items] == sorted((each["due_at"] for each in items), key=datetime.fromisoformat)
    return {each["id"]: each["due_at"] for each in items if each["kind"] in kind}


def change(clinic: Any, session: Any, **body: Any) -> None:
    path = f"/v1/sessions/{session['id']}"
    assert clinic.therapist.patch(path, body, if_match=clinic.therapist.etag(path)).status_code == 200


def test_a_session_is_prepared_and_written_of(clinic: Any, session: Any, set_clock: Clock) -> None:
    assert list(due(clinic, kind=("preparation",)).values()) == ["2026-02-28T17:00:00Z", "2026-03-01T17:00:00Z"]
    assert list(due(clinic, kind=("writing",)).values()) == [
        "2026-03-03T10:00:00Z", "2026-03-05T18:00:00Z", "2026-03-09T18:00:00Z", "2026-03-16T18:00:00Z",
    ]  # fmt: skip  # the evening's would fall at nine, when it is quiet
    clinic.maya.create("/v1/intentions", {"text": "To meet it kindly.", "session_id": session["id"]})
    assert list(due(clinic, kind=("preparation",)).values()) == ["2026-03-01T17:00:00Z"]
    set_clock(hours=20)
    clinic.write("It rained.", "2026-03-03T09:00:00Z")
    assert list(due(clinic).values()) == ["2026-03-05T18:00:00Z", "2026-03-09T18:00:00Z", "2026-03-16T18:00:00Z"]
    set_clock(days=30)
    (weekly,) = [each for each in clinic.maya.read(REMINDERS)["items"] if each["kind"] == "writing"]
    assert (weekly["due_at"], weekly["repeat"]) == ("2026-04-06T18:00:00Z", {"every_days": 7})


def test_the_day_before_is_the_day_before_where_the_patient_is(clinic: Any, session: Any) -> None:
    change(clinic, session, starts_at="2026-03-03T01:00:00Z")  # in New York the evening of the second
    told = due(clinic, "timezone=America/New_York", kind=("preparation",))
    assert list(told.values()) == ["2026-02-28T17:00:00-05:00", "2026-03-01T17:00:00-05:00"]


def test_a_session_that_moves_or_is_cancelled(clinic: Any, session: Any) -> None:
    before = due(clinic)
    change(clinic, session, starts_at="2026-03-04T11:00:00Z")
    moved = due(clinic)
    assert before.keys() < moved.keys()  # in the morning, there is an evening to write in besides
    assert all(moved[each] != before[each] for each in before)
    change(clinic, session, status="cancelled")
    assert due(clinic) == {}
    change(clinic, session, status="planned")
    assert due(clinic) == moved
    course = session["course_id"]
    clinic.hold_session(course, "2026-03-07T11:00:00Z", status="planned")
    after = due(clinic, kind=("writing",))
    assert not [each for each in after.values() if each.startswith("2026-03-11T18")]  # the week's is the next one's now
    assert due(clinic) == due(clinic)


def test_the_zone_is_asked_for_or_set_or_known_by_the_last_entry(clinic: Any, set_clock: Clock) -> None:
    session = clinic.hold_session(clinic.open_course()["id"], "2026-03-25T11:00:00Z", status="planned")
    set_clock(days=20)
    assert list(due(clinic).values())[-2:] == ["2026-04-01T18:00:00Z", "2026-04-08T18:00:00Z"]
    madrid = due(clinic, "timezone=Europe/Madrid")
    # summer time begins on the 29th of March: six in the evening stays six in the evening
    assert list(madrid.values())[-2:] == ["2026-04-01T18:00:00+02:00", "2026-04-08T18:00:00+02:00"]
    assert "2026-03-28T18:00:00+01:00" in madrid.values()
    assert madrid.keys() == due(clinic).keys()
    clinic.write("From a train.", "2026-03-20T08:00:00-05:00")
    assert list(due(clinic).values())[-1] == "2026-04-08T18:00:00-05:00"
    east = clinic.write("Further east.", "2026-03-21T08:00:00+05:30")["id"]
    assert list(due(clinic).values())[-1] == "2026-04-08T18:00:00+05:30"
    assert clinic.maya.delete(f"/v1/journal-entries/{east}", if_match="*").status_code == 204
    assert list(due(clinic).values())[-1] == "2026-04-08T18:00:00-05:00"  # what was taken away tells nothing any more
    path = SETTINGS
    changed = clinic.maya.patch(path, {"timezone": "Europe/Madrid"}, if_match=clinic.maya.etag(path))
    assert (changed.status_code, changed.json["version"]) == (200, 1)
    assert due(clinic) == madrid
    assert clinic.maya.get(f"{REMINDERS}?timezone=Mars/Olympus").status_code == 422
    change(clinic, session, status="cancelled")
    assert due(clinic) == {}


def test_a_commitment_on_its_day_and_a_quiet_one_after_two_weeks(clinic: Any, set_clock: Clock) -> None:
    dated = clinic.maya.create("/v1/commitments", {"text": "Walk to the lighthouse.", "due_on": "2026-03-10"})["id"]
    assert list(due(clinic).values()) == ["2026-03-10T10:00:00Z"]
    (told,) = clinic.maya.read(REMINDERS)["items"]
    assert told["link"] == f"/v1/commitments/{dated}"
    clinic.maya.patch(f"/v1/commitments/{dated}", {"due_on": None}, if_match="*")
    assert len(due(clinic, kind=("commitment",))) <= 1  # it was made by the real clock, months after this one
    clinic.maya.patch(f"/v1/commitments/{dated}", {"due_on": "2026-03-12"}, if_match="*")
    assert due(clinic) == {told["id"]: "2026-03-12T10:00:00Z"}
    clinic.maya.patch(f"/v1/commitments/{dated}", {"status": "let_go"}, if_match="*")
    assert due(clinic) == {}


def test_nobody_is_reminded_of_what_a_cancelled_course_had_planned(clinic: Any, session: Any) -> None:
    started = clinic.hold_session(session["course_id"], "2026-02-27T14:00:00Z", kind="preparation", status="planned")
    after = clinic.hold_session(session["course_id"], "2026-03-05T15:00:00Z", kind="integration", status="planned")
    path = f"/v1/courses/{session['course_id']}"
    assert due(clinic, kind=("preparation",))
    cancelled = clinic.therapist.patch(path, {"status": "cancelled"}, if_match=clinic.therapist.etag(path))
    assert (cancelled.status_code, due(clinic)) == (200, {})
    found = clinic.therapist.read(f"/v1/sessions/{session['id']}")
    assert (found["status"], found["sequence"]) == ("cancelled", None)
    assert clinic.therapist.read(f"/v1/sessions/{after['id']}")["status"] == "cancelled"
    assert clinic.maya.read("/v1/me/home")["sessions"]["next"] is None
    clinic.therapist.patch(path, {"status": "active"}, if_match="*")
    assert clinic.therapist.read(f"/v1/sessions/{session['id']}")["status"] == "cancelled"
    assert clinic.therapist.read(f"/v1/sessions/{started['id']}")["status"] == "planned"


@pytest.mark.parametrize("timezone", ["America/New_York", "Asia/Tokyo"])
def test_a_day_out_of_all_reason_is_refused_and_leaves_the_first_screen_whole(clinic: Any, timezone: str) -> None:
    body = {"timezone": timezone}
    assert clinic.maya.patch(SETTINGS, body, if_match=clinic.maya.etag(SETTINGS)).status_code == 200
    treated = {"patient_id": clinic.ids["maya"], "status": "active"}
    for day in ("0001-01-01", "0026-03-12", "1900-01-01", "2200-01-01", "9999-12-31"):
        promised = clinic.maya.post("/v1/commitments", {"text": "Walk.", "due_on": day})
        begun = clinic.therapist.post("/v1/courses", {**treated, "started_on": day})
        status = 201 if day.startswith(("19", "22")) else 422
        assert (promised.status_code, begun.status_code) == (status, status)
    assert clinic.maya.get(REMINDERS).status_code == 200
    assert clinic.maya.get("/v1/me/home").status_code == 200


@pytest.mark.parametrize("timezone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_course_of_a_day_that_no_clock_reaches_holds_nothing_up(clinic: Any, day: date, timezone: str) -> None:
    course = clinic.open_course()["id"]
    with clinic.app.app_context(), unit_of_work() as db_session:
        db_session.execute(update(Course).where(Course.id == UUID(course)).values(started_on=day))
    clinic.maya.patch(SETTINGS, {"timezone": timezone}, if_match="*")
    for path in (REMINDERS, "/v1/me/home", "/v1/me/measures-due"):
        assert clinic.maya.get(path).status_code == 200


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_commitment_of_a_day_that_no_clock_reaches_holds_nothing_up(clinic: Any, day: date) -> None:
    """Such days were taken once, and are stored."""
    clinic.maya.create("/v1/commitments", {"text": "Walk to the lighthouse.", "due_on": "2026-03-10"})
    stored = clinic.maya.create("/v1/commitments", {"text": "Sing.", "due_on": "2026-03-11"})["id"]
    with clinic.app.app_context(), unit_of_work() as db_session:
        db_session.execute(update(Commitment).where(Commitment.id == UUID(stored)).values(due_on=day))
    clinic.maya.patch(SETTINGS, {"timezone": "Pacific/Pago_Pago"}, if_match="*")
    assert list(due(clinic).values()) == ["2026-03-10T10:00:00-11:00"]
    assert clinic.maya.get("/v1/me/home").status_code == 200


def test_what_would_be_said_twice_in_one_minute_is_said_once(clinic: Any, session: Any) -> None:
    clinic.hold_session(session["course_id"], "2026-03-02T12:00:00Z", kind="preparation", status="planned")
    before = due(clinic)
    for day in ("2026-03-10", "2026-03-10", "2026-03-11"):
        clinic.maya.create("/v1/commitments", {"text": "Walk to the lighthouse.", "due_on": day})
    items = [each for each in clinic.maya.read(REMINDERS)["items"] if each["kind"] in NOT_MEASURES]
    told = [(each["due_at"][:10], each["link"], each["body"][:36]) for each in items if each["kind"] != "writing"]
    alone = items[-2]["link"]
    assert told == [
        ("2026-02-28", f"/v1/sessions/{session['id']}", "If you like, write down what you wou"),
        ("2026-03-01", "/v1/sessions?status=planned", "There are 2 things in your calendar "),
        ("2026-03-10", "/v1/commitments?status=open", "You asked to be reminded of 2 things"),
        ("2026-03-11", alone, "You asked to be reminded of somethin"),
    ]
    assert all(clinic.maya.get(link).status_code == 200 for _, link, _ in told)
    change(clinic, session, starts_at="2026-03-04T15:00:00Z")
    assert before.keys() < due(clinic).keys()  # two again, each under an id of its own


def test_what_is_moved_out_of_quiet_hours_waits_for_their_end_though_its_own_time_is_past(
    clinic: Any, set_clock: Clock
) -> None:
    quiet = {"since": "17:00", "until": "08:00"}
    body = {"timezone": "America/Chicago", "quiet": quiet}
    assert clinic.maya.patch(SETTINGS, body, if_match=clinic.maya.etag(SETTINGS)).status_code == 200
    clinic.open_course(started_on="2026-03-05")  # where Maya is, it is still the 4th when it begins: weekly from there
    for minutes in (-1, 1, 12 * 60):
        set_clock(days=16, hours=8, minutes=minutes)  # about six in the evening of the 18th
        assert set(due(clinic, kind=("measure",)).values()) == {"2026-03-19T08:00:00-05:00"}
    set_clock(days=16, hours=8 + 14, minutes=1)
    assert set(due(clinic, kind=("measure",)).values()) == {"2026-03-26T08:00:00-05:00"}


def test_settings_are_ones_own_and_ask_which_version_is_meant(clinic: Any, session: Any) -> None:
    found = clinic.maya.get(SETTINGS)
    assert found.json == {
        "kinds": {"writing": True, "preparation": True, "commitment": True, "measure": True},
        "quiet": {"since": "21:00", "until": "08:00"},
        "timezone": None,
        "version": 0,
    }
    assert clinic.maya.patch(SETTINGS, {"kinds": {"writing": False}}).status_code == 428
    etag = found.headers["ETag"]
    quiet = {"since": "16:30", "until": "20:00"}
    changed = clinic.maya.patch(SETTINGS, {"kinds": {"writing": False}, "quiet": quiet}, if_match=etag)
    assert (changed.status_code, changed.json["kinds"]["writing"], changed.json["quiet"]) == (200, False, quiet)
    assert clinic.maya.patch(SETTINGS, {"timezone": "Europe/Madrid"}, if_match=etag).status_code == 412
    assert list(due(clinic).values()) == ["2026-02-28T20:00:00Z", "2026-03-01T20:00:00Z"]
    assert clinic.tom.read(SETTINGS)["version"] == 0
    for bad in ({"quiet": {"since": "25:00"}}, {"timezone": "Mars"}, {"kinds": {"parties": True}}):
        assert clinic.maya.patch(SETTINGS, bad, if_match="*").status_code == 422
    for who in ("therapist", "admin"):
        assert clinic.caller(who).get(SETTINGS).status_code == 403
        assert clinic.caller(who).get(REMINDERS).status_code == 403


def test_a_locked_screen_tells_a_stranger_nothing(clinic: Any, session: Any) -> None:
    clinic.hold_session(session["course_id"], "2026-03-02T12:00:00Z", kind="preparation", status="planned")
    for day in ("2026-03-09", "2026-03-10", "2026-03-10"):
        clinic.maya.create("/v1/commitments", {"text": "Walk to the lighthouse.", "due_on": day})
    telling = re.compile(
        r"ketamin|dos[ei]|session|sesi[oó]n|t[eh]+rap|cl[ií]nic|lighthouse|mg\b|depress", re.IGNORECASE
    )
    for language in ("en", "es"):
        answer = clinic.maya.get(REMINDERS, headers={"Accept-Language": language})
        assert answer.headers["Content-Language"] == language
        assert {each["kind"] for each in answer.json["items"]} == {*NOT_MEASURES, "measure"}
        assert len(re.findall(r'"body": ?"[^"]*\b[23] ', answer.text)) == 3, answer.text
        for each in answer.json["items"]:
            assert each["language"] == language
            assert not telling.search(each["title"] + each["body"])


def test_reminders_come_by_the_page(clinic: Any, session: Any) -> None:
    first = clinic.maya.read(f"{REMINDERS}?limit=5")
    rest = clinic.maya.read(f"{REMINDERS}?limit=5&cursor={first['next_cursor']}")
    assert [each["id"] for each in first["items"] + rest["items"]] == list(due(clinic, kind=(*NOT_MEASURES, "measure")))
    assert rest["next_cursor"] is None
