"""What waits for a retry when whom, or what, it may be told of has changed."""

from typing import Any

WORDS = "I want to die."


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


def test_that_private_words_danger_is_over_is_told_only_while_it_may_be_told_that_it_was(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    consent = {"purpose": "safety_signals", "is_granted": True, "wording": "As shown."}
    agreed.maya.create("/v1/me/consents", consent)
    webhook = told(types=["safety_flag.raised", "safety_flag.withdrawn"])
    entry = agreed.write(WORDS, visibility="private")
    receiver.answers = [(500, {})]
    work()
    path = f"/v1/journal-entries/{entry['id']}"
    assert agreed.maya.patch(path, {"text": "The sea was calm."}, if_match="*").status_code == 200
    agreed.maya.create("/v1/me/consents", consent | {"is_granted": False})
    _again(work, clock)
    assert receiver.types == ["safety_flag.raised"]  # the try before the patient said no
    assert _what_became(agreed, webhook) == [
        ("safety_flag.raised", "dropped", "not_shared"),
        ("safety_flag.withdrawn", "dropped", "not_shared"),
    ]


def test_that_shared_words_danger_is_over_is_told(told: Any, agreed: Any, receiver: Any, work: Any) -> None:
    told(types=["safety_flag.raised", "safety_flag.withdrawn"])
    entry = agreed.write(WORDS)
    work()
    path = f"/v1/journal-entries/{entry['id']}"
    assert agreed.maya.patch(path, {"text": "The sea was calm."}, if_match="*").status_code == 200
    work()
    assert receiver.types == ["safety_flag.raised", "safety_flag.withdrawn"]
