"""From a change to another system: what is told, signed, in order, at least once, and never a word of the record."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from integration_api.db import reading
from models import RisingThemes

MARKER = "zinnober-quartz"


def deliveries(clinic: Any, webhook: Any, state: str = "") -> list[Any]:
    query = f"?state={state}" if state else ""
    return list(clinic.admin.read(f"/v1/webhooks/{webhook['id']}/deliveries{query}")["items"])


def change(caller: Any, path: str, patch: Any) -> Any:
    answer = caller.patch(path, patch, if_match=caller.etag(path))
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture
def day(told: Any, agreed: Any, work: Any) -> dict[str, Any]:
    """A day at the clinic, with the marker in everything that anybody writes."""
    webhook = told()
    course = agreed.open_course(indication=MARKER)
    session = agreed.hold_session(course["id"], "2026-03-08T10:00:00Z", intention=MARKER)
    entry = agreed.write(f"I want to die, {MARKER}.")
    note = agreed.note(f"Seen, {MARKER}.")
    change(agreed.maya, f"/v1/journal-entries/{entry['id']}", {"text": f"I am afraid, {MARKER}."})
    commitment = agreed.maya.create("/v1/commitments", {"text": MARKER, "visibility": "care_team"})
    change(agreed.therapist, f"/v1/sessions/{session['id']}", {"status": "cancelled"})
    agreed.maya.create("/v1/measure-responses", {"measure": "phq_9", "answers": [1] * 9})
    path = f"/v1/commitments/{commitment['id']}"
    work()
    agreed.maya.delete(path, if_match=agreed.maya.etag(path))
    # Of these nobody hears.
    agreed.write(f"I want to die, {MARKER}.", visibility="private")
    agreed.note(f"I want to die, {MARKER}.", "psychotherapy")
    agreed.maya.create("/v1/intentions", {"text": MARKER})
    agreed.caller("tom").create("/v1/journal-entries", {"text": MARKER, "visibility": "care_team"})
    work()
    return {"webhook": webhook, "entry": entry["id"], "note": note["id"]}


def test_what_happens_is_told_signed_and_in_order(day: Any, agreed: Any, receiver: Any, work: Any) -> None:
    assert [each for each in receiver.types if each != "theme.rising"] == [
        "session.created", "entry.created", "safety_flag.raised", "note.created", "entry.updated",
        "safety_flag.withdrawn", "commitment.created", "session.cancelled", "measure_response.created",
        "safety_flag.raised", "commitment.deleted",
    ]  # fmt: skip
    verifier = Verifier(day["webhook"]["secret"])
    for headers, body in receiver.got:
        read = verifier.verify(body, headers)
        assert set(read) == {"type", "timestamp", "data"}
        assert read["data"]["patient_id"] == agreed.ids["maya"]
        assert headers["webhook-id"] == read["data"]["id"]
        assert MARKER not in str(headers) + body.decode()
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body + b" ", headers)
    numbers = [each["data"]["sequence"] for each in receiver.bodies]
    assert numbers == sorted(numbers)
    created = receiver.bodies[receiver.types.index("entry.created")]["data"]
    assert created["record_id"] == day["entry"]
    assert agreed.therapist.get(created["links"]["record"].removeprefix("http://localhost")).status_code == 200
    assert receiver.bodies[receiver.types.index("note.created")]["data"]["record_id"] == day["note"]
    (first, *_) = deliveries(agreed, day["webhook"])[::-1]
    assert (first["state"], first["attempts"][0]["status"], first["attempts"][0]["error"]) == ("delivered", 204, None)
    (dropped,) = deliveries(agreed, day["webhook"], "dropped")
    assert (dropped["patient_id"], dropped["type"], dropped["reason"]) == (
        agreed.ids["tom"],
        "entry.created",
        "consent",
    )
    assert work() == 0


def test_a_draft_is_told_of_when_it_is_finished(told: Any, agreed: Any, receiver: Any, work: Any) -> None:
    told(types=["entry.created", "entry.updated", "entry.deleted"])
    draft = agreed.write("I am afr", is_draft=True)
    path = f"/v1/journal-entries/{draft['id']}"
    change(agreed.maya, path, {"text": "I am afraid."})
    work()
    assert receiver.types == []
    change(agreed.maya, path, {"is_draft": False})
    work()
    assert receiver.types == ["entry.created"]


def test_sharing_and_taking_back_are_a_beginning_and_an_end(told: Any, agreed: Any, receiver: Any, work: Any) -> None:
    entry = agreed.write("I am afraid of dying.", visibility="private")
    told(types=["entry.created", "entry.updated", "entry.deleted"])
    path = f"/v1/journal-entries/{entry['id']}"
    change(agreed.maya, path, {"mood": {"valence": 2}})
    for visibility in ("care_team", "private", "care_team"):
        change(agreed.maya, path, {"visibility": visibility})
    change(agreed.maya, path, {"mood": {"valence": 1}})
    change(agreed.maya, path, {"mood": {"valence": 1}})  # nothing new
    agreed.maya.delete(path, if_match=agreed.maya.etag(path))
    work()
    # What was created is private again by now, or gone: it is not told any more.
    assert receiver.types == ["entry.deleted", "entry.deleted"]


def test_a_theme_that_begins_to_rise_is_told_once_and_not_by_name(
    told: Any, agreed: Any, receiver: Any, work: Any
) -> None:
    course = agreed.open_course()["id"]
    for day in (1, 8, 15):
        agreed.hold_session(course, f"2026-03-{day:02}T10:00:00Z")
    for day in (2, 3, 9, 10):
        agreed.write("The bus was on time and the shop was open. " * 40, written_at=f"2026-03-{day:02}T10:00:00Z")
    told(types=["theme.rising"])
    fear = "I am afraid of dying. I keep thinking about death."
    for hour in range(10, 16):
        agreed.write(fear, written_at=f"2026-03-16T{hour}:00:00Z", visibility="private")
    work()
    assert receiver.got == []
    for hour in range(10, 16):
        agreed.write(fear, written_at=f"2026-03-17T{hour}:00:00Z")
    work()
    assert receiver.types == ["theme.rising"]
    ((_, body),) = receiver.got
    assert b"mortality" not in body
    assert receiver.bodies[0]["data"]["links"]["record"].endswith(f"/v1/patients/{agreed.ids['maya']}/themes")
    agreed.write("I am afraid of dying, still.", written_at="2026-03-18T12:00:00Z")
    work()
    assert len(receiver.got) == 1
    assert agreed.maya.post("/v1/me/erasure", {"confirm": "erase everything"}).status_code == 201
    with agreed.app.app_context(), reading() as db_session:
        kept = select(RisingThemes).where(RisingThemes.patient_id == UUID(agreed.ids["maya"]))
        assert db_session.scalars(kept).all() == []


def test_a_flag_is_told_from_its_raising_to_its_end(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    told(types=[f"safety_flag.{each}" for each in ("raised", "escalated", "acknowledged", "resolved")])
    agreed.write("I want to kill myself.")
    work()
    clock.turn(days=2)
    work()  # nobody has acknowledged it in time
    (flag,) = agreed.therapist.read("/v1/safety-flags")["items"]
    for act in ("acknowledge", "resolve", "reopen"):
        path = f"/v1/safety-flags/{flag['id']}/{act}"
        assert agreed.therapist.post(path, {"note": MARKER}).status_code == 200
    work()
    assert [each.partition(".")[2] for each in receiver.types] == [
        "raised", "escalated", "acknowledged", "resolved", "raised",
    ]  # fmt: skip
    assert {each["data"]["record_id"] for each in receiver.bodies} == {flag["id"]}
    assert all(MARKER.encode() not in body for _, body in receiver.got)


def test_what_a_failure_left_untagged_is_taken_up_and_raises_its_flag(
    told: Any, agreed: Any, receiver: Any, work: Any, broken_tagger: Any
) -> None:
    told(types=["safety_flag.raised"])
    with broken_tagger():
        entry = agreed.write("I want to die.")
        assert entry["tagging"]["state"] == "pending"
    work()
    path = f"/v1/journal-entries/{entry['id']}"
    assert agreed.maya.read(path)["tagging"]["state"] == "done"
    assert receiver.types == ["safety_flag.raised"]


def test_of_answers_that_the_care_team_may_not_see_no_system_hears_a_flag(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    told(types=["safety_flag.raised", "safety_flag.escalated"])
    word = {"purpose": "care_team", "is_granted": False, "wording": "As shown."}
    agreed.maya.create("/v1/me/consents", word)
    agreed.maya.create("/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 8 + [1]})
    work()
    clock.turn(days=2)
    work()
    assert receiver.types == []
    agreed.maya.create("/v1/me/consents", word | {"is_granted": True})
    agreed.maya.create("/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 8 + [1]})
    work()
    assert set(receiver.types) == {"safety_flag.raised", "safety_flag.escalated"}  # the first has waited for long


def test_nobody_hears_of_the_end_of_what_nobody_was_told(told: Any, agreed: Any, receiver: Any, work: Any) -> None:
    webhook = told()
    word = {"purpose": "research_export", "is_granted": False, "wording": "As shown."}
    agreed.tom.create("/v1/me/consents", word)  # Tom has never said that other systems may hear of him
    assert agreed.tom.post("/v1/me/erasure", {"confirm": "erase everything"}).status_code == 201
    work()
    assert receiver.got == []
    assert {(each["type"], each["reason"]) for each in deliveries(agreed, webhook, "dropped")} >= {
        ("consent.changed", "consent"),
        ("patient.erased", "consent"),
    }


def test_who_was_told_long_ago_hears_the_end_though_other_things_have_happened_since(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    told(types=["entry.created", "consent.changed"])
    agreed.write("One.")
    work()
    agreed.maya.create("/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 9})
    work()
    clock.turn(days=31)  # by then what was told is forgotten
    work()
    agreed.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": False, "wording": "No more."})
    work()
    assert receiver.types == ["entry.created", "consent.changed"]


def test_that_a_patients_account_is_switched_off_and_on_is_no_news_of_the_record(
    told: Any, agreed: Any, receiver: Any, work: Any
) -> None:
    told()
    path = f"/v1/patients/{agreed.ids['maya']}"
    for is_active in (False, True):
        change(agreed.admin, path, {"is_active": is_active})
    change(agreed.admin, path, {"is_active": False, "birth_date": "1990-02-28"})
    work()
    assert receiver.types == ["patient.updated"]
