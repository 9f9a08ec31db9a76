"""What else phones hold and send, and which of it raises safety flags."""

import json
from typing import Any

import pytest
from exchanges import delete, outcomes, put, sync

from integration_api.sync.kinds import Kind
from models import new_id

ENTRIES = "/v1/journal-entries"
KILL = "I will kill myself on Sunday."


def test_words_that_clash_raise_flags_and_are_answered_like_any_others(clinic: Any) -> None:
    entry = clinic.write("One.")
    path = f"{ENTRIES}/{entry['id']}"
    clinic.maya.patch(path, {"text": "Two, at the desk."}, if_match="*")
    change = put({"text": "I want to kill myself."}, 1, id=entry["id"])
    (result,) = sync(clinic.maya, change)["results"]
    assert (result["outcome"], result["version"]) == ("conflict", 2)
    assert "suicidality" not in {each["theme"] for each in result["record"]["themes"]}
    assert result["record"]["safety"]["message"]
    assert clinic.therapist.read(path)["safety"] is None
    (flag,) = clinic.therapist.read("/v1/safety-flags")["items"]
    assert (flag["theme"], flag["evidence"], flag["status"]) == ("suicidality", [], "open")
    assert "kill" not in json.dumps(flag)
    (result,) = sync(clinic.maya, change)["results"]
    assert (result["outcome"], result["record"]["tagging"]["state"]) == ("unchanged", "done")
    answer = clinic.maya.post(f"{path}/conflicts/{change['change_id']}/resolve", {"text": None})
    assert answer.json["safety"] is None
    assert clinic.therapist.read(f"/v1/safety-flags/{flag['id']}")["status"] == "withdrawn"


def test_words_from_a_phone_are_tagged_flagged_and_answered(clinic: Any) -> None:
    (result,) = sync(clinic.maya, put({"text": "I want to kill myself.", "visibility": "care_team"}))["results"]
    assert result["record"]["safety"]["message"]
    assert result["record"]["tagging"]["state"] == "done"
    (flag,) = clinic.therapist.read("/v1/safety-flags")["items"]
    assert flag["theme"] == "suicidality"


def test_a_repeat_is_tagged_where_the_first_time_failed(clinic: Any, broken_tagger: Any) -> None:
    change = put({"text": "I want to kill myself.", "visibility": "care_team"})
    with broken_tagger():
        (result,) = sync(clinic.maya, change)["results"]
    assert (result["outcome"], result["record"]["tagging"]["state"]) == ("applied", "pending")
    (result,) = sync(clinic.maya, change)["results"]
    assert (result["outcome"], result["record"]["tagging"]["state"]) == ("unchanged", "done")
    assert result["record"]["safety"]["message"]
    assert [each["theme"] for each in clinic.therapist.read("/v1/safety-flags")["items"]] == ["suicidality"]


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


def test_answers_from_a_phone_whose_clock_is_fast_are_kept_as_of_when_they_came(clinic: Any, set_clock: Any) -> None:
    """Nobody at the phone could put its clock right, and item 9 must not wait until somebody does."""
    set_clock()
    answers = [1, 2, 1, 1, 0, 2, 1, 0, 1]
    made = put(
        {"measure": "phq_9", "answers": answers, "answered_at": "2026-03-04T09:00:00-05:00"}, kind="measure_response"
    )
    answer = sync(clinic.maya, made, made, made | {"change_id": str(new_id())})
    assert outcomes(answer) == ["applied", "unchanged", "unchanged"]
    assert answer["results"][0]["record"]["answered_at"] == "2026-03-02T15:00:00Z"
    assert answer["results"][0]["record"]["safety"]["message"]
    assert [each["theme"] for each in clinic.therapist.read("/v1/safety-flags")["items"]] == ["suicidality"]


SCORED = {"measure": "phq_9", "answers": [0] * 9, "answered_at": "2026-03-09T08:12:00-05:00", "language": "en"}
FELT = {"valence": -2, "arousal": 3, "at": "2026-03-09T08:12:00-05:00", "visibility": "care_team"}


@pytest.mark.parametrize(
    ("kind", "record", "other"),
    [
        ("measure_response", SCORED, {"answers": [0] * 8 + [3]}),
        ("measure_response", SCORED, {"measure": "gad_7", "answers": [0] * 7}),
        ("measure_response", SCORED, {"answered_at": "2026-03-08T08:12:00-05:00"}),
        ("measure_response", SCORED, {"language": "es"}),
        ("measure_response", SCORED, {"replaces": str(new_id())}),
        ("mood_check_in", FELT, {"valence": -5}),
        ("mood_check_in", FELT, {"arousal": 0}),
        ("mood_check_in", FELT, {"at": "2026-03-08T08:12:00-05:00"}),
        ("mood_check_in", FELT, {"visibility": "private"}),
        ("mood_check_in", FELT, {"session_id": str(new_id())}),
    ],
)
def test_something_else_under_a_known_id_stays_with_the_phone(
    clinic: Any, kind: str, record: dict[str, Any], other: dict[str, Any]
) -> None:
    made = put(record, kind=kind)
    same, different = put(record, id=made["id"], kind=kind), put(record | other, id=made["id"], kind=kind)
    answer = sync(clinic.maya, made, same, different, different)
    assert outcomes(answer) == ["applied", "unchanged", "refused", "refused"]
    assert "used before with other content" in answer["results"][2]["problem"]["detail"]
    assert answer["results"][2]["record"] == answer["results"][0]["record"]


