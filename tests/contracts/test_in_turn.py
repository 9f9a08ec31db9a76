"""Those who change one record at the same moment wait for each other, and never each for the other, on PostgreSQL."""

from typing import Any

from waiting import meanwhile

from integration_api.themes.jobs import tag_pending

DANGER = "I want to die. I have thought of killing myself tonight."


def test_signs_of_danger_are_kept_whoever_changes_the_record_meanwhile(clinic: Any, broken_tagger: Any) -> None:
    """The tagger counted the stamp before it told of the flag; whoever else changes the record tells first."""
    with broken_tagger():
        clinic.write(DANGER)
    consent = {"purpose": "ehr", "is_granted": True, "wording": "Yes."}
    stamp, maya = ("patient_stamps", "patient_id", clinic.ids["maya"]), clinic.maya
    with meanwhile(clinic.app) as held:
        held.hold(stamp)
        tagged = held.comes(tag_pending)
        said = held.comes(lambda: maya.post("/v1/me/consents", consent))
        held.let_go(stamp)
        assert (said.result().status_code, tagged.result()) == (201, (1, 0))
    assert [each["status"] for each in clinic.therapist.read("/v1/safety-flags")["items"]] == ["open"]


def test_a_session_that_moves_and_an_entry_that_is_tagged_do_not_wait_for_each_other(
    clinic: Any, broken_tagger: Any
) -> None:
    """The entry came when the session's change had begun already, so that it did not hold it."""
    made = clinic.hold_session(clinic.open_course()["id"], "2026-03-15T10:00:00Z")
    caller, path = clinic.therapist, f"/v1/sessions/{made['id']}"
    session, stamp = ("sessions", "id", made["id"]), ("patient_stamps", "patient_id", clinic.ids["maya"])
    with meanwhile(clinic.app) as held:
        held.hold(session)
        moved = held.comes(lambda: caller.patch(path, {"starts_at": "2026-03-15T11:00:00Z"}, if_match="*"))
        with broken_tagger():
            clinic.write("The sea held me.", "2026-03-01T10:00:00Z")
        held.hold(stamp)
        held.let_go(session)
        tagged = held.comes(tag_pending)
        held.let_go(stamp)
        assert (moved.result().status_code, tagged.result()) == (200, (1, 0))
