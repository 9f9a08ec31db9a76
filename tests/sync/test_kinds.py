"""/v1/sync: what other than entries a phone holds and makes without a network."""

from typing import Any

from exchanging import delete, outcomes, put, sync

from models import new_id

SYNC, ENTRIES = "/v1/sync", "/v1/journal-entries"


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


def test_check_ins_are_made_and_taken_back_and_tied_to_their_session(clinic: Any) -> None:
    made = put({"valence": -2, "arousal": 3, "at": "2026-03-09T08:12:00-05:00"}, kind="mood_check_in")
    twice = made | {"change_id": str(new_id())}
    changed = put({"valence": 1}, 1, id=made["id"], kind="mood_check_in")
    answer = sync(clinic.maya, made, made, twice, changed, put({"valence": 9, "arousal": 0}, kind="mood_check_in"))
    assert outcomes(answer) == ["applied", "unchanged", "unchanged", "refused", "invalid"]
    path = f"/v1/mood-check-ins/{made['id']}"
    assert answer["results"][0]["record"] == clinic.maya.read(path) | {"version": 1}
    session = clinic.hold_session(clinic.open_course()["id"], "2026-03-08T10:00:00Z")["id"]
    news = {each["id"]: each["record"] for each in sync(clinic.maya, token=answer["token"])["changes"]}
    assert news[made["id"]]["session_id"] == session
    back, late = (delete(made["id"], 1, kind="mood_check_in") for _ in range(2))
    unknown = delete(str(new_id()), 1, kind="mood_check_in")
    answer = sync(clinic.maya, back, back, late, twice | {"change_id": str(new_id())}, unknown, token=answer["token"])
    assert outcomes(answer) == ["applied", "unchanged", "unchanged", "gone", "gone"]
    assert {"kind": "mood_check_in", "id": made["id"], "deleted": True, "record": None} in answer["changes"]
    assert clinic.maya.get(path).status_code == 404


def test_an_answer_that_somebody_must_see_raises_its_flag_at_once(clinic: Any) -> None:
    answers = [1, 2, 1, 1, 0, 2, 1, 0, 1]
    made = put({"measure": "phq_9", "answers": answers, "language": "es"}, kind="measure_response")
    twice = made | {"change_id": str(new_id())}
    answer = sync(clinic.maya, made, made, twice, delete(made["id"], 1, kind="measure_response"))
    assert outcomes(answer) == ["applied", "unchanged", "unchanged", "refused"]
    record = answer["results"][0]["record"]
    assert record == clinic.maya.read(f"/v1/measure-responses/{made['id']}")
    assert record["safety"]["message"]
    assert [(each["kind"], each["record"]) for each in answer["changes"]] == [("measure_response", record)]
    (flag,) = clinic.therapist.read("/v1/safety-flags")["items"]
    assert (flag["theme"], flag["answer"]["item"]) == ("suicidality", "9")
    short = put({"measure": "phq_9", "answers": [1]}, kind="measure_response")
    assert outcomes(sync(clinic.maya, short)) == ["invalid"]
