"""The wire format of /v1/sync: what comes of each change, and what is told of the others'."""

import itertools
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from exchanges import SYNC, delete, outcomes, put, sync
from sqlalchemy import func, select

from integration_api.db import reading
from integration_api.themes.jobs import tag_pending
from models import DocumentVersion, new_id

ENTRIES = "/v1/journal-entries"


def test_words_arrive_once_whole_and_in_order(clinic: Any) -> None:
    first = put({"text": "I am afraid of dying.", "visibility": "care_team"})
    bad = put({"text": " "})
    edit = put({"text": "I am not afraid."}, 1, id=first["id"])
    answer = sync(clinic.maya, first, bad, edit)
    assert outcomes(answer) == ["applied", "invalid", "applied"]
    assert answer["results"][1]["problem"]["errors"][0]["pointer"] == "/text"
    (entry,) = answer["changes"]
    assert entry["record"] == clinic.maya.read(f"{ENTRIES}/{first['id']}")
    assert (entry["record"]["text"], entry["record"]["version"]) == ("I am not afraid.", 2)
    assert f'"{answer["results"][2]["etag"]}"' == clinic.maya.etag(f"{ENTRIES}/{first['id']}")
    again = sync(clinic.maya, first, bad, edit, token=answer["token"])
    assert outcomes(again) == ["unchanged", "invalid", "unchanged"]
    assert (again["changes"], again["has_more"]) == ([], False)
    assert len(clinic.therapist.read(ENTRIES)["items"]) == 1


def test_the_feed_tells_what_the_patient_may_read_and_what_is_gone(clinic: Any) -> None:
    course = clinic.open_course()["id"]
    session = clinic.hold_session(course, "2026-03-08T10:00:00Z")["id"]
    entry = clinic.write("I am afraid of dying.", "2026-03-09T08:12:00Z")
    note = clinic.note("Pt seen.")["id"]
    secret = clinic.note("My own thoughts.", "psychotherapy")["id"]
    intention = clinic.therapist.create("/v1/intentions", {"patient_id": clinic.ids["maya"], "text": "To rest."})["id"]
    first, everything = sync(clinic.maya, limit=2), {}
    pages = [first]
    while pages[-1]["has_more"]:
        pages.append(sync(clinic.maya, limit=2, token=pages[-1]["token"]))
    for item in (each for page in pages for each in page["changes"]):
        assert not item["deleted"]
        everything[item["kind"], item["id"]] = item["record"]
    there = {"course": course, "session": session, "journal_entry": entry["id"], "note": note, "intention": intention}
    assert set(everything) == set(there.items())
    for kind, path in {"course": "courses", "session": "sessions", "journal_entry": "journal-entries"}.items():
        assert everything[kind, there[kind]] == clinic.maya.read(f"/v1/{path}/{there[kind]}")

    token = pages[-1]["token"]
    later = clinic.hold_session(course, "2026-03-09T07:00:00Z", "integration")["id"]  # takes the entry
    clinic.therapist.create(f"/v1/sessions/{session}/vitals", {"at": "2026-03-08T10:20:00Z", "spo2_percent": 98})
    clinic.therapist.post(f"/v1/mentions/{entry['themes'][0]['id']}/review", {"verdict": "confirmed"})
    clinic.therapist.delete(f"/v1/notes/{note}", if_match="*")
    clinic.therapist.delete(f"/v1/notes/{secret}", if_match="*")
    clinic.therapist.delete(f"/v1/intentions/{intention}", if_match="*")
    news = sync(clinic.maya, token=token)
    told = {each["id"]: each for each in news["changes"]}
    assert {each for each in told if told[each]["deleted"]} == {note, intention}
    assert told[entry["id"]]["record"]["session_id"] == later
    assert told[entry["id"]]["record"]["themes"][0]["review"] == "confirmed"
    assert told[session]["record"]["vitals"][0]["spo2_percent"] == 98
    assert secret not in json.dumps([*pages, news])
    assert not [each for each in sync(clinic.maya)["changes"] if each["deleted"]]


def test_one_event_a_sync_in_the_trail(clinic: Any) -> None:
    sync(clinic.maya, put({"text": "One."}), put({"text": " "}), put({"text": "Two."}))
    sync(clinic.maya)
    events = clinic.maya.read("/v1/audit-events")["items"]
    assert [each["outcome"] for each in events if each["operation"] == "sync"] == ["done", "done"]


