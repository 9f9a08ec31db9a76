"""Clinicians' notes: progress notes of the record, psychotherapy notes of their author."""

from typing import Any

from clocks import turned_by_hand

NOTES = "/v1/notes"


def test_a_note_is_kept_and_tagged_as_a_note(clinic: Any) -> None:
    made = clinic.note("Pt denies SI. Speaks of a fear of dying.")
    assert (made["kind"], made["patient_id"], made["tagging"]["state"]) == ("progress", clinic.ids["maya"], "done")
    assert ("suicidality", "negated") in [(each["theme"], each["assertion"]) for each in made["themes"]]
    assert clinic.maya.read(f"{NOTES}/{made['id']}")["text"] == made["text"]
    assert clinic.maya.get("/v1/journal-entries/" + made["id"]).status_code == 404


def test_a_psychotherapy_note_is_its_authors_alone(clinic: Any) -> None:
    made = clinic.note("I am afraid of dying with her.", "psychotherapy")
    path, mention = f"{NOTES}/{made['id']}", made["themes"][0]["id"]
    for who in ("maya", "physician", "nurse"):
        assert clinic.caller(who).get(path).status_code == 404
        assert clinic.caller(who).get(f"/v1/mentions/{mention}").status_code == 404
        assert clinic.caller(who).read(NOTES)["items"] == []
        assert clinic.caller(who).read(f"/v1/patients/{clinic.ids['maya']}/themes")["items"] == []
    assert clinic.therapist.read(path)["kind"] == "psychotherapy"


def test_a_note_stays_of_its_kind_and_its_patients(clinic: Any) -> None:
    path = f"{NOTES}/{clinic.note('Seen.')['id']}"
    for change in ({"kind": "psychotherapy"}, {"patient_id": clinic.ids["tom"]}):
        assert clinic.therapist.patch(path, change, if_match="*").status_code == 422


def test_a_note_of_a_time_that_has_not_come_yet_is_refused(clinic: Any) -> None:
    """A slip of the year (2062) stood first in lists, and what it speaks of neither rose nor returned, till then."""
    path = f"{NOTES}/{clinic.note('Seen.')['id']}"
    draft = {
        "patient_id": clinic.ids["maya"],
        "kind": "progress",
        "text": "Seen.",
        "written_at": "2062-03-01T10:00:00Z",
    }
    for answer in (
        clinic.therapist.post(NOTES, draft),
        clinic.therapist.patch(path, {"written_at": draft["written_at"]}, if_match="*"),
        clinic.therapist.put(path, draft, if_match="*"),
    ):
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/written_at")
    assert len(clinic.therapist.read(NOTES)["items"]) == 1


def test_one_that_stands_there_can_be_put_right(clinic: Any) -> None:
    with turned_by_hand(clinic.app) as clock:
        clock.turn(days=400)
        made = clinic.note("Seen.")
    path = f"{NOTES}/{made['id']}"
    assert clinic.therapist.patch(path, {"text": "Seen again."}, if_match="*").json["written_at"] == made["written_at"]
    assert clinic.therapist.patch(path, {"written_at": "2026-03-08T16:40:00Z"}, if_match="*").status_code == 200


def test_only_its_author_changes_a_note(clinic: Any) -> None:
    path = f"{NOTES}/{clinic.note('Seen.')['id']}"
    assert clinic.caller("nurse").patch(path, {"text": "b"}, if_match="*").status_code == 403
    assert clinic.caller("nurse").delete(path, if_match="*").status_code == 403
    assert clinic.therapist.patch(path, {"text": "Seen again."}, if_match="*").json["version"] == 2
    assert clinic.therapist.delete(path, if_match="*").status_code == 204
    assert clinic.therapist.get(path).status_code == 404


def test_notes_are_found_by_kind_author_session_and_time(clinic: Any) -> None:
    session = clinic.hold_session(clinic.open_course()["id"], "2026-03-05T10:00:00Z")["id"]
    clinic.note("a", written_at="2026-03-04T10:00:00Z")
    one = clinic.note("b", who="nurse", session_id=session, written_at="2026-03-06T10:00:00Z")
    clinic.note("c", "psychotherapy", written_at="2026-03-05T10:00:00Z")
    queries = (f"author_id={one['author_id']}", f"session_id={session}", "since=2026-03-06T00:00:00Z")
    for query in queries:
        assert [each["text"] for each in clinic.therapist.read(f"{NOTES}?{query}")["items"]] == ["b"]
    assert [each["text"] for each in clinic.therapist.read(f"{NOTES}?kind=progress")["items"]] == ["b", "a"]


def test_a_session_of_another_patient_is_refused(clinic: Any) -> None:
    clinic.admin.put(
        f"/v1/patients/{clinic.ids['tom']}/care-team",
        {"members": [{"clinician_id": clinic.ids["therapist"]}]},
        if_match="*",
    )
    course = clinic.therapist.create("/v1/courses", {"patient_id": clinic.ids["tom"]})["id"]
    session = clinic.hold_session(course, "2026-03-05T10:00:00Z")["id"]
    body = {"patient_id": clinic.ids["maya"], "kind": "progress", "text": "a", "session_id": session}
    answer = clinic.therapist.post(NOTES, body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/session_id")
    assert clinic.therapist.read(NOTES)["items"] == []
