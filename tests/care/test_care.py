"""Courses, sessions, dosing and vitals."""

from typing import Any

import pytest
from waiting import is_free_meanwhile

COURSES, SESSIONS = "/v1/courses", "/v1/sessions"


def pointer(answer: Any) -> str:
    assert answer.status_code == 422, answer.text
    return str(answer.json["errors"][0]["pointer"])


@pytest.fixture
def course(clinic: Any) -> str:
    return str(clinic.open_course()["id"])


def test_a_course_has_its_status_and_dates(clinic: Any) -> None:
    made = clinic.open_course(indication="Depression", started_on="2026-03-01")
    path = f"{COURSES}/{made['id']}"
    answer = clinic.therapist.patch(path, {"status": "completed", "ended_on": "2026-06-30"}, if_match="*")
    assert (answer.json["status"], answer.json["ended_on"], answer.json["indication"]) == (
        "completed",
        "2026-06-30",
        "Depression",
    )
    assert pointer(clinic.therapist.patch(path, {"ended_on": "2026-01-01"}, if_match="*")) == "/ended_on"
    assert pointer(clinic.therapist.patch(path, {"patient_id": clinic.ids["tom"]}, if_match="*")) == "/patient_id"
    found = clinic.therapist.read(f"{COURSES}?status=completed&patient_id={clinic.ids['maya']}")["items"]
    assert [each["id"] for each in found] == [made["id"]]


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_course_that_is_taken_up_again_has_not_ended(clinic: Any, course: str, status: str) -> None:
    path = f"/v1/courses/{course}"
    over = {"status": status, "ended_on": "2026-06-30"}
    assert clinic.therapist.patch(path, over, if_match="*").json["ended_on"] == "2026-06-30"
    assert clinic.therapist.patch(path, {"indication": "Low mood"}, if_match="*").json["ended_on"] == "2026-06-30"
    assert clinic.therapist.patch(path, {"status": "active"}, if_match="*").json["ended_on"] is None
    clinic.therapist.patch(path, over, if_match="*")
    meant = {"status": "active", "ended_on": "2026-09-30"}
    assert clinic.therapist.patch(path, meant, if_match="*").json["ended_on"] == "2026-09-30"


def test_a_dose_is_reckoned_by_weight_with_its_bioavailability_and_source(clinic: Any, course: str) -> None:
    dosing = {"route": "intramuscular", "dose_mg": 70, "weight_kg": 64}
    given = clinic.hold_session(course, "2026-03-08T10:00:00Z", dosing=dosing)["dosing"]
    assert given["dose_mg_per_kg"] == 1.094
    estimate = given["estimated_bioavailability"]
    assert 0 < estimate["low"] <= estimate["high"] <= 1
    assert estimate["source"]


@pytest.mark.parametrize("route", ["intravenous", "intramuscular", "intranasal", "sublingual", "oral"])
def test_every_route_has_an_estimate(clinic: Any, course: str, route: str) -> None:
    made = clinic.hold_session(course, "2026-03-08T10:00:00Z", dosing={"route": route})
    assert made["dosing"]["estimated_bioavailability"]["source"]
    assert made["dosing"]["dose_mg_per_kg"] is None


def test_dosing_sessions_are_counted_in_the_order_of_time(clinic: Any, course: str) -> None:
    late = clinic.hold_session(course, "2026-03-15T10:00:00Z")
    early = clinic.hold_session(course, "2026-03-08T10:00:00Z")
    talk = clinic.hold_session(course, "2026-03-10T10:00:00Z", "integration")
    path = f"{SESSIONS}/{late['id']}"
    assert (late["sequence"], early["sequence"], talk["sequence"]) == (1, 1, None)
    assert clinic.maya.read(path)["sequence"] == 2
    clinic.therapist.patch(f"{SESSIONS}/{early['id']}", {"status": "cancelled"}, if_match="*")
    assert clinic.maya.read(path)["sequence"] == 1


