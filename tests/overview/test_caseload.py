"""The caseload: who wrote, who fell silent, what rose, who comes next; and that the brief says the same."""

from typing import Any

import pytest
from clocks import ago

pytestmark = pytest.mark.one_database


def brief(clinic: Any) -> Any:
    return clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/brief")


class TestCaseload:
    def test_who_wrote_who_fell_silent_and_who_comes_next(self, course: Any) -> None:
        path = f"/v1/patients/{course.ids['tom']}/care-team"
        body = {"members": [{"clinician_id": course.ids["therapist"]}]}
        course.admin.put(path, body, if_match=course.admin.etag(path))
        course.write("Rain.", ago(2))
        course.write("Sun.", ago(1))
        entry = {"text": "Long ago.", "written_at": ago(30), "visibility": "care_team"}
        course.tom.create("/v1/journal-entries", entry)
        maya, tom = course.therapist.read("/v1/caseload")["items"]
        assert (maya["patient_name"], maya["entries_this_week"], maya["is_silent"]) == ("Maya", 2, False)
        assert maya["next_session"]["kind"] == "integration"
        assert (tom["entries_this_week"], tom["is_silent"], tom["next_session"]) == (0, True, None)

    @pytest.mark.parametrize("status", ["completed", "in_progress"])
    def test_who_comes_next_is_planned_and_the_brief_says_the_same(self, course: Any, status: str) -> None:
        course.hold_session(course.ids["course"], ago(-0.5), "psychotherapy", status=status)  # by a clock that is fast
        course.hold_session(course.ids["course"], ago(-60), "psychotherapy", status="planned")
        (glance,) = course.therapist.read("/v1/caseload")["items"]
        assert brief(course)["next_session"] == glance["next_session"]
        assert glance["next_session"]["kind"] == "integration"

    def test_what_rose_this_week(self, course: Any) -> None:
        for days in range(60, 8, -4):
            course.write("Went for a walk, cooked, wrote letters to nobody, slept.", ago(days))
        for days in (6, 5, 4, 3, 2, 1):
            course.write("I miss my father. I cried for him. The grief is back, all of it, grief.", ago(days))
        (maya,) = course.therapist.read("/v1/caseload")["items"]
        assert "grief" in {each["theme"] for each in maya["risen"]}

    def test_what_rose_in_notes_alone(self, course: Any) -> None:
        """The patient has written nothing this week; the brief tells of what the notes speak of, and so must this."""
        for days in range(60, 8, -4):
            course.note("Patient told of a walk, of cooking and of a letter that was never sent.", written_at=ago(days))
        for days in (3, 2, 1):
            text = "Patient misses his father. Much grief. He cried for him, the grief is back."
            course.note(text, written_at=ago(days))
        (maya,) = course.therapist.read("/v1/caseload")["items"]
        told = {each["theme"] for each in brief(course)["lines"] if each["kind"] == "rising"}
        assert "grief" in told & {each["theme"] for each in maya["risen"]}
        assert (maya["entries_this_week"], maya["last_entry_at"], maya["is_silent"]) == (0, None, False)

    def test_what_a_phone_wrote_far_ahead_does_not_rise_every_week(self, course: Any) -> None:
        for days in range(60, 0, -4):
            course.write("Went for a walk, cooked, wrote letters to nobody, slept.", ago(days))
        for day in range(1, 7):
            course.write("I miss my father. I cried for him. Grief, all of it.", f"2040-01-0{day}T10:00:00Z")
        (maya,) = course.therapist.read("/v1/caseload")["items"]
        assert maya["entries_this_week"] > 0
        assert "grief" not in {each["theme"] for each in maya["risen"]}
        assert "rising" not in {each["kind"] for each in brief(course)["lines"]}

    def test_a_private_entry_is_silence_to_the_team(self, course: Any) -> None:
        course.write("Mine.", ago(1), visibility="private")
        (maya,) = course.therapist.read("/v1/caseload")["items"]
        assert (maya["entries_this_week"], maya["last_entry_at"]) == (0, None)

    def test_it_comes_by_the_page(self, course: Any) -> None:
        path = f"/v1/patients/{course.ids['tom']}/care-team"
        body = {"members": [{"clinician_id": course.ids["therapist"]}]}
        course.admin.put(path, body, if_match=course.admin.etag(path))
        first = course.therapist.read("/v1/caseload?limit=1")
        second = course.therapist.read(f"/v1/caseload?limit=1&cursor={first['next_cursor']}")
        assert [each["items"][0]["patient_name"] for each in (first, second)] == ["Maya", "Tom"]