def test_words_that_clash_are_both_kept_until_their_writer_chooses(clinic: Any) -> None:
    entry = clinic.write("One.")
    path = f"{ENTRIES}/{entry['id']}"
    clinic.maya.patch(path, {"text": "Two, at the desk."}, if_match="*")
    change = put({"text": "Two, in the lift.", "mood": {"valence": -1, "arousal": 2}}, 1, id=entry["id"])
    answer = sync(clinic.maya, change, change)
    assert outcomes(answer) == ["conflict", "unchanged"]
    record = answer["results"][0]["record"]
    assert (record["text"], record["mood"]) == ("Two, at the desk.", {"valence": -1, "arousal": 2})
    (copy,) = record["conflicts"]
    assert (copy["id"], copy["text"], copy["base_version"]) == (change["change_id"], "Two, in the lift.", 1)
    assert clinic.therapist.read(path)["conflicts"] == []
    assert clinic.therapist.get(f"{path}/versions").status_code == 404
    assert outcomes(sync(clinic.maya, delete(entry["id"], record["version"]))) == ["conflict"]  # it knows of no copy
    answer = clinic.maya.post(f"{path}/conflicts/{copy['id']}/resolve", {"text": "Two."})
    assert (answer.json["text"], answer.json["conflicts"]) == ("Two.", [])
    assert clinic.maya.post(f"{path}/conflicts/{copy['id']}/resolve", {}).status_code == 404
    listed = clinic.maya.read(f"{path}/versions")["items"]
    kept = {(each["text"], each["reason"]) for each in listed}
    assert kept == {("Two, at the desk.", "former"), ("Two, in the lift.", "settled"), ("One.", "former")}
    assert clinic.maya.read(f"{path}/versions/{listed[0]['id']}") == listed[0]
    exported = clinic.maya.get("/v1/me/export")
    assert exported.status_code == 200
    current = clinic.maya.read(path)["version"]
    assert outcomes(sync(clinic.maya, delete(entry["id"], current))) == ["applied"]
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        assert db_session.scalar(select(func.count()).select_from(DocumentVersion)) == 0


def test_other_fields_merge_and_private_wins(clinic: Any) -> None:
    entry = clinic.write("One.")
    path = f"{ENTRIES}/{entry['id']}"
    clinic.maya.patch(path, {"mood": {"valence": 1, "arousal": 1}}, if_match="*")
    answer = sync(clinic.maya, put({"text": "Two.", "mood": {"valence": 3, "arousal": 3}}, 1, id=entry["id"]))
    (result,) = answer["results"]
    assert (result["outcome"], result["kept"], result["record"]["text"]) == ("applied", ["mood"], "Two.")
    assert result["record"]["mood"] == {"valence": 1, "arousal": 1}
    answer = sync(clinic.maya, put({"visibility": "private"}, 1, id=entry["id"]))
    assert answer["results"][0]["record"]["visibility"] == "private"
    answer = sync(clinic.maya, put({"visibility": "care_team"}, 1, id=entry["id"]))
    assert answer["results"][0]["record"]["visibility"] == "private"


def test_a_deleted_id_is_not_reborn_and_a_late_edit_is_kept(clinic: Any) -> None:
    create = put({"text": "One."})
    sync(clinic.maya, create, delete(create["id"], 1))
    late = put({"text": "Two, in the lift."}, 1, id=create["id"])
    duplicate = put({"text": "One."}, id=create["id"])
    mood = put({"mood": {"valence": 1, "arousal": None}}, 1, id=create["id"])
    answer = sync(clinic.maya, create, late, duplicate, late, mood, delete(create["id"], 1), delete(str(new_id()), 1))
    assert outcomes(answer) == ["unchanged", "gone", "gone", "gone", "gone", "unchanged", "gone"]
    assert [each["recovered_id"] for each in answer["results"]][1:4] == [late["change_id"], None, late["change_id"]]
    (kept,) = clinic.maya.read(ENTRIES)["items"]
    assert (kept["id"], kept["text"], kept["is_draft"]) == (late["change_id"], "Two, in the lift.", True)
    assert kept["visibility"] == "private"
    shared = clinic.write("Shared.")
    clinic.maya.patch(f"{ENTRIES}/{shared['id']}", {"text": "Shared, and more."}, if_match="*")
    assert outcomes(sync(clinic.maya, delete(shared["id"], 1))) == ["conflict"]