def test_sessions_are_found_by_kind_status_and_time(clinic: Any, course: str) -> None:
    clinic.hold_session(course, "2026-03-08T10:00:00Z")
    talk = clinic.hold_session(course, "2026-03-10T10:00:00Z", "integration", status="planned")
    for query in ("kind=integration", "status=planned", "since=2026-03-09T00:00:00Z"):
        found = clinic.maya.read(f"{SESSIONS}?{query}")["items"]
        assert [each["id"] for each in found] == [talk["id"]]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"ends_at": "2026-03-08T09:00:00Z"}, "/ends_at"),
        ({"kind": "integration"}, "/dosing"),
        ({"kind": "party"}, "/kind"),
        ({"setting": "beach"}, "/setting"),
        ({"dosing": {"dose_mg": -1}}, "/dosing/dose_mg"),
        ({"dosing": {"dose_mg": 1e400}}, "/dosing/dose_mg"),
        ({"dosing": {"route": "rectal"}}, "/dosing/route"),
        ({"starts_at": "2026-03-08T10:00:00"}, "/starts_at"),
    ],
)
def test_what_cannot_be_is_refused(clinic: Any, course: str, change: Any, place: str) -> None:
    body = {"course_id": course, "kind": "dosing", "starts_at": "2026-03-08T10:00:00Z", "dosing": {"dose_mg": 70}}
    if change == {"dosing": {"dose_mg": 1e400}}:
        change = {"dosing": {"dose_mg": 10**30}}
    assert pointer(clinic.therapist.post(SESSIONS, body | change)) == place
    assert clinic.therapist.read(SESSIONS)["items"] == []


class TestWhatIsStillToCome:
    """A session is held once it has begun, a day for clocks and zones; the clock stands at `DOSING`."""

    @pytest.fixture(autouse=True)
    def _now(self, set_clock: Any) -> None:
        set_clock()

    @pytest.mark.parametrize("status", ["in_progress", "completed"])
    def test_a_session_far_ahead_is_not_held_yet(self, clinic: Any, course: str, status: str) -> None:
        body = {"course_id": course, "kind": "dosing", "starts_at": "2026-03-03T15:00:01Z"}
        assert pointer(clinic.therapist.post(SESSIONS, body | {"status": status})) == "/status"
        path = f"{SESSIONS}/{clinic.therapist.create(SESSIONS, body)['id']}"
        assert pointer(clinic.therapist.patch(path, {"status": status}, if_match="*")) == "/status"
        assert pointer(clinic.therapist.put(path, body | {"status": status}, if_match="*")) == "/status"
        assert clinic.therapist.read(path)["status"] == "planned"
        nearer = {"status": status, "starts_at": "2026-03-03T15:00:00Z"}
        assert clinic.therapist.patch(path, nearer, if_match="*").json["status"] == status
        assert pointer(clinic.therapist.patch(path, {"starts_at": "2026-03-09T15:00:00Z"}, if_match="*")) == "/status"

    def test_one_that_was_said_to_be_held_once_can_still_be_described(
        self, clinic: Any, course: str, set_clock: Any
    ) -> None:
        set_clock(days=30)
        path = f"{SESSIONS}/{clinic.hold_session(course, '2026-03-20T10:00:00Z')['id']}"
        set_clock()
        assert clinic.therapist.patch(path, {"setting": "home"}, if_match="*").json["setting"] == "home"

    def test_vitals_are_of_the_session_and_of_now(self, clinic: Any, course: str) -> None:
        path = f"{SESSIONS}/{clinic.hold_session(course, '2026-02-20T10:00:00Z')['id']}/vitals"
        for at in ("2026-02-19T00:00:00Z", "2026-02-20T10:20:00Z", "2026-03-03T15:00:00Z"):
            assert clinic.therapist.create(path, {"at": at, "spo2_percent": 98})["at"] == at
        for at in ("1999-02-20T10:20:00Z", "2026-02-18T23:59:59Z", "2026-03-03T15:00:01Z", "2199-02-20T10:20:00Z"):
            assert pointer(clinic.therapist.post(path, {"at": at, "spo2_percent": 98})) == "/at"
        assert len(clinic.maya.read(path)["items"]) == 3


