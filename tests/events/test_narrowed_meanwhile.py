"""What waits for a retry when whom, or what, it may be told of has changed."""

from typing import Any


def _set_team(clinic: Any, *members: str) -> None:
    path = f"/v1/patients/{clinic.ids['maya']}/care-team"
    body = {"members": [{"clinician_id": clinic.ids[name]} for name in members]}
    assert clinic.admin.put(path, body, if_match="*").status_code == 200


def _what_became(clinic: Any, webhook: Any) -> list[tuple[str, str, str | None]]:
    found = clinic.admin.read(f"/v1/webhooks/{webhook['id']}/deliveries")["items"]
    return [(each["type"], each["state"], each["reason"]) for each in reversed(found)]


def _again(work: Any, clock: Any) -> None:
    clock.turn(minutes=2)
    work()


def test_a_clinician_who_has_left_the_care_team_is_not_told_by_a_retry(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    webhook = told(clinician_id=agreed.ids["nurse"], types=["entry.created"])
    receiver.answers = [(500, {}), (500, {})]
    agreed.write("I miss my father.")
    work()
    _again(work, clock)
    assert len(receiver.got) == 2
    _set_team(agreed, "therapist", "physician")
    _again(work, clock)
    assert len(receiver.got) == 2
    assert _what_became(agreed, webhook) == [("entry.created", "dropped", "not_shared")]
    _set_team(agreed, "therapist", "physician", "nurse")
    agreed.write("I miss my mother.")
    _again(work, clock)
    assert len(receiver.got) == 3


def test_a_webhook_that_is_narrowed_is_not_told_more_by_a_retry(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    webhook = told(types=["entry.created", "note.created"])
    path = f"/v1/webhooks/{webhook['id']}"
    receiver.answers = [(500, {})]
    agreed.write("I miss my father.")
    agreed.note("Seen.")
    work()
    narrower: Any
    for narrower in ({"patient_ids": [agreed.ids["tom"]]}, {"patient_ids": None, "types": ["note.created"]}):
        assert agreed.admin.patch(path, narrower, if_match="*").status_code == 200
    _again(work, clock)
    assert receiver.types == ["entry.created", "note.created"]
    assert _what_became(agreed, webhook) == [
        ("entry.created", "dropped", "not_shared"),
        ("note.created", "delivered", None),
    ]