def test_what_a_phone_leaves_to_us_is_no_difference(clinic: Any) -> None:
    for kind, least in (
        ("measure_response", {"measure": "phq_9", "answers": [0] * 9}),
        ("mood_check_in", {"valence": -2, "arousal": 3}),
    ):
        made = put(least, kind=kind)
        assert outcomes(sync(clinic.maya, made, put(least, id=made["id"], kind=kind))) == ["applied", "unchanged"]


def test_answers_that_were_taken_back_do_not_come_again(clinic: Any) -> None:
    made = put(SCORED, kind="measure_response")
    sync(clinic.maya, made)
    assert clinic.maya.delete(f"/v1/measure-responses/{made['id']}", if_match="*").status_code == 204
    assert outcomes(sync(clinic.maya, made, put(SCORED, id=made["id"], kind="measure_response"))) == [
        "unchanged",
        "gone",
    ]


def test_a_phone_that_begins_anew_does_not_have_read_what_has_no_room(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of long entries few have room in an answer; to read a hundred for each page made a reinstalled app wait."""
    written = [clinic.maya.create(ENTRIES, {"text": "a" * 40_000})["id"] for _ in range(60)]
    asked: list[int] = []
    read = Kind.read

    def counted(kind: Kind, db_session: Any, caller: Any, record_ids: Any) -> Any:
        asked.append(len(record_ids))
        return read(kind, db_session, caller, record_ids)

    monkeypatch.setattr(Kind, "read", counted)
    told, page = [], sync(clinic.maya)
    for _ in range(10):
        told += [each["id"] for each in page["changes"]]
        assert sum(asked) <= len(page["changes"]) + 10
        if not page["has_more"]:
            break
        asked.clear()
        page = sync(clinic.maya, token=page["token"])
    assert told == written


def flags(clinic: Any) -> Any:
    return clinic.therapist.read("/v1/safety-flags")["items"]


@pytest.mark.parametrize("kind", ["intention", "commitment"])
def test_intentions_and_commitments_from_a_phone_are_flagged_and_answered(clinic: Any, kind: str) -> None:
    change = put({"text": KILL, "visibility": "care_team"}, kind=kind)
    answer = sync(clinic.maya, change)
    assert "no crisis service" in answer["results"][0]["record"]["safety"]["message"]
    (flag,) = flags(clinic)
    assert (flag["status"], flag[f"{kind}_id"]) == ("open", change["id"])
    assert outcomes(sync(clinic.maya, change)) == ["unchanged"]
    assert len(flags(clinic)) == 1
    edit = put({"text": "Call my sister on Sundays."}, 1, id=change["id"], kind=kind)
    (result,) = sync(clinic.maya, edit)["results"]
    assert (result["outcome"], result["record"]["safety"]) == ("applied", None)
    assert flags(clinic)[0]["status"] == "withdrawn"


@pytest.mark.parametrize("kind", ["intention", "commitment"])
def test_a_theme_that_is_not_there_any_more_keeps_no_words_from_being_stored(clinic: Any, kind: str) -> None:
    """The phone may have been offline since before it was taken out."""
    made = put({"text": "Walk up there again.", "themes": ["our_mountain"]}, kind=kind)
    changed = put(
        {"text": "Walk up there alone.", "themes": ["our_mountain", "our_river"]}, 1, id=made["id"], kind=kind
    )
    assert outcomes(sync(clinic.maya, made, changed)) == ["applied", "applied"]
    assert clinic.maya.read(f"/v1/{kind}s/{made['id']}")["text"] == "Walk up there alone."


def test_a_repeat_of_one_is_looked_through_where_the_first_time_failed(clinic: Any, broken_tagger: Any) -> None:
    change = put({"text": KILL, "visibility": "care_team"}, kind="commitment")
    with broken_tagger():
        (result,) = sync(clinic.maya, change)["results"]
    assert (result["outcome"], result["record"]["safety"]) == ("applied", None)
    (result,) = sync(clinic.maya, change)["results"]
    assert (result["outcome"], len(flags(clinic))) == ("unchanged", 1)
    assert result["record"]["safety"]["message"]


def test_words_for_one_that_was_taken_back_elsewhere_are_kept_and_looked_through(clinic: Any) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": "Call my sister on Sundays."})
    clinic.maya.delete(f"/v1/commitments/{made['id']}", if_match="*")
    change = put({"text": KILL}, 1, id=made["id"], kind="commitment") | {"change_id": str(new_id())}
    assert outcomes(sync(clinic.maya, change)) == ["gone"]
    assert clinic.maya.read(f"/v1/commitments/{change['change_id']}")["safety"]["message"]
    assert flags(clinic) == []
    clinic.maya.create("/v1/me/consents", {"purpose": "safety_signals", "is_granted": True, "wording": "As shown."})
    assert [each["is_private"] for each in flags(clinic)] == [True]
