"""Maya's record, with something of every kind in it."""

from collections.abc import Callable
from typing import Any

import pytest
from callers import Clinic
from flask import Flask
from rows import made_once, put_back
from who_gets_what import EHR, FILES, HOOK, JPEG, OWN, PROMPT

from models import new_id


@pytest.fixture(scope="session")
def _lived() -> dict[str, Any]:
    """What the record left in the database, so that it is made by HTTP once and not once a test."""
    return {}


@pytest.fixture
def world(request: pytest.FixtureRequest, app: Flask, _lived: dict[str, Any]) -> Clinic:
    if not _lived:
        return made_once(request.getfixturevalue("clinic"), _lived, live)
    with app.app_context():
        put_back(_lived["rows"])  # the clinic as it was founded is in them
    return Clinic(app, dict(_lived["ids"]))


@pytest.fixture
def attach(world: Clinic) -> Callable[[], None]:
    """Add a file to the entry. It lies outside the database, and goes when it is deleted: who needs one makes it."""

    def send() -> None:
        sent = world.maya.call("POST", FILES.format(**world.ids), data=JPEG, content_type="image/jpeg")
        world.ids["attachment"] = sent.json["id"]

    return send


def live(clinic: Clinic) -> None:
    """Keep a course, a session with vitals, entries and notes of each kind."""
    clinic.ids["course"] = clinic.open_course()["id"]
    clinic.ids["session"] = clinic.hold_session(clinic.ids["course"], "2026-03-08T10:00:00Z")["id"]
    clinic.ids["vitals"] = clinic.therapist.create(
        f"/v1/sessions/{clinic.ids['session']}/vitals", {"at": "2026-03-08T10:20:00Z", "heart_rate_bpm": 71}
    )["id"]
    entry = clinic.write("I am afraid of dying.")
    private = clinic.write("I am afraid of dying.", visibility="private")
    clinic.ids["entry"] = entry["id"]
    clinic.ids |= {"private": private["id"], "private_mention": private["themes"][0]["id"]}
    felt = {"valence": -1, "arousal": 2, "visibility": "care_team"}
    clinic.ids["check_in"] = clinic.maya.create("/v1/mood-check-ins", felt)["id"]
    changed = clinic.maya.patch(f"/v1/journal-entries/{entry['id']}", {"text": "I am afraid of dying!"}, if_match="*")
    assert changed.status_code == 200
    clinic.ids |= edited_elsewhere(clinic, entry["id"])  # its words are looked at anew, together with the other's
    clinic.ids["mention"] = clinic.maya.read(f"/v1/journal-entries/{entry['id']}")["themes"][0]["id"]
    clinic.ids["own_theme"] = clinic.admin.create("/v1/themes", OWN | {"theme": "the_climb"})["theme"]
    clinic.ids["own_prompt"] = clinic.admin.create("/v1/prompts", PROMPT)["id"]
    for each in ("intention", "commitment"):
        said = {"text": "To meet the fear of dying.", "visibility": "care_team"}
        clinic.ids[each] = clinic.maya.create(f"/v1/{each}s", said)["id"]
    answers = {"measure": "phq_9", "answers": [0] * 9}
    clinic.ids["response"] = clinic.maya.create("/v1/measure-responses", answers)["id"]
    clinic.ids["note"] = clinic.note("Pt speaks of a fear of dying.")["id"]
    clinic.ids["former"] = former_of(clinic, clinic.ids["note"])
    clinic.write("I have been having suicidal thoughts again.")
    clinic.ids["flag"] = clinic.therapist.read("/v1/safety-flags")["items"][0]["id"]
    clinic.ids["psychotherapy"] = clinic.note("My own thoughts.", "psychotherapy")["id"]
    hook = clinic.admin.create("/v1/webhooks", HOOK)["id"]
    clinic.ids |= {"webhook": hook, "delivery": clinic.admin.post(f"/v1/webhooks/{hook}/ping", {}).json["id"]}
    clinic.ids["connection"] = clinic.admin.create("/v1/ehr-connections", EHR)["id"]
    clinic.ids["app"] = clinic.let_in_app("maya")
    clinic.add_ehr()


def former_of(clinic: Any, note: str) -> Any:
    """Change a note; give its former version."""
    clinic.therapist.patch(
        f"/v1/notes/{note}", {"text": "Pt speaks of fear of dying, and of her father."}, if_match="*"
    )
    return clinic.therapist.read(f"/v1/notes/{note}/versions")["items"][0]["id"]


def edited_elsewhere(clinic: Any, entry: str) -> dict[str, str]:
    """Let another phone of Maya's edit an entry as it was first; give the former version and the conflict."""
    conflict = str(new_id())
    change = {"change_id": conflict, "kind": "journal_entry", "id": entry, "op": "put", "base_version": 1}
    clinic.maya.post("/v1/sync", {"changes": [change | {"record": {"text": "Afraid of dying, on the other phone."}}]})
    listed = clinic.maya.read(f"/v1/journal-entries/{entry}/versions")["items"]
    return {"conflict": conflict, "version": next(each["id"] for each in listed if each["reason"] == "former")}