def test_a_draft_is_its_writers_alone_until_it_is_finished(clinic: Any) -> None:
    clinic.maya.create("/v1/me/consents", {"purpose": "safety_signals", "is_granted": True, "wording": "As shown."})
    clinic.add_ehr()
    clinic.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "As shown."})
    words = {"text": "I have been having suicidal thoughts, and I am afraid of dying.", "visibility": "care_team"}
    draft = put(words | {"is_draft": True})
    record = sync(clinic.maya, draft)["results"][0]["record"]
    assert (record["is_draft"], record["themes"], record["tagging"]["state"]) == (True, [], "pending")
    with clinic.app.app_context():
        assert tag_pending(everything=True) == (0, 0)
    path, maya = f"{ENTRIES}/{draft['id']}", clinic.ids["maya"]
    for who in ("therapist", "ehr"):
        assert clinic.caller(who).get(path).status_code == 404
        assert clinic.caller(who).read(ENTRIES)["items"] == []
    assert clinic.therapist.read("/v1/safety-flags")["items"] == []
    for caller in (clinic.therapist, clinic.maya):
        assert caller.read(f"/v1/patients/{maya}/themes")["items"] == []
        assert caller.post(f"/v1/patients/{maya}/search", {"words": "afraid"}).json["items"] == []
    assert "afraid" not in json.dumps(clinic.therapist.read(f"/v1/patients/{maya}/brief"))
    assert "afraid" not in json.dumps(clinic.therapist.read("/v1/caseload"))
    assert [each["id"] for each in clinic.maya.read(ENTRIES)["items"]] == [draft["id"]]
    finished = sync(clinic.maya, put({"is_draft": False}, 1, id=draft["id"]))["results"][0]["record"]
    assert {each["theme"] for each in finished["themes"]} >= {"mortality"}
    assert clinic.therapist.get(path).status_code == 200
    assert len(clinic.therapist.read("/v1/safety-flags")["items"]) == 1
    assert clinic.maya.patch(path, {"is_draft": True}, if_match="*").status_code == 422


def test_intentions_and_commitments_take_part(clinic: Any) -> None:
    made = put({"text": "Call my sister on Sundays."}, kind="commitment")
    kept = put({"status": "kept"}, 1, id=made["id"], kind="commitment")
    stale = put({"text": "Call my mother."}, 1, id=made["id"], kind="commitment")
    gone = delete(made["id"], 2, kind="commitment")
    late = put({"text": "Call my brother."}, 1, id=made["id"], kind="commitment")
    answer = sync(clinic.maya, made, kept, stale, gone, made, late)
    assert outcomes(answer) == ["applied", "applied", "conflict", "applied", "unchanged", "gone"]
    assert outcomes(sync(clinic.maya, stale)) == [
        "conflict"
    ]  # its answer may have been lost: the words are nowhere else
    problems = [each["problem"] for each in answer["results"]]
    assert [each and each["status"] for each in problems] == [None, None, 409, None, None, None]
    (left,) = clinic.maya.read("/v1/commitments")["items"]
    assert (left["id"], left["text"], left["visibility"]) == (late["change_id"], "Call my brother.", "private")
    theirs = put({"text": "x"}, 1, id=clinic.note("Pt seen.")["id"], kind="note")
    unknown = put({"text": "x"}, kind="dream")
    answer = sync(clinic.maya, theirs, unknown, put({}, kind="intention") | {"record": None})
    assert outcomes(answer) == ["refused", "invalid", "invalid"]
    assert [each["problem"]["status"] for each in answer["results"]] == [403, 422, 422]


def test_themes_that_somebody_chose_are_never_taken_for_what_is_there(clinic: Any) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": "Call my sister on Sundays.", "themes": ["family"]})
    clinic.maya.patch(f"/v1/commitments/{made['id']}", {"due_on": "2026-04-01"}, if_match="*")
    stale, same, new = (
        put({"themes": themes}, version, id=made["id"], kind="commitment")
        for themes, version in ((["grief"], 1), (["family"], 1), (["grief"], 2))
    )
    answer = sync(clinic.maya, stale, same)
    assert outcomes(answer) == ["conflict", "unchanged"]
    assert [each["record"]["themes"] for each in answer["results"]] == [["family"], ["family"]]
    assert answer["results"][0]["problem"] is not None
    answer = sync(clinic.maya, new)
    assert (outcomes(answer), answer["results"][0]["record"]["themes"]) == (["applied"], ["grief"])


def test_a_phone_is_told_that_what_a_commitment_came_of_is_gone(clinic: Any) -> None:
    intention = clinic.maya.create("/v1/intentions", {"text": "To rest."})["id"]
    body = {"text": "Rest on Sundays.", "intention_id": intention}
    commitment = clinic.maya.create("/v1/commitments", body)["id"]
    clinic.maya.create("/v1/commitments", {"text": "Call my sister."})
    token = sync(clinic.maya)["token"]
    clinic.maya.delete(f"/v1/intentions/{intention}", if_match="*")
    told = {each["id"]: each["record"] for each in sync(clinic.maya, token=token)["changes"]}
    assert told.keys() == {intention, commitment}
    assert told[intention] is None
    assert (told[commitment]["text"], told[commitment]["intention_id"]) == ("Rest on Sundays.", None)


