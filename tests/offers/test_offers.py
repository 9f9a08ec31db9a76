"""GET /v1/prompts: what fits this patient now, over HTTP, with the real tagger."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from exchanges import outcomes, put, sync
from flask import Flask
from sqlalchemy import select

from integration_api.config import CrisisResource, Settings
from integration_api.db import reading
from models import PromptShowing, ReminderSettings

PROMPTS, ENTRIES = "/v1/prompts", "/v1/journal-entries"
START = "2026-03-02T15:00:00Z"
FEAR = "I am afraid of dying."
OWN = {
    "texts": {"en": "What did the harbour look like?", "es": "¿Cómo se veía el puerto?"},
    "purpose": "open",
    "gentleness": "gentle",
    "phases": ["screening", "later"],
}
Clock = Callable[..., datetime]


@pytest.fixture(autouse=True)
def _now(clinic: Any, set_clock: Clock) -> None:
    """Tokens are made, and everything happens, around the dosing."""
    set_clock(hours=-1)


def offered(clinic: Any, query: str = "limit=20", **more: Any) -> Any:
    answer = clinic.maya.get(f"{PROMPTS}?{query}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json


def kinds(prompt: Any) -> list[str]:
    return [each["kind"] for each in prompt["reasons"]]


def test_a_fresh_patient_is_asked_what_brought_them(clinic: Any) -> None:
    found = offered(clinic)
    assert (found["phases"], found["hours_since_dosing"], found["support"]) == (["screening"], None, None)
    assert len(found["items"]) == 20
    assert found["next_cursor"] is None
    for each in found["items"]:
        assert each["reasons"] == [{"kind": "phase", "text": "You are at the beginning.", "links": []}]
        assert "screening" in clinic.therapist.read(f"{PROMPTS}/{each['id']}")["phases"]
        assert each["text"] == each["texts"]["en"]
    assert len(offered(clinic, "")["items"]) == 5
    assert clinic.maya.get(f"{PROMPTS}?limit=21").status_code == 422


def test_after_three_hours_only_gentle_ones(clinic: Any, set_clock: Clock) -> None:
    clinic.hold_session(clinic.open_course()["id"], START, status="planned")  # and nobody has closed it yet
    clinic.maya.create("/v1/commitments", {"text": "Call my sister.", "due_on": "2026-01-05"})
    assert offered(clinic)["phases"] == ["before_dosing"]
    set_clock(hours=3)
    found = offered(clinic)
    assert (found["phases"], found["hours_since_dosing"]) == (["within_24_hours"], 3)
    assert {each["gentleness"] for each in found["items"]} == {"grounding", "gentle"}
    assert all(len(each["text"]) <= 120 and kinds(each) == ["phase"] for each in found["items"])
    set_clock(hours=25)
    assert "commitment_due" in [each for prompt in offered(clinic, "limit=2")["items"] for each in kinds(prompt)]


def test_what_returns_and_what_is_due_bring_their_prompts_and_nobody_else_sees_them(
    clinic: Any, set_clock: Clock
) -> None:
    course = clinic.open_course()["id"]
    entries = []
    for week in range(4):
        at = set_clock(days=7 * week)
        clinic.hold_session(course, at.isoformat())
        text = f"{FEAR} We had soup at noon. {FEAR}"
        entries.append(clinic.write(text, (at + timedelta(days=1)).isoformat(), visibility="private")["id"])
    set_clock(days=21)
    clinic.maya.create("/v1/commitments", {"text": "Walk to the lighthouse.", "visibility": "care_team"})
    set_clock(days=21 + 8)
    before = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/themes")
    found = offered(clinic)
    returning = [each for each in found["items"] if "returns" in kinds(each)]
    assert returning
    for each in returning:
        reason = each["reasons"][0]
        assert reason["text"] == "You have written about this around 4 of your sessions."
        assert set(reason["links"]) <= {f"{ENTRIES}/{entry}" for entry in entries}
        assert clinic.maya.get(reason["links"][0]).status_code == 200
        assert not {"themes", "theme", "facet"} & each.keys()
    shown = clinic.maya.get(f"{PROMPTS}?limit=20").text.lower()
    assert "mortality" not in shown
    assert "dying" not in shown
    assert not [each for each in found["items"] if "commitment_due" in kinds(each)]
    # nobody else: the offer is the patient's own, and no other answer changes by it
    for who in ("therapist", "admin", "colleague"):
        assert clinic.caller(who).get(PROMPTS).status_code == 403
    assert not [each for each in offered_to(clinic.tom) if "returns" in kinds(each)]
    assert clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/themes") == before
    assert clinic.therapist.read(ENTRIES)["items"] == []


def offered_to(caller: Any) -> Any:
    return caller.read(f"{PROMPTS}?limit=20")["items"]


def test_a_stalled_commitment_comes_back_and_one_that_is_kept_does_not(clinic: Any, set_clock: Clock) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": "Walk to the lighthouse.", "due_on": "2026-03-01"})["id"]
    clinic.maya.create("/v1/commitments", {"text": "Sing more.", "due_on": "2026-03-30"})
    clinic.hold_session(clinic.open_course()["id"], START)
    set_clock(days=5)
    first = offered(clinic)["items"][0]
    assert kinds(first) == ["commitment_due", "phase"]
    assert first["reasons"][0]["links"] == [f"/v1/commitments/{made}"]
    assert "lighthouse" not in first["reasons"][0]["text"]
    clinic.maya.patch(f"/v1/commitments/{made}", {"status": "kept"}, if_match="*")
    assert not [each for each in offered(clinic)["items"] if "commitment_due" in kinds(each)]
    intended = clinic.maya.create("/v1/intentions", {"text": "To let it be."})["id"]
    links = [link for each in offered(clinic)["items"] for reason in each["reasons"] for link in reason["links"]]
    assert f"/v1/intentions/{intended}" in links or len(links) == 0


def test_after_signs_of_danger_there_is_grounding_and_where_help_is(
    clinic: Any, app: Flask, set_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = app.config["SETTINGS"]
    line = CrisisResource(name="Harbour crisis line", phone="555-0100")
    monkeypatch.setitem(app.config, "SETTINGS", replace(settings, crisis_resources=(line,)))
    clinic.hold_session(clinic.open_course()["id"], START)
    at = set_clock(days=10)
    words = "I have been having suicidal thoughts again."
    entry = clinic.write(words, at.isoformat(), visibility="private")
    found = offered(clinic)
    assert {each["gentleness"] for each in found["items"]} == {"grounding"}
    assert {each["reasons"][0]["text"] for each in found["items"]} == {"Something gentle for now."}
    assert "no crisis service" in found["support"]["message"]
    assert found["support"]["resources"][0]["phone"] == "555-0100"
    spanish = offered(clinic, headers={"Accept-Language": "es"})
    assert "no es un servicio de emergencia" in spanish["support"]["message"]
    set_clock(days=25)
    assert offered(clinic)["support"] is None
    set_clock(days=10)
    clinic.maya.delete(f"{ENTRIES}/{entry['id']}", if_match="*")
    assert offered(clinic)["support"] is None
    clinic.write("I have no suicidal thoughts.", at.isoformat())
    assert offered(clinic)["support"] is None


def test_so_there_is_for_words_that_wait_beside_an_entry(clinic: Any, set_clock: Clock) -> None:
    entry = clinic.write("A quiet day by the sea.")
    path = f"{ENTRIES}/{entry['id']}"
    clinic.maya.patch(path, {"text": "A quiet day."}, if_match="*")
    for words, is_grave in (("I do not want to die.", False), ("I want to kill myself.", True)):
        change = put({"text": words}, 1, id=entry["id"])
        assert outcomes(sync(clinic.maya, change)) == ["conflict"]
        assert (offered(clinic)["support"] is not None) == is_grave
    assert {each["gentleness"] for each in offered(clinic)["items"]} == {"grounding"}
    set_clock(
        days=(datetime.now(UTC) - datetime.fromisoformat(START)).days + 16
    )  # such words are as old as we have them
    assert offered(clinic)["support"] is None
    set_clock(days=10)
    clinic.maya.post(f"{path}/conflicts/{change['change_id']}/resolve", {"text": None})
    assert offered(clinic)["support"] is None


def test_in_spanish_with_content_language_and_a_tag_of_its_own(clinic: Any) -> None:
    english, spanish = (
        clinic.maya.get(PROMPTS, headers={"Accept-Language": each}) for each in ("en", "es-MX,es;q=0.9")
    )
    assert (english.headers["Content-Language"], spanish.headers["Content-Language"]) == ("en", "es")
    assert "Accept-Language" in spanish.headers["Vary"]
    assert english.headers["ETag"] != spanish.headers["ETag"]
    for one, other in zip(english.json["items"], spanish.json["items"], strict=True):
        assert one["id"] == other["id"]
        assert (one["text"], other["text"]) == (one["texts"]["en"], one["texts"]["es"])
        assert other["reasons"][0]["text"] == "Está al comienzo."
    again = clinic.maya.get(PROMPTS, headers={"Accept-Language": "es"}, if_none_match=spanish.headers["ETag"])
    assert again.status_code == 304


def test_never_the_same_first_twice_in_a_row(clinic: Any, set_clock: Clock) -> None:
    firsts = []
    for day in range(7):
        set_clock(days=day)
        first = offered(clinic)["items"][0]["id"]
        assert offered(clinic)["items"][0]["id"] == first  # the same all day
        firsts.append(first)
        if day % 3 == 0:
            seen = clinic.maya.post(f"{PROMPTS}/{first}/shown", {})
            assert (seen.status_code, seen.json["prompt_id"]) == (200, first)
            assert clinic.maya.post(f"{PROMPTS}/{first}/shown", {}).status_code == 200
            firsts.append(offered(clinic)["items"][0]["id"])
        if day % 3 == 1:
            clinic.write("An answer.", prompt_id=first)
            firsts.append(offered(clinic)["items"][0]["id"])
    assert len(set(firsts)) == len(firsts)  # there are more prompts than that
    assert all(one != other for one, other in pairwise(firsts))


def test_what_has_gone_quiet_is_asked_of_once_more(clinic: Any, set_clock: Clock) -> None:
    course = clinic.open_course()["id"]
    for week in range(3):
        at = set_clock(days=7 * week)
        clinic.hold_session(course, at.isoformat())
        for day in range(1, 6):
            words = f"{FEAR} Rain." if week < 2 else "We had soup at noon and the bus was late. " * 12
            clinic.write(words, (at + timedelta(days=day)).isoformat())
    set_clock(days=19)
    quiet = [each for each in offered(clinic)["items"] if "quiet" in kinds(each)]
    assert {each["reasons"][0]["text"] for each in quiet} == {"You wrote about this some time ago, and not of late."}
    entry = clinic.maya.read(quiet[0]["reasons"][0]["links"][0])
    assert entry["text"].startswith(FEAR)
    assert not [each for each in offered(clinic)["items"] if "returns" in kinds(each)]


def test_what_was_put_is_taken_along_and_forgotten_with_the_rest(clinic: Any, app: Flask) -> None:
    first = offered(clinic)["items"][0]["id"]
    clinic.maya.post(f"{PROMPTS}/{first}/shown", {})
    clinic.maya.patch("/v1/me/reminder-settings", {"timezone": "Europe/Madrid"}, if_match="*")
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as file:
        record = json.loads(file.read("record.json"))
    assert [each["prompt_id"] for each in record["prompts_shown"]] == [first]
    assert record["reminder_settings"]["timezone"] == "Europe/Madrid"
    offered_to(clinic.tom)
    clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    with app.app_context(), reading() as db_session:
        assert [str(each.patient_id) for each in db_session.scalars(select(PromptShowing))] == [clinic.ids["tom"]]
        assert db_session.scalars(select(ReminderSettings)).all() == []


def test_a_clinics_own_prompt_appears_and_goes_and_stays_readable(clinic: Any, set_clock: Clock) -> None:
    made = clinic.therapist.create(PROMPTS, OWN)
    path = f"{PROMPTS}/{made['id']}"
    assert (made["is_own"], made["source"], made["reviewed_by"]) == (True, None, None)
    library = clinic.therapist.read(f"{PROMPTS}/library?limit=200&phase=screening")["items"]
    assert made["id"] in [each["id"] for each in library]
    for each in library:  # a clinic may ask its own questions only
        if not each["is_own"]:
            one = f"{PROMPTS}/{each['id']}"
            answer = clinic.admin.patch(one, {"is_on": False}, if_match="*")
            assert (answer.status_code, answer.json["is_on"]) == (200, False)
    assert [each["id"] for each in offered(clinic)["items"]] == [made["id"]]  # one prompt, day after day
    set_clock(days=1)
    assert [each["text"] for each in offered(clinic)["items"]] == ["What did the harbour look like?"]
    assert len(clinic.maya.read(f"{PROMPTS}/library?limit=200&phase=screening")["items"]) == 1
    assert len(clinic.therapist.read(f"{PROMPTS}/library?limit=200&phase=screening")["items"]) == len(library)
    entry = clinic.write("Grey, with gulls.", prompt_id=made["id"])
    changed = clinic.caller("nurse").patch(path, {"texts": {"es": None}}, if_match=clinic.admin.etag(path))
    assert changed.json["texts"] == {"en": "What did the harbour look like?"}
    assert offered(clinic, headers={"Accept-Language": "es"})["items"] == []  # no words in that language
    assert clinic.caller("elsewhere.therapist").get(path).status_code == 404
    assert clinic.therapist.delete(path, if_match=clinic.therapist.etag(path)).status_code == 204
    assert offered(clinic)["items"] == []
    old = clinic.maya.get(f"{PROMPTS}/{entry['prompt_id']}", headers={"Accept-Language": "es"})
    assert (old.json["is_retired"], old.json["language"], old.headers["Content-Language"]) == (True, "en", "en")
    assert clinic.maya.create(ENTRIES, {"text": "Late, from a phone.", "prompt_id": made["id"]})
    assert clinic.therapist.delete(path, if_match="*").status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"texts": {}}, "/texts"),
        ({"texts": {"en": " "}}, "/texts/en"),
        ({"texts": {"en": "x" * 201}}, "/texts/en"),
        ({"texts": {"en": "How was the ketamine?"}}, ""),
        ({"phases": []}, "/phases"),
        ({"phases": ["within_24_hours"], "gentleness": "open"}, ""),
        ({"themes": ["suicidality"]}, "/themes"),
        ({"themes": ["tax_returns"]}, "/themes"),
        ({"needs": "magic"}, "/needs"),
    ],
)
def test_what_is_unfit_for_a_patient_is_refused(clinic: Any, change: dict[str, Any], pointer: str) -> None:
    answer = clinic.therapist.post(PROMPTS, OWN | change)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_the_librarys_words_stay_and_an_unknown_prompt_is_no_prompt(clinic: Any, fresh_id: Any) -> None:
    known = clinic.therapist.read(f"{PROMPTS}/library?limit=1")["items"][0]
    path = f"{PROMPTS}/{known['id']}"
    assert clinic.therapist.patch(path, {"texts": {"en": "Other?"}}, if_match="*").status_code == 422
    assert clinic.therapist.delete(path, if_match="*").status_code == 404
    assert clinic.therapist.post(PROMPTS, OWN | {"id": known["id"]}).status_code == 422
    refused = clinic.maya.post(ENTRIES, {"text": "Mine.", "prompt_id": str(fresh_id)})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/prompt_id")
    assert clinic.maya.post(f"{PROMPTS}/{fresh_id}/shown", {}).status_code == 404
    entry = clinic.write("Mine.", prompt_id=known["id"])
    one = f"{ENTRIES}/{entry['id']}"
    assert clinic.maya.patch(one, {"prompt_id": str(fresh_id)}, if_match="*").status_code == 422
    assert clinic.maya.patch(one, {"prompt_id": None}, if_match="*").json["prompt_id"] is None
