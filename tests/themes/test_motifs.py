"""A patient's own images and phrases, over HTTP: what is answered, to whom, and in how much time."""

from typing import Any

import pytest

from integration_api.themes.motifs import SHOWN

FILLERS = ("We had soup.", "It rained.", "I slept until noon.", "The bus was late.")
LIGHTHOUSE = ("There was a lighthouse.", "The lighthouses stood there.", "My lighthouse again.", "A lighthouse, unlit.")
DAYS = ("2026-02-20", "2026-03-02", "2026-03-09", "2026-03-10")
FIELDS = {
    "label", "wordings", "session_count", "document_count", "score", "first_seen", "last_seen", "passages",
}  # fmt: skip


@pytest.fixture
def path(clinic: Any) -> str:
    return f"/v1/patients/{clinic.ids['maya']}/motifs"


@pytest.fixture
def sessions(clinic: Any) -> list[str]:
    course = clinic.open_course()["id"]
    return [clinic.hold_session(course, f"2026-03-{day}T10:00:00Z")["id"] for day in ("01", "08")]


def write(clinic: Any, *texts: str, **more: Any) -> list[Any]:
    days = list(zip(texts, FILLERS, DAYS, strict=False))
    return [clinic.write(f"{text} {filler}", f"{day}T20:00:00-05:00", **more) for text, filler, day in days]


def labels(answer: Any) -> list[str]:
    return [each["label"] for each in answer["items"]]


@pytest.mark.usefixtures("sessions")
class TestWhatIsAnswered:
    def test_a_motif_with_its_passages(self, clinic: Any, path: str, sessions: list[str]) -> None:
        entries = write(clinic, *LIGHTHOUSE)
        (motif,) = clinic.therapist.read(path)["items"]
        assert motif.keys() == FIELDS
        assert (motif["label"], motif["wordings"]) == ("lighthouse", ["lighthouse", "lighthouses"])
        assert (motif["session_count"], motif["document_count"]) == (3, 4)
        assert (motif["first_seen"], motif["last_seen"]) == ("2026-02-21T01:00:00Z", "2026-03-11T01:00:00Z")
        assert [each["document_id"] for each in motif["passages"]] == [each["id"] for each in entries]
        assert [each["session_id"] for each in motif["passages"]] == [None, sessions[0], sessions[1], sessions[1]]
        for passage in motif["passages"]:
            text = clinic.therapist.read(passage["link"])["text"]
            assert text[passage["start"] : passage["end"]] == passage["quote"]
            assert passage["source"] == "journal"
            assert passage["written_at"].endswith("T20:00:00-05:00")

    @pytest.mark.one_database
    def test_at_most_five_passages_from_every_session(self, clinic: Any, path: str, sessions: list[str]) -> None:
        clinic.write(LIGHTHOUSE[0], "2026-02-20T08:00:00-05:00")
        clinic.write(LIGHTHOUSE[0], "2026-03-03T08:00:00-05:00")
        for hour in range(10, 18):
            clinic.write(LIGHTHOUSE[1], f"2026-03-09T{hour}:00:00-05:00")
        (motif,) = clinic.maya.read(path)["items"]
        assert motif["document_count"] == 10
        assert [each["session_id"] for each in motif["passages"]] == [None, sessions[0], *[sessions[1]] * (SHOWN - 2)]

    @pytest.mark.one_database
    def test_nothing_returns_within_one_session(self, clinic: Any, path: str) -> None:
        for hour in range(10, 14):
            clinic.write(LIGHTHOUSE[hour % 4], f"2026-03-09T{hour}:00:00-05:00")
        assert clinic.maya.read(path) == {"items": [], "next_cursor": None}

    def test_by_the_page(self, clinic: Any, path: str) -> None:
        write(clinic, "The lighthouse and a tortoise.", "A lighthouse, my tortoise.", "That lighthouse. The tortoises.")
        whole = labels(clinic.maya.read(path))
        first = clinic.maya.read(f"{path}?limit=1")
        second = clinic.maya.read(f"{path}?limit=1&cursor={first['next_cursor']}")
        assert set(whole) == {"lighthouse", "tortoise"}
        assert labels(first) + labels(second) == whole
        assert second["next_cursor"] is None

    def test_a_cursor_is_over_once_another_entry_is_there(self, clinic: Any, path: str) -> None:
        write(clinic, "The lighthouse and a tortoise.", "A lighthouse, my tortoise.", "That lighthouse. The tortoises.")
        asked = f"{path}?limit=1&cursor={clinic.maya.read(f'{path}?limit=1')['next_cursor']}"
        assert len(labels(clinic.maya.read(asked))) == 1
        clinic.write("A tortoise, and once more the tortoise, my tortoise.", f"{DAYS[-1]}T21:00:00-05:00")
        refused = clinic.maya.get(asked)
        assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "cursor")
        first = clinic.maya.read(f"{path}?limit=1")
        rest = clinic.maya.read(f"{path}?limit=1&cursor={first['next_cursor']}")
        assert {*labels(first), *labels(rest)} == {"lighthouse", "tortoise"}

    def test_by_source(self, clinic: Any, path: str) -> None:
        for day in DAYS[1:]:
            clinic.note("Spoke of the orchard.", written_at=f"{day}T20:00:00Z")
        write(clinic, *LIGHTHOUSE)
        found = {
            each: set(labels(clinic.therapist.read(f"{path}?source={each}"))) for each in ("journal", "note", "both")
        }
        assert found == {"journal": {"lighthouse"}, "note": {"orchard"}, "both": {"lighthouse", "orchard"}}
        assert labels(clinic.therapist.read(path)) == ["lighthouse"]
        assert clinic.therapist.get(f"{path}?source=letters").status_code == 422

    @pytest.mark.one_database
    def test_other_languages_are_left_out(self, clinic: Any, path: str) -> None:
        german = "Gestern habe ich wieder den Leuchtturm gesehen, und ich war sehr traurig wegen meiner Mutter."
        for day in DAYS:
            assert clinic.write(german, f"{day}T20:00:00-05:00")["language"] == "de"
        assert clinic.maya.read(path)["items"] == []

    def test_a_changed_and_a_deleted_entry_count_as_they_are_now(self, clinic: Any, path: str) -> None:
        first, second, *_ = write(clinic, *LIGHTHOUSE[:2])
        assert labels(clinic.maya.read(path)) == ["lighthouse"]
        where = f"/v1/journal-entries/{second['id']}"
        clinic.maya.patch(where, {"text": "The lighthouse and more soup."}, if_match=clinic.maya.etag(where))
        assert labels(clinic.maya.read(path)) == ["lighthouse"]
        where = f"/v1/journal-entries/{first['id']}"
        assert clinic.maya.delete(where, if_match=clinic.maya.etag(where)).status_code == 204
        assert clinic.maya.read(path)["items"] == []