def test_anothers_ids_and_tokens_are_like_unknown_ones(clinic: Any) -> None:
    theirs = clinic.tom.create(ENTRIES, {"text": "Mine."})["id"]
    answer = sync(clinic.maya, delete(theirs, 1), put({"text": "Now mine."}, 1, id=theirs), put({"text": "Fine."}))
    assert outcomes(answer) == ["gone", "refused", "applied"]
    assert "Mine." not in json.dumps(answer)
    assert [each["text"] for each in clinic.tom.read(ENTRIES)["items"]] == ["Mine."]
    lost = put({"text": "Not yet."})
    for caller, token in ((clinic.tom, answer["token"]), (clinic.maya, "x" + answer["token"]), (clinic.maya, "x")):
        refused = caller.post(SYNC, {"token": token, "changes": [lost]})
        assert (refused.status_code, refused.json["type"]) == (410, "urn:integration-api:problem:token-expired")
    narrow = clinic.caller("maya", "patient/Sync.u patient/JournalEntry.rs")
    assert narrow.post(SYNC, {"token": answer["token"]}).status_code == 410
    assert outcomes(sync(narrow, lost)) == ["refused"]
    assert [each["text"] for each in clinic.maya.read(ENTRIES)["items"]] == ["Fine."]
    assert clinic.therapist.post(SYNC, {}).status_code == 403


def test_limits(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clinic.maya.post(SYNC, {"changes": [put({"text": "x"}) for _ in range(101)]}).status_code == 422
    assert clinic.maya.post(SYNC, {"changes": [put({"text": "x" * 1_000_001})]}).status_code == 413
    assert clinic.maya.post(SYNC, {"limit": 201}).status_code == 422
    used = put({"text": "One."})
    answer = sync(clinic.maya, used, used | {"record": {"text": "Two."}}, put({"text": "x", "id": str(new_id())}))
    assert outcomes(answer) == ["applied", "invalid", "invalid"]
    for text in "abc":
        clinic.write(text * 40)
    monkeypatch.setattr("integration_api.sync.exchange.MOST_BYTES", 100)
    page = sync(clinic.maya)
    assert (len(page["changes"]), page["has_more"]) == (1, True)
    monkeypatch.setattr("integration_api.sync.tokens.GOOD_FOR", -1)
    assert clinic.maya.post(SYNC, {"token": page["token"]}).status_code == 410


def test_two_phones_at_the_same_moment(clinic: Any) -> None:
    entry = clinic.write("One.")
    maya, barrier = clinic.maya, threading.Barrier(2)
    answers: list[Any] = []

    def phone(name: str) -> None:
        token = None
        barrier.wait()
        for number in range(4):
            edit = put({"text": f"{name} {number}."}, 1, id=entry["id"])
            answer = sync(maya, put({"text": f"New from {name} {number}."}), edit, token=token)
            token = answer["token"]
            answers.append(answer)

    phones = [threading.Thread(target=phone, args=(name,)) for name in ("lift", "desk")]
    for each in phones:
        each.start()
    for each in phones:
        each.join()
    assert len(answers) == 8
    assert {each for answer in answers for each in outcomes(answer)} == {"applied", "conflict"}
    read = maya.read(f"{ENTRIES}/{entry['id']}")
    texts = sorted([read["text"], *(each["text"] for each in read["conflicts"])])
    assert texts == sorted(f"{name} {number}." for name in ("lift", "desk") for number in range(4))
    seen = {each["id"] for answer in answers for each in answer["changes"]}
    assert seen == {each["id"] for each in maya.read(ENTRIES)["items"]}


def test_the_examples_in_the_docs_are_true(clinic: Any, root: Path) -> None:
    page = (root / "docs" / "sync.md").read_text("utf-8")
    body = re.search(r"POST /v1/sync\n(    \{.*?\n    \})", page, re.DOTALL)
    assert body is not None
    answer = clinic.maya.post(SYNC, json.loads(body[1])).json
    assert outcomes(answer) == ["applied"]
    shown = page.split("## The answer")[1].split("There is one result")[0]
    for name in itertools.chain(answer, answer["results"][0], answer["changes"][0]):
        assert f'"{name}"' in shown