class TestVitals:
    @pytest.fixture
    def path(self, clinic: Any, course: str) -> str:
        return f"{SESSIONS}/{clinic.hold_session(course, '2026-03-08T10:00:00Z')['id']}/vitals"

    def test_readings_stand_in_the_order_of_time(self, clinic: Any, path: str) -> None:
        for minute in (40, 0, 20):
            clinic.therapist.create(path, {"at": f"2026-03-08T10:{minute:02}:00Z", "heart_rate_bpm": 60 + minute})
        assert [each["heart_rate_bpm"] for each in clinic.maya.read(path)["items"]] == [60, 80, 100]
        session = clinic.maya.read(path.removesuffix("/vitals"))
        assert [each["heart_rate_bpm"] for each in session["vitals"]] == [60, 80, 100]

    def test_a_mistaken_reading_is_struck(self, clinic: Any, path: str) -> None:
        made = clinic.therapist.create(path, {"at": "2026-03-08T10:00:00Z", "spo2_percent": 9})
        one = f"{path}/{made['id']}"
        assert clinic.therapist.delete(one, if_match=clinic.therapist.etag(one)).status_code == 204
        assert clinic.maya.read(path)["items"] == []

    @pytest.mark.parametrize(
        ("signs", "place"),
        [
            ({}, ""),
            ({"spo2_percent": 101}, "/spo2_percent"),
            ({"heart_rate_bpm": "70"}, "/heart_rate_bpm"),
            ({"systolic_mmhg": 80, "diastolic_mmhg": 120}, "/diastolic_mmhg"),
            ({"systolic_mmhg": 80, "diastolic_mmhg": 80}, "/diastolic_mmhg"),
        ],
    )
    def test_what_cannot_be_measured_is_refused(self, clinic: Any, path: str, signs: Any, place: str) -> None:
        assert pointer(clinic.therapist.post(path, {"at": "2026-03-08T10:00:00Z", **signs})) == place
        assert clinic.maya.read(path)["items"] == []


@pytest.mark.parametrize("held", ["documents", "mood_check_ins"])
def test_a_session_waits_for_what_it_ties_with_nothing_in_its_hands(clinic: Any, course: str, held: str) -> None:
    """Whoever changes an entry holds it, and then wants its patient's stamp."""
    made = clinic.hold_session(course, "2026-03-08T10:00:00Z")
    entry = clinic.write("Slow morning.")["id"]
    check_in = clinic.maya.create("/v1/mood-check-ins", {"valence": 1, "arousal": 1, "visibility": "care_team"})["id"]
    rows = (
        (held, "id", entry if held == "documents" else check_in),
        ("patient_stamps", "patient_id", clinic.ids["maya"]),
    )
    caller, change = clinic.therapist, {"starts_at": "2026-03-01T10:00:00Z"}
    is_free, answer = is_free_meanwhile(
        clinic.app, *rows, lambda: caller.patch(f"{SESSIONS}/{made['id']}", change, if_match="*")
    )
    assert (is_free, answer.status_code) == (True, 200)


def test_nothing_is_planned_in_a_course_that_is_cancelled(clinic: Any, course: str) -> None:
    """Else its patient is reminded of it after all, and asked to get ready."""
    planned = {"course_id": course, "kind": "dosing", "starts_at": "2200-01-01T00:00:00Z"}
    made = clinic.therapist.create(SESSIONS, planned)
    begun = clinic.hold_session(course, "2026-02-20T10:00:00Z", status="planned")  # nobody has closed it
    clinic.therapist.patch(f"{COURSES}/{course}", {"status": "cancelled"}, if_match="*")
    assert clinic.therapist.read(f"{SESSIONS}/{begun['id']}")["status"] == "planned"  # it may have been held
    session = f"{SESSIONS}/{made['id']}"
    for answer in (
        clinic.therapist.post(SESSIONS, planned),
        clinic.therapist.patch(session, {"status": "planned"}, if_match="*"),
    ):
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/status")
    assert clinic.therapist.read(session)["status"] == "cancelled"
    held = clinic.hold_session(course, "2026-03-01T10:00:00Z", status="completed")  # what was held may be put down
    assert clinic.therapist.patch(session, {"setting": "home"}, if_match="*").status_code == 200
    clinic.therapist.patch(f"{COURSES}/{course}", {"status": "active"}, if_match="*")
    for each in (made, held):
        answer = clinic.therapist.patch(f"{SESSIONS}/{each['id']}", {"status": "planned"}, if_match="*")
        assert answer.status_code == 200


@pytest.mark.parametrize("held", ["courses", "sessions"])
def test_a_course_that_is_cancelled_waits_with_nothing_in_its_hands(clinic: Any, course: str, held: str) -> None:
    """Whoever changes a course, or a session, holds it, and then wants its patient's stamp."""
    clinic.hold_session(course, "2199-03-08T10:00:00Z", status="planned")
    last = clinic.hold_session(course, "2199-03-15T10:00:00Z", status="planned")["id"]
    rows = (held, "id", course if held == "courses" else last), ("patient_stamps", "patient_id", clinic.ids["maya"])
    caller = clinic.therapist
    is_free, answer = is_free_meanwhile(
        clinic.app, *rows, lambda: caller.patch(f"{COURSES}/{course}", {"status": "cancelled"}, if_match="*")
    )
    assert (is_free, answer.status_code) == (True, 200)
    assert clinic.maya.read(f"{SESSIONS}/{last}")["status"] == "cancelled"
