"""Journal entries over HTTP: writing, reading, changing, deleting."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

ENTRIES = "/v1/journal-entries"
LATE_EVENING = "2026-03-09T23:30:00-05:00"


def test_an_entry_comes_back_as_it_was_written(clinic: Any) -> None:
    text = "Walked to the harbour 🚶🏽‍♀️.\n\nI miss him — كل يوم — every time."
    made = clinic.write(text, LATE_EVENING, mood={"valence": 2, "arousal": -3})
    read = clinic.maya.read(f"{ENTRIES}/{made['id']}")
    assert read == made
    assert read["text"] == text
    assert read["written_at"] == LATE_EVENING
    assert read["mood"] == {"valence": 2, "arousal": -3}
    assert read["patient_id"] == clinic.ids["maya"]
    assert read["version"] == 1
    assert read["safety"] is None


def test_themes_are_found_in_the_same_request_with_the_writers_own_words(clinic: Any) -> None:
    made = clinic.write("😶‍🌫️ I am not afraid of dying any more.")
    assert made["tagging"]["state"] == "done"
    assert made["tagging"]["pipeline_version"]
    (mention,) = [each for each in made["themes"] if each["theme"] == "mortality"]
    assert made["text"][mention["start"] : mention["end"]] == mention["quote"]
    assert "afraid of dying" in mention["quote"]
    assert (mention["facet"], mention["assertion"]) == ("meaning", "negated")
    assert 0 < mention["score"] <= 1
    assert (mention["source"], mention["review"]) == ("lexicon", None)


def test_an_entry_is_private_unless_its_writer_shares_it(clinic: Any) -> None:
    made = clinic.maya.create(ENTRIES, {"text": "For me alone."})
    assert made["visibility"] == "private"
    assert clinic.therapist.get(f"{ENTRIES}/{made['id']}").status_code == 404
    assert clinic.therapist.read(ENTRIES)["items"] == []


def test_without_a_time_it_was_written_when_it_arrived(clinic: Any) -> None:
    made = clinic.maya.create(ENTRIES, {"text": "Now."})
    assert made["written_at"][:16] == made["created_at"][:16]


def test_the_longest_entry_is_kept_whole(clinic: Any) -> None:
    text = ("I walked and I thought of my mother. " * 1400)[:50_000]
    assert clinic.write(text)["text"] == text


class TestTies:
    """An entry whose writer names no session belongs to the latest that began before it."""

    @pytest.fixture
    def sessions(self, clinic: Any) -> dict[str, Any]:
        course = clinic.open_course()["id"]
        return {day: clinic.hold_session(course, f"2026-03-{day}T10:00:00Z") for day in ("01", "08")} | {
            "course": course
        }

    def test_the_latest_before_it_was_written(self, clinic: Any, sessions: dict[str, Any]) -> None:
        assert clinic.write("a", "2026-02-20T10:00:00Z")["session_id"] is None
        assert clinic.write("b", "2026-03-01T10:00:00Z")["session_id"] == sessions["01"]["id"]
        assert clinic.write("c", "2026-03-08T09:59:59Z")["session_id"] == sessions["01"]["id"]
        assert clinic.write("d", "2026-03-09T08:00:00Z")["session_id"] == sessions["08"]["id"]

    def test_the_offset_counts(self, clinic: Any, sessions: dict[str, Any]) -> None:
        assert clinic.write("e", "2026-03-08T06:00:00-05:00")["session_id"] == sessions["08"]["id"]
        assert clinic.write("f", "2026-03-08T11:00:00+05:00")["session_id"] == sessions["01"]["id"]

    def test_a_session_that_the_writer_names_stays(self, clinic: Any, sessions: dict[str, Any]) -> None:
        made = clinic.write("g", "2026-03-09T08:00:00Z", session_id=sessions["01"]["id"])
        assert made["session_id"] == sessions["01"]["id"]
        clinic.hold_session(sessions["course"], "2026-03-09T07:00:00Z")
        assert clinic.maya.read(f"{ENTRIES}/{made['id']}")["session_id"] == sessions["01"]["id"]

    def test_entries_follow_when_sessions_come_move_and_go(self, clinic: Any, sessions: dict[str, Any]) -> None:
        made = clinic.write("h", "2026-03-09T08:00:00Z")
        path, session = f"{ENTRIES}/{made['id']}", f"/v1/sessions/{sessions['08']['id']}"
        later = clinic.hold_session(sessions["course"], "2026-03-09T07:00:00Z", "integration")
        assert clinic.maya.read(path)["session_id"] == later["id"]
        clinic.therapist.patch(
            f"/v1/sessions/{later['id']}",
            {"status": "cancelled"},
            if_match=clinic.therapist.etag(f"/v1/sessions/{later['id']}"),
        )
        assert clinic.maya.read(path)["session_id"] == sessions["08"]["id"]
        moved = clinic.therapist.patch(
            session, {"starts_at": "2026-03-20T10:00:00Z"}, if_match=clinic.therapist.etag(session)
        )
        assert moved.status_code == 200
        assert clinic.maya.read(path)["session_id"] == sessions["01"]["id"]
        assert clinic.maya.read(path)["version"] == made["version"]

    def test_changing_only_the_words_leaves_the_tie_to_us(self, clinic: Any, sessions: dict[str, Any]) -> None:
        path = f"{ENTRIES}/{clinic.write('i', '2026-03-09T08:00:00Z')['id']}"
        assert clinic.maya.patch(path, {"text": "ii"}, if_match=clinic.maya.etag(path)).status_code == 200
        later = clinic.hold_session(sessions["course"], "2026-03-09T07:00:00Z")
        assert clinic.maya.read(path)["session_id"] == later["id"]

    def test_another_patients_session_is_refused(self, clinic: Any, sessions: dict[str, Any]) -> None:
        answer = clinic.tom.post(ENTRIES, {"text": "j", "session_id": sessions["01"]["id"]})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/session_id"
        assert clinic.tom.read(ENTRIES)["items"] == []


class TestChanging:
    def test_new_words_are_tagged_anew(self, clinic: Any) -> None:
        path = f"{ENTRIES}/{clinic.write('Nothing much.')['id']}"
        answer = clinic.maya.patch(path, {"text": "I am afraid of dying."}, if_match=clinic.maya.etag(path))
        assert answer.status_code == 200
        assert [each["theme"] for each in answer.json["themes"]] == ["mortality"]
        assert answer.json["version"] == 2

    def test_null_takes_a_value_away(self, clinic: Any) -> None:
        path = f"{ENTRIES}/{clinic.write('Calm.', mood={'valence': 1, 'arousal': 0})['id']}"
        answer = clinic.maya.patch(path, {"mood": {"valence": None}}, if_match=clinic.maya.etag(path))
        assert answer.json["mood"] == {"valence": None, "arousal": 0}
        answer = clinic.maya.patch(path, {"mood": None}, if_match=clinic.maya.etag(path))
        assert answer.json["mood"] is None

    def test_put_replaces_the_whole(self, clinic: Any) -> None:
        path = f"{ENTRIES}/{clinic.write('One.', mood={'valence': 1, 'arousal': 0})['id']}"
        answer = clinic.maya.put(path, {"text": "Two.", "visibility": "private"}, if_match=clinic.maya.etag(path))
        assert answer.status_code == 200
        assert (answer.json["text"], answer.json["mood"]) == ("Two.", None)

    def test_a_private_entry_is_gone_for_the_care_team_at_once(self, clinic: Any) -> None:
        path = f"{ENTRIES}/{clinic.write('Shared.')['id']}"
        assert clinic.therapist.get(path).status_code == 200
        clinic.maya.patch(path, {"visibility": "private"}, if_match=clinic.maya.etag(path))
        assert clinic.therapist.get(path).status_code == 404

    def test_deleting_takes_the_words_back(self, clinic: Any) -> None:
        path = f"{ENTRIES}/{clinic.write('I am afraid of dying.')['id']}"
        mention = clinic.maya.read(path)["themes"][0]["id"]
        assert clinic.maya.delete(path, if_match=clinic.maya.etag(path)).status_code == 204
        assert clinic.maya.get(path).status_code == 404
        assert clinic.maya.get(f"/v1/mentions/{mention}").status_code == 404
        assert clinic.maya.read(ENTRIES)["items"] == []


class TestFilters:
    def test_by_time_session_and_visibility(self, clinic: Any) -> None:
        session = clinic.hold_session(clinic.open_course()["id"], "2026-03-05T10:00:00Z")
        texts = {day: clinic.write(day, f"2026-03-{day}T12:00:00Z")["id"] for day in ("01", "05", "09")}
        clinic.write("own", "2026-03-10T12:00:00Z", visibility="private")

        def found(query: str) -> list[str]:
            return [each["text"] for each in clinic.maya.read(f"{ENTRIES}?{query}")["items"]]

        assert found("") == ["own", "09", "05", "01"]
        assert found("since=2026-03-05T12:00:00Z&until=2026-03-09T12:00:00Z") == ["05"]
        assert found(f"session_id={session['id']}&visibility=care_team") == ["09", "05"]
        assert found("visibility=private") == ["own"]
        assert found(f"patient_id={clinic.ids['tom']}") == []
        assert clinic.therapist.read(f"{ENTRIES}/{texts['05']}")["text"] == "05"


class TestSupport:
    """What the app shows a writer at once. It tells nobody what their words mean."""

    def test_a_denied_wish_is_not_answered(self, clinic: Any) -> None:
        assert clinic.write("I have no suicidal thoughts.")["safety"] is None

    def test_an_affirmed_wish_is_answered_kindly(self, clinic: Any) -> None:
        safety = clinic.write("I have been having suicidal thoughts again.")["safety"]
        assert safety["kind"] == "support"
        assert "not watched around the clock" in safety["message"]


def test_what_a_phone_dates_far_ahead_belongs_where_it_came_and_not_to_what_is_planned(clinic: Any) -> None:
    def on_day(days: float) -> str:
        return (datetime.now(UTC) + timedelta(days=days)).isoformat()

    course, far = clinic.open_course()["id"], "2040-01-01T10:00:00+09:00"
    held = clinic.hold_session(course, on_day(-3))["id"]
    planned = clinic.hold_session(course, on_day(10), status="planned")["id"]
    felt = {"valence": 1, "arousal": 1, "at": far}
    paths = [
        f"/v1/journal-entries/{clinic.write('It rained.', far)['id']}",
        f"/v1/mood-check-ins/{clinic.maya.create('/v1/mood-check-ins', felt)['id']}",
    ]
    assert [clinic.maya.read(each)["session_id"] for each in paths] == [held] * 2
    clinic.maya.patch(paths[0], {"text": "It rained all day."}, if_match="*")
    clinic.hold_session(course, on_day(20), status="planned")
    assert [clinic.maya.read(each)["session_id"] for each in paths] == [held] * 2
    moved = {"starts_at": on_day(-0.1), "status": "completed"}
    assert clinic.therapist.patch(f"/v1/sessions/{planned}", moved, if_match="*").status_code == 200
    assert [clinic.maya.read(each)["session_id"] for each in paths] == [planned] * 2


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_lists_are_in_the_order_of_writing_and_what_is_dated_far_ahead_stands_where_it_came(
    clinic: Any, limit: int
) -> None:
    def now(hours: float = 0) -> str:
        return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()

    dated = [now(-2), "2040-01-02T10:00:00+09:00", None, "2040-01-01T10:00:00+09:00", None, "2041-01-01T10:00:00Z"]
    for path, body, name in (
        (ENTRIES, {"text": "It rained."}, "written_at"),
        ("/v1/mood-check-ins", {"valence": 1, "arousal": 1}, "at"),
    ):
        made = [clinic.maya.create(path, {**body, name: each or now()})["id"] for each in dated]
        seen, cursor = [], ""
        while cursor is not None:
            page = clinic.maya.read(f"{path}?limit={limit}{cursor}")
            assert 0 < len(page["items"]) <= limit
            seen += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert seen == made[::-1]
        assert len(clinic.maya.read(f"{path}?since=2039-01-01T00:00:00Z")["items"]) == 3  # as their phone said it


def test_a_page_ends_where_texts_are_long_whenever_they_are_dated(clinic: Any, broken_tagger: Any) -> None:
    with broken_tagger():
        made = [
            clinic.write("a" * 50_000, f"{'2040' if number % 2 else '2026'}-03-09T08:12:0{number % 10}Z")["id"]
            for number in range(16)
        ]
    pages = [clinic.maya.read(f"{ENTRIES}?limit=200")]
    while pages[-1]["next_cursor"] is not None:
        pages.append(clinic.maya.read(f"{ENTRIES}?limit=200&cursor={pages[-1]['next_cursor']}"))
    assert max(len(each["items"]) for each in pages) < 7
    seen = [each["id"] for page in pages for each in page["items"]]
    assert (len(seen), set(seen)) == (16, set(made))
