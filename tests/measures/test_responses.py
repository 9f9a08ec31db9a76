"""Measures through the door: answered, scored, flagged, followed over time, corrected, taken back, hidden."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from integration_api.db import reading
from models import MeasureResponse, new_id

RESPONSES, FLAGS = "/v1/measure-responses", "/v1/safety-flags"
GRAVE = [1, 1, 1, 1, 0, 1, 1, 0, 1]


def answers(clinic: Any, values: list[int | None], at: str | None = "2026-03-09T08:00:00Z", **more: Any) -> Any:
    body = {"measure": "phq_9", "answers": values, "answered_at": at, **more}
    return clinic.maya.create(RESPONSES, body)


def flags_of(clinic: Any, who: str = "therapist") -> list[Any]:
    items: list[Any] = clinic.caller(who).read(f"{FLAGS}?routed=any")["items"]
    return items


def test_item_9_reaches_the_care_team_at_once_and_stands_in_the_brief(clinic: Any, stored: Any) -> None:
    made = answers(clinic, GRAVE)
    assert made["score"] == {"total": 7, "band": "mild", "answered": 9, "items": 9}
    assert "no crisis service" in made["safety"]["message"]
    assert made["language"] == "en"
    (flag,) = flags_of(clinic, "nurse")
    assert (flag["theme"], flag["status"], flag["severity"], flag["is_private"]) == ("suicidality", "open", None, False)
    assert (flag["document_id"], flag["document_source"], flag["evidence"]) == (None, "measure", [])
    assert flag["answer"] == {"response_id": made["id"], "measure": "phq_9", "item": "9", "answer": 1}
    assert [each["what"] for each in flag["history"]] == ["raised"]
    brief = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/brief?since=2026-03-01T00:00:00Z")
    (line,) = [each for each in brief["lines"] if each["kind"] == "safety"]
    assert (
        line["says"] == "Patient Health Questionnaire-9, item 9: answered above zero once since then. Please read it."
    )
    (evidence,) = line["evidence"]
    assert (evidence["quote"], evidence["source"]) == ("Several days", "measure")
    assert clinic.therapist.read(evidence["link"])["answers"] == GRAVE
    (measure,) = brief["measures"]
    assert (measure["n"], measure["last"]["score"]["total"], measure["since_first"]) == (1, 7, None)
    page = clinic.therapist.get(f"/v1/patients/{clinic.ids['maya']}/brief/page").text
    assert "PHQ-9: 7, mild, on 2026-03-09" in page
    waiting = {each["patient_id"]: each["waiting_flags"] for each in clinic.therapist.read("/v1/caseload")["items"]}
    assert waiting[clinic.ids["maya"]] == 1
    note = {"note": "Spoken with her."}
    assert clinic.therapist.post(f"{FLAGS}/{flag['id']}/acknowledge", note).json["status"] == "acknowledged"
    assert (
        clinic.therapist.post(f"{FLAGS}/{flag['id']}/assign", {"clinician_id": clinic.ids["nurse"]}).status_code == 200
    )
    assert b'"answers":[1' not in stored()
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        (kept,) = db_session.scalars(select(MeasureResponse))
        assert kept.answers == GRAVE


def test_it_escalates_like_the_others(clinic: Any, monkeypatch: Any) -> None:
    answers(clinic, [None] * 8 + [3])
    parts = clinic.app.extensions["parts"]
    later = replace(parts, now=lambda: parts.now() + timedelta(minutes=61))
    monkeypatch.setitem(clinic.app.extensions, "parts", later)
    (flag,) = flags_of(clinic)
    assert [each["what"] for each in flag["history"]] == ["raised", "escalated"]


@pytest.mark.one_database
def test_what_is_said_to_who_answers_in_spanish(clinic: Any) -> None:
    body = {"measure": "phq_9", "answers": GRAVE}
    made = clinic.maya.create(RESPONSES, body, headers={"Accept-Language": "es"})
    assert made["language"] == "es"
    assert "no es un servicio de emergencia" in made["safety"]["message"]
    calm = clinic.maya.create(RESPONSES, {"measure": "pcl_5", "answers": [0] * 20}, headers={"Accept-Language": "es"})
    assert (calm["language"], calm["safety"]) == ("en", None)
    catalogue = {each["measure"]: each for each in clinic.maya.read("/v1/measures")["items"]}
    assert clinic.maya.read("/v1/measures/phq_9") == catalogue["phq_9"]
    assert catalogue["phq_9"]["options"][1] == {"value": 1, "text": {"en": "Several days", "es": "Varios días"}}
    assert catalogue["phq_9"]["loinc"] == {"panel": "44249-1", "score": "44261-6"}
    assert (catalogue["k6"]["loinc"], catalogue["k6"]["gate"], catalogue["k6"]["highest"]) == (None, None, 24)


def test_a_repeated_request_answers_once_and_raises_once(clinic: Any) -> None:
    body = {"id": str(new_id()), "measure": "phq_9", "answers": GRAVE}
    first, again = clinic.maya.post(RESPONSES, body), clinic.maya.post(RESPONSES, body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert len(flags_of(clinic)) == 1
    assert clinic.maya.post(RESPONSES, body | {"answers": [0] * 9}).status_code == 409


def test_a_correction_keeps_what_it_corrects_and_takes_its_flag_back(clinic: Any) -> None:
    wrong = answers(clinic, GRAVE)
    right = answers(clinic, [1] * 8 + [0], replaces=wrong["id"])
    assert (right["replaces"], right["safety"]) == (wrong["id"], None)
    kept = clinic.therapist.read(f"{RESPONSES}/{wrong['id']}")
    assert (kept["status"], kept["answers"], kept["safety"]) == ("entered_in_error", GRAVE, None)
    (flag,) = flags_of(clinic)
    assert flag["status"] == "withdrawn"
    trend = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/measures/phq_9")
    assert [each["response_id"] for each in trend["series"]] == [right["id"]]
    assert [each["id"] for each in clinic.maya.read(f"{RESPONSES}?status=final")["items"]] == [right["id"]]
    again = {"measure": "phq_9", "answers": GRAVE, "replaces": wrong["id"]}
    assert clinic.maya.post(RESPONSES, again).json["errors"][0]["pointer"] == "/replaces"
    theirs = again | {"replaces": right["id"], "patient_id": clinic.ids["maya"]}
    assert clinic.therapist.post(RESPONSES, theirs).status_code == 403


def test_a_correction_that_says_no_time_stands_where_what_it_corrects_stood(clinic: Any) -> None:
    first = answers(clinic, [3] * 8 + [0], "2026-01-05T08:00:00Z")
    answers(clinic, [1] * 8 + [0], "2026-03-09T08:00:00Z")
    right = answers(clinic, [2] * 8 + [0], None, replaces=first["id"])
    assert right["answered_at"] == first["answered_at"]
    trend = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/measures/phq_9")
    assert (trend["since_first"]["points"], trend["last"]["score"]["total"]) == (-8, 8)
    moved = answers(clinic, [2] * 8 + [0], "2026-01-06T08:00:00Z", replaces=right["id"])
    assert moved["answered_at"] == "2026-01-06T08:00:00Z"


def test_a_response_that_is_taken_back_is_out_of_sight_with_its_flag(clinic: Any) -> None:
    path = f"{RESPONSES}/{answers(clinic, GRAVE)['id']}"
    assert clinic.maya.delete(path).status_code == 428
    assert clinic.therapist.delete(path, if_match="*").status_code == 403
    assert clinic.maya.delete(path, if_match=clinic.maya.etag(path)).status_code == 204
    assert clinic.maya.get(path).status_code == 404
    assert (flags_of(clinic), clinic.maya.read(RESPONSES)["items"]) == ([], [])
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        (kept,) = db_session.scalars(select(MeasureResponse))
        assert (kept.status, kept.answers_sealed) == ("deleted", None)


def test_others_never_see_it_and_a_no_to_the_care_team_hides_it(clinic: Any) -> None:
    path, patient = f"{RESPONSES}/{answers(clinic, GRAVE)['id']}", f"/v1/patients/{clinic.ids['maya']}"
    for who in ("tom", "june", "colleague", "elsewhere.therapist"):
        assert clinic.caller(who).get(path).status_code == 404
        assert clinic.caller(who).read(RESPONSES)["items"] == []
        assert clinic.caller(who).get(f"{patient}/measures").status_code == 404
    assert flags_of(clinic, "colleague") == flags_of(clinic, "elsewhere.therapist") == []
    down = {"measure": "gad_7", "answers": [1] * 7, "patient_id": clinic.ids["maya"]}
    clinic.caller("nurse").create(RESPONSES, down)
    no = {"purpose": "care_team", "is_granted": False, "wording": "As shown."}
    clinic.maya.create("/v1/me/consents", no)
    assert clinic.therapist.get(path).status_code == 404
    assert (flags_of(clinic), clinic.therapist.read(RESPONSES)["items"]) == ([], [])
    assert clinic.therapist.read(f"{patient}/measures")["items"] == []
    brief = clinic.therapist.read(f"{patient}/brief?since=2026-03-01T00:00:00Z")
    assert (brief["measures"], brief["lines"], brief["flags"]) == ([], [], [])
    assert len(clinic.caller("nurse").read(RESPONSES)["items"]) == 1  # what she wrote down herself
    assert len(clinic.maya.read(RESPONSES)["items"]) == 2
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as file:
        record = json.loads(file.read("record.json"))
        assert "PHQ-9, total 7" in file.read("record.html").decode()
    assert [each["measure"] for each in record["measure_responses"]] == ["gad_7", "phq_9"]


@pytest.mark.one_database
def test_bad_answers_are_told_where_they_are(clinic: Any) -> None:
    bad: list[tuple[dict[str, Any], list[str]]] = [
        ({"measure": "tarot", "answers": [1]}, ["/measure"]),
        ({"measure": "phq_9", "answers": [0] * 8}, ["/answers"]),
        ({"measure": "phq_9", "answers": [0] * 7 + [4, 9]}, ["/answers/7", "/answers/8"]),
        ({"measure": "phq_9", "answers": [None] * 9}, ["/answers"]),
        ({"measure": "phq_9", "answers": ["1"] + [0] * 8}, ["/answers/0"]),
        ({"measure": "phq_9", "answers": [True] + [0] * 8}, ["/answers/0"]),
        ({"measure": "phq_9", "answers": [0] * 9, "gate": 1}, ["/gate"]),
        ({"measure": "pc_ptsd_5", "answers": [0] * 5}, ["/gate"]),
        ({"measure": "pcl_5", "answers": [0] * 20, "language": "es"}, ["/language"]),
        ({"measure": "phq_9", "answers": [0] * 9, "answered_at": "2199-01-01T00:00:00Z"}, ["/answered_at"]),
        ({"measure": "phq_9", "answers": [0] * 9, "patient_id": clinic.ids["tom"]}, ["/patient_id"]),
    ]
    for body, pointers in bad:
        answer = clinic.maya.post(RESPONSES, body)
        assert answer.status_code == 422, body
        assert [each["pointer"] for each in answer.json["errors"]] == pointers
        spanish = clinic.maya.post(RESPONSES, body, headers={"Accept-Language": "es"}).json["errors"]
        assert all(one["detail"] != other["detail"] for one, other in zip(answer.json["errors"], spanish, strict=True))
    assert clinic.maya.get("/v1/measures/tarot").status_code == 404
    assert clinic.maya.get(f"/v1/patients/{clinic.ids['maya']}/measures/tarot").status_code == 404


def test_measures_stand_beside_the_dose_and_come_due(clinic: Any) -> None:
    due = "/v1/me/measures-due"
    assert clinic.maya.read(due)["items"] == []  # no course is under way
    course = clinic.open_course()["id"]
    assert [each["measure"] for each in clinic.maya.read(due)["items"]] == ["gad_7", "pcl_5", "phq_9"]
    answers(clinic, [2] * 8 + [0], "2026-03-07T08:00:00Z")
    patient = f"/v1/patients/{clinic.ids['maya']}"
    assert clinic.therapist.read(f"{patient}/measures/phq_9")["around_dosing"] == []
    clinic.hold_session(course, "2026-03-08T10:00:00Z")
    answers(clinic, [1] * 8 + [0], "2026-03-08T20:00:00Z")
    answers(clinic, [1] * 7 + [None, 0], "2026-03-08T20:00:00Z")
    trend = clinic.maya.read(f"{patient}/measures/phq_9")
    assert (trend["n"], trend["unscored"]) == (2, 1)
    assert trend["since_previous"] == trend["since_first"] == {"points": -8, "exceeds": True}
    stretches = [(each["since"], each["n"], each["mean"]) for each in trend["around_dosing"]]
    assert stretches == [("before_first", 1, 16.0), ("within_24_hours", 1, 8.0)]
    (beside,) = clinic.therapist.read(f"{patient}/patterns")["measures"]
    assert beside["around_dosing"] == trend["around_dosing"]
    assert clinic.therapist.read(f"{patient}/patterns?until=2026-03-08T00:00:00Z")["measures"][0]["n"] == 1
    now = clinic.app.extensions["parts"].now().isoformat()
    answers(clinic, [0] * 9, now)
    assert [each["measure"] for each in clinic.maya.read(due)["items"]] == ["gad_7", "pcl_5"]


def test_erasure_leaves_nothing_of_it(clinic: Any) -> None:
    answers(clinic, GRAVE)
    clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        assert db_session.scalars(select(MeasureResponse)).all() == []
    assert flags_of(clinic) == []
