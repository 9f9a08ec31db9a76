"""The first screen: one answer, never over 10 kB, with no more in it than the token reaches."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from integration_api.config import CrisisResource
from integration_api.home.starts import start_of

MOST = 10_000  # bytes
SPANISH = {"Accept-Language": "es"}
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


@pytest.mark.database_free
class TestStarts:
    @pytest.mark.parametrize(
        ("text", "start", "is_cut"),
        [
            ("Short.", "Short.", False),
            ("  Two\n\tlines. ", "Two lines.", False),
            ("I walked to the harbour again", "I walked to the", True),
            ("exactly twenty chars", "exactly twenty chars", False),
            ("海" * 30, "海" * 20, True),
            ("a " + "b" * 40, "a " + "b" * 18, True),  # a long word is cut
            ("x" * 19 + "e\u0301" + "y" * 9, "x" * 19, True),  # a letter keeps its accent
            (FAMILY * 4, FAMILY * 2, True),
            ("\U0001f1f2\U0001f1fd" * 9 + "a" * 9, "\U0001f1f2\U0001f1fd" * 9 + "aa", True),
            ("a" + "\U0001f1f2\U0001f1fd" * 15, "a" + "\U0001f1f2\U0001f1fd" * 9, True),
            ("\U0001f44d\U0001f3fd" * 15, "\U0001f44d\U0001f3fd" * 10, True),
        ],
    )
    def test_where_they_are_cut(self, text: str, start: str, *, is_cut: bool) -> None:
        found = start_of(text, 20)
        assert (found.text, found.is_cut) == (start, is_cut)

    def test_no_text_goes_over_the_bound(self) -> None:
        for text in ("e" + "\u0301" * 500, "\u200d" * 500, "\U0001f1f2" * 501, " " * 5000 + "a", "\U0001f3fd" * 99):
            found = start_of(text, 20)
            assert len(found.text) <= 20
            assert found.is_cut
        assert not unicodedata.category(start_of("abc" * 9 + "\u0301", 20).text[-1]).startswith("M")


HELP = CrisisResource(name="海" * 60, phone="+1 555 0100", url="https://example.org/help", hours="海" * 20)


@pytest.mark.one_database
def test_it_stays_under_ten_kilobytes_whatever_was_written(
    clinic: Any, broken_tagger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(clinic.app.config["SETTINGS"], crisis_resources=(HELP,) * 20)
    monkeypatch.setitem(clinic.app.config, "SETTINGS", settings)
    course = clinic.open_course()["id"]
    for day in range(1, 9):
        clinic.hold_session(course, f"2026-03-0{day}T10:00:00Z")
        clinic.hold_session(course, f"2199-03-0{day}T10:00:00Z", status="planned")
    worst = [
        FAMILY * 7_000,
        "海" * 50_000,
        '"\\' * 25_000,
        "\U0001f9ff" * 49_000,
        "a " * 20_000,
        "\U0001f3fd\n" * 9_000,
    ]
    now = datetime.now(UTC)
    before = (now - timedelta(hours=1)).isoformat()
    clinic.write("I want to die.", written_at=before, visibility="private")  # so that there is support to show
    with broken_tagger():  # what is found in them is not shown, and takes long to find
        for days, each in enumerate(worst, 3):
            soon = (now + timedelta(days=days)).date().isoformat()
            clinic.write(
                each[:49_990], written_at=now.isoformat(), mood={"valence": -5, "arousal": -5}, visibility="private"
            )
            resolve = {"text": each[:1_000], "due_on": soon, "visibility": "private"}
            clinic.maya.create("/v1/commitments", resolve | {"themes": ["grief"]})
    answer = clinic.maya.get("/v1/me/home", headers=SPANISH)
    assert answer.status_code == 200, answer.text
    assert len(answer.data) < MOST
    home = answer.json
    assert [len(home[name]) for name in ("journal_entries", "commitments", "measures_due", "reminders")] == [5, 3, 3, 3]
    assert home["prompt"]["gentleness"] == "grounding"
    assert 0 < len(home["prompt"]["support"]["resources"]) < 20
    assert all(len(each["start"]) <= 140 and each["is_cut"] for each in home["journal_entries"])
    assert home["counts"] == {"journal_entries": 7, "private_entries": 7, "open_commitments": 6}
    assert home["sessions"]["next"]["starts_at"] == "2199-03-01T10:00:00Z"
    assert home["sessions"]["last"]["starts_at"] == "2026-03-08T10:00:00Z"
    again = clinic.maya.get("/v1/me/home", if_none_match=answer.headers["ETag"], headers=SPANISH)
    assert (again.status_code, again.data) == (304, b"")


def test_what_a_phone_wrote_far_ahead_stands_where_it_came_and_sets_no_clock(clinic: Any) -> None:
    west, now = timezone(timedelta(hours=-5)), datetime.now(UTC)
    first = clinic.write("Before.", (now - timedelta(hours=1)).astimezone(west).isoformat())["id"]
    far = clinic.write("By a clock of another year.", "2040-01-01T08:00:00+09:00")["id"]
    later = [clinic.write("After.", datetime.now(west).isoformat())["id"] for _ in range(2)]
    clinic.maya.create("/v1/commitments", {"text": "Walk.", "due_on": (now + timedelta(days=5)).date().isoformat()})
    home = clinic.maya.read("/v1/me/home")
    assert [each["id"] for each in home["journal_entries"]] == [*reversed(later), far, first]
    assert home["journal_entries"][2]["written_at"] == "2040-01-01T08:00:00+09:00"  # as the phone said it
    assert home["reminders"][0]["due_at"].endswith("T10:00:00-05:00")


def test_a_session_is_the_next_one_until_it_is_over_and_then_the_last_closed_or_not(
    clinic: Any, set_clock: Callable[..., datetime]
) -> None:
    course = clinic.open_course()["id"]
    before = clinic.hold_session(course, "2026-02-20T15:00:00Z")["id"]
    called_off = clinic.hold_session(course, "2026-03-01T15:00:00Z", status="planned")["id"]
    clinic.therapist.patch(f"/v1/sessions/{called_off}", {"status": "cancelled"}, if_match="*")
    now = clinic.hold_session(course, "2026-03-02T15:00:00Z", status="planned")["id"]
    ended = {"status": "planned", "ends_at": "2026-03-04T17:00:00Z"}
    short = clinic.hold_session(course, "2026-03-04T15:00:00Z", "integration", **ended)["id"]
    after = clinic.hold_session(course, "2026-03-09T15:00:00Z", status="planned")["id"]

    def shown(hours: float) -> list[str]:
        set_clock(hours=hours)
        home = clinic.maya.read("/v1/me/home")["sessions"]
        return [home["last"]["id"], home["next"]["id"]]

    assert shown(-1) == shown(0.2) == [before, now]
    clinic.therapist.patch(f"/v1/sessions/{now}", {"status": "in_progress"}, if_match="*")
    assert shown(3) == [before, now]
    assert shown(13) == shown(49) == [now, short]  # nobody has closed it
    assert shown(51) == [short, after]
    assert shown(3) == [before, now]
    clinic.therapist.patch(f"/v1/sessions/{now}", {"status": "completed"}, if_match="*")
    assert shown(3) == [now, short]
    shown(49)
    clinic.therapist.patch(f"/v1/courses/{course}", {"status": "cancelled"}, if_match="*")
    set_clock(hours=51)
    assert clinic.maya.read("/v1/me/home")["sessions"]["next"] is None
    assert clinic.maya.read("/v1/me/home")["sessions"]["last"]["id"] == now  # the short one had just begun


def test_drafts_are_not_counted_until_they_are_finished(clinic: Any) -> None:
    drafts = [
        clinic.write("Not done yet.", is_draft=True, visibility=visibility)["id"]
        for visibility in ("care_team", "private")
    ]
    counts = [clinic.maya.read("/v1/me/home")["counts"]]
    for each in drafts:
        clinic.maya.patch(f"/v1/journal-entries/{each}", {"is_draft": False}, if_match="*")
        counts.append(clinic.maya.read("/v1/me/home")["counts"])
    told = [(each["journal_entries"], each["private_entries"]) for each in counts]
    assert told == [(0, 0), (1, 0), (2, 1)]


def test_it_shows_what_there_is_and_only_as_far_as_the_token_reaches(clinic: Any) -> None:
    empty = clinic.maya.read("/v1/me/home")
    assert (empty["sessions"], empty["journal_entries"], empty["commitments"]) == ({"next": None, "last": None}, [], [])
    entry = clinic.write("I am afraid of dying.", mood={"valence": -2, "arousal": 1})
    made = clinic.maya.create("/v1/commitments", {"text": "Call my brother.", "due_on": "2026-04-01"})
    home = clinic.maya.read("/v1/me/home")
    assert home["journal_entries"] == [
        {
            "id": entry["id"], "written_at": entry["written_at"], "start": entry["text"], "is_cut": False,
            "visibility": "care_team", "mood": {"valence": -2, "arousal": 1}, "tagging": "done",
        }
    ]  # fmt: skip
    assert home["commitments"] == [
        {"id": made["id"], "start": "Call my brother.", "is_cut": False, "due_on": "2026-04-01"}
    ]
    for where in home["links"].values():
        assert clinic.maya.get(where).status_code == 200
    little = clinic.caller("maya", "patient/Home.r patient/Session.rs").read("/v1/me/home")
    beyond = ("prompt", "measures_due", "reminders", "journal_entries", "commitments", "counts")
    assert [little[name] for name in beyond] == [None] * 6
    assert little["sessions"] == {"next": None, "last": None}
    assert clinic.tom.read("/v1/me/home")["journal_entries"] == []
    assert clinic.caller("maya", "patient/JournalEntry.rs").get("/v1/me/home").status_code == 403


@pytest.mark.one_database
def test_it_asks_tells_what_is_due_and_reminds_in_the_readers_language(clinic: Any) -> None:
    course = clinic.open_course()["id"]
    clinic.hold_session(course, "2199-03-01T10:00:00Z", status="planned")
    clinic.maya.create("/v1/commitments", {"text": "Call my brother.", "due_on": "2020-04-01"})
    answers = [clinic.maya.get("/v1/me/home", headers=headers) for headers in ({}, SPANISH, {})]
    english, spanish, again = (each.json for each in answers)
    assert english == again
    assert [each.headers["Content-Language"] for each in answers] == ["en", "es", "en"]
    offered = clinic.maya.read("/v1/prompts")["items"][0]
    assert english["prompt"] == {
        **{name: offered[name] for name in ("id", "text", "purpose", "gentleness")},
        "reason": offered["reasons"][0],
        "support": None,
    }
    assert english["prompt"]["reason"]["kind"] == "commitment_due"
    assert spanish["prompt"]["text"] == offered["texts"]["es"]
    assert spanish["prompt"]["reason"]["text"] == "Usted se propuso algo, y hoy es un buen día para mirarlo."
    due = [(each["measure"], each["title"]) for each in spanish["measures_due"]]
    assert ("phq_9", "Cuestionario sobre la salud del paciente-9") in due
    assert [each["measure"] for each in english["measures_due"]] == [name for name, _ in due]
    listed = clinic.maya.read("/v1/me/reminders?limit=3")["items"]
    assert english["reminders"] == [
        {name: each[name] for name in ("id", "kind", "due_at", "title", "body", "link")} for each in listed
    ]
    assert {each["body"] for each in spanish["reminders"]}.isdisjoint(each["body"] for each in english["reminders"])
    seen = clinic.maya.post(f"/v1/prompts/{offered['id']}/shown", {})
    assert seen.status_code < 300, seen.text
    assert clinic.maya.read("/v1/me/home")["prompt"]["id"] != offered["id"]