@pytest.mark.usefixtures("sessions")
class TestWhoMaySee:
    def test_private_entries_count_for_their_patient_alone(self, clinic: Any, path: str) -> None:
        write(clinic, *LIGHTHOUSE, visibility="private")
        assert labels(clinic.maya.read(path)) == ["lighthouse"]
        for who in ("therapist", "physician", "nurse"):
            assert clinic.caller(who).read(f"{path}?source=both")["items"] == []

    def test_nothing_of_a_private_entry_reaches_a_clinician_beside_shared_ones(self, clinic: Any, path: str) -> None:
        """Neither its words nor its counts: a motif that stands once in what is shared is none for the clinician."""
        write(clinic, *LIGHTHOUSE[:2])
        before = clinic.therapist.read(path)
        write(clinic, *LIGHTHOUSE, visibility="private")
        assert clinic.therapist.read(path) == before
        (motif,) = clinic.maya.read(path)["items"]
        assert motif["document_count"] == 6

    def test_psychotherapy_notes_count_for_their_author_alone(self, clinic: Any, path: str) -> None:
        for day in DAYS[1:]:
            clinic.note("Her orchard again.", "psychotherapy", written_at=f"{day}T20:00:00Z")
            clinic.note("The orchard. My own thoughts.", "psychotherapy", written_at=f"{day}T21:00:00Z")
        assert labels(clinic.therapist.read(f"{path}?source=note")) == ["orchard"]
        for who in ("maya", "physician", "nurse"):
            assert clinic.caller(who).read(f"{path}?source=note")["items"] == []

    def test_who_withdraws_the_sharing_is_read_no_more(self, clinic: Any, path: str) -> None:
        write(clinic, *LIGHTHOUSE)
        body = {"purpose": "care_team", "is_granted": False, "wording": "I share my entries with my care team."}
        clinic.maya.create("/v1/me/consents", body)
        assert clinic.therapist.read(path)["items"] == []
        assert labels(clinic.maya.read(path)) == ["lighthouse"]

    def test_for_strangers_there_is_no_such_patient(self, clinic: Any, path: str) -> None:
        write(clinic, *LIGHTHOUSE)
        for who in ("tom", "june", "colleague", "elsewhere.therapist"):
            assert clinic.caller(who).get(path).status_code == 404
        assert clinic.admin.get(path).status_code == 403
        assert clinic.anybody().get(path).status_code == 401

    def test_another_patients_words_are_neither_quoted_nor_counted(self, clinic: Any, path: str) -> None:
        write(clinic, *LIGHTHOUSE)
        before = clinic.maya.read(path)
        for day in DAYS:
            clinic.tom.create("/v1/journal-entries", {"text": "The lighthouse.", "written_at": f"{day}T20:00:00Z"})
        assert clinic.maya.read(path) == before
