"""Those who change one record at the same moment wait for each other, and never each for the other, on PostgreSQL."""

import time
from typing import Any

import pytest
from attaching import JPEG, send
from sqlalchemy import func, select
from waiting import meanwhile

from integration_api.db import reading
from integration_api.themes.jobs import tag_pending
from models import Base

WISH = {"confirm": "erase everything"}
OF_PATIENT = ("mood_check_ins", "consents", "intentions", "break_glass", "record_changes", "care_team_members")
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


def test_a_picture_comes_while_its_entry_is_tagged(clinic: Any, broken_tagger: Any) -> None:
    """It held the patient, whom what is found refers to, and waited for its turn, which the tagger had."""
    with broken_tagger():
        path = f"/v1/journal-entries/{clinic.write('I am afraid of dying.')['id']}/attachments"
    stamp, maya = ("patient_stamps", "patient_id", clinic.ids["maya"]), clinic.maya
    with meanwhile(clinic.app) as held:
        held.hold(stamp)
        tagged, sent = held.comes(tag_pending), held.comes(lambda: send(maya, path, JPEG))
        time.sleep(1.2)  # the database looks once, after a second, whether who waits is waited for
        held.let_go(stamp)
        assert (sent.result().status_code, tagged.result()) == (201, (1, 0))


def test_who_leaves_while_a_care_team_takes_them_in_is_not_in_it(clinic: Any) -> None:
    """They stayed in it, unseen, and were let in to the record when the account was switched on again."""
    admin, team = clinic.admin, f"/v1/patients/{clinic.ids['maya']}/care-team"
    members = {"members": [{"clinician_id": clinic.ids[name]} for name in ("therapist", "colleague")]}
    person = f"/v1/clinicians/{clinic.ids['colleague']}"
    row = ("care_teams", "patient_id", clinic.ids["maya"])
    with meanwhile(clinic.app) as held:
        held.hold(row)
        taken_in = held.comes(lambda: admin.put(team, members, if_match="*"))
        gone = held.comes(lambda: admin.patch(person, {"is_active": False}, if_match="*"))
        held.let_go(row)
        assert (taken_in.result().status_code, gone.result().status_code) == (200, 200)
    assert [each["clinician_id"] for each in admin.read(team)["members"]] == [clinic.ids["therapist"]]
    admin.patch(person, {"is_active": True}, if_match="*")
    assert clinic.caller("colleague").get(f"/v1/patients/{clinic.ids['maya']}").status_code == 404


@pytest.mark.parametrize("is_first", [True, False], ids=("first", "last"))
def test_nothing_is_kept_of_who_is_forgotten_meanwhile(clinic: Any, *, is_first: bool) -> None:
    """What was written while the record was being erased stayed, sealed with a key that was destroyed."""
    clinic.write("The sea held me.")
    maya, colleague, admin, path = clinic.maya, clinic.caller("colleague"), clinic.admin, clinic.ids["maya"]
    team = {"members": [{"clinician_id": clinic.ids["nurse"]}]}
    reason = {"reason": "She was brought to the emergency room."}
    writing = [
        lambda: maya.post("/v1/mood-check-ins", {"valence": 1, "arousal": 1, "visibility": "care_team"}),
        lambda: maya.post("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."}),
        lambda: maya.post("/v1/intentions", {"text": "To rest.", "visibility": "care_team"}),
        lambda: colleague.post(f"/v1/patients/{path}/break-glass", reason),
        lambda: admin.put(f"/v1/patients/{path}/care-team", team, if_match="*"),
    ]
    stamp = ("patient_stamps", "patient_id", path)
    with meanwhile(clinic.app) as held:
        held.hold(stamp)
        erasing = [lambda: maya.post("/v1/me/erasure", WISH)]
        answers = [held.comes(each) for each in (erasing + writing if is_first else writing + erasing)]
        held.let_go(stamp)
        statuses = [each.result().status_code for each in answers]
    gone = [404] * 4 + [412]
    assert statuses == ([201, *gone] if is_first else [201, 201, 201, 201, 200, 201])
    assert left(clinic) == {}


def left(clinic: Any) -> dict[str, int]:
    """Count what is left of Maya's where nothing may be."""
    with clinic.app.app_context(), reading() as db_session:
        counts = {}
        for table in (Base.metadata.tables[name] for name in OF_PATIENT):
            teams = Base.metadata.tables["care_teams"]
            whose = table if "patient_id" in table.c else table.join(teams, teams.c.id == table.c.care_team_id)
            column = table.c.get("patient_id", teams.c.patient_id)
            of_maya = select(func.count()).select_from(whose).where(column == clinic.ids["maya"])
            counts[table.name] = int(db_session.scalar(of_maya) or 0)
    return {name: count for name, count in counts.items() if count}
