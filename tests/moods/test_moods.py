"""Mood check-ins: whose they are, and where they appear beside the moods of entries."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from integration_api.db import reading
from models import MoodCheckIn, new_id

PATH = "/v1/mood-check-ins"
FELT = {"valence": -3, "arousal": 4, "at": "2026-03-09T08:12:00-05:00"}


def test_a_check_in_is_made_listed_read_and_taken_back(clinic: Any) -> None:
    session = clinic.hold_session(clinic.open_course()["id"], "2026-03-08T10:00:00Z")["id"]
    sent_id = str(new_id())
    made = clinic.maya.create(PATH, {"id": sent_id, **FELT})
    assert made == {**FELT, "id": sent_id, "patient_id": clinic.ids["maya"], "session_id": session,
                    "visibility": "private", "created_at": made["created_at"]}  # fmt: skip
    assert clinic.maya.create(PATH, {"id": sent_id, **FELT}) == made
    assert clinic.maya.post(PATH, {"id": sent_id, **FELT, "valence": 5}).status_code == 409
    untold = clinic.maya.create(PATH, {"valence": 0, "arousal": 0})
    assert untold["at"] == untold["at"].replace("+00:00", "Z")
    assert [each["id"] for each in clinic.maya.read(PATH)["items"]] == [untold["id"], sent_id]
    assert [each["id"] for each in clinic.maya.read(f"{PATH}?until=2026-04-01T00:00:00Z")["items"]] == [sent_id]
    assert clinic.maya.read(f"{PATH}?session_id={new_id()}")["items"] == []
    for wrong in (
        {"valence": 6},
        {"arousal": -6},
        {"valence": None},
        {"at": "yesterday"},
        {"session_id": str(new_id())},
        {"note": "in words"},
    ):
        assert clinic.maya.post(PATH, FELT | wrong).status_code == 422, wrong
    assert clinic.therapist.post(PATH, FELT).status_code == 403
    one = f"{PATH}/{sent_id}"
    assert clinic.maya.delete(one).status_code == 428
    assert clinic.maya.delete(one, if_match=clinic.maya.etag(one)).status_code == 204
    assert clinic.maya.get(one).status_code == 404


def test_a_session_that_moves_takes_what_was_left_to_us_along(clinic: Any) -> None:
    course = clinic.open_course()["id"]
    first = clinic.hold_session(course, "2026-03-01T10:00:00Z")["id"]
    made, named = clinic.maya.create(PATH, FELT), clinic.maya.create(PATH, FELT | {"session_id": first})
    assert (made["session_id"], named["session_id"]) == (first, first)
    second = clinic.hold_session(course, "2026-03-08T10:00:00Z")["id"]
    assert clinic.maya.read(f"{PATH}/{made['id']}")["session_id"] == second
    assert clinic.maya.read(f"{PATH}/{named['id']}")["session_id"] == first
    clinic.therapist.patch(f"/v1/sessions/{second}", {"status": "cancelled"}, if_match="*")
    assert clinic.maya.read(f"{PATH}/{made['id']}")["session_id"] == first


def test_shared_ones_stand_beside_the_moods_of_entries_and_private_ones_nowhere(clinic: Any) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    clinic.hold_session(clinic.open_course()["id"], start.isoformat())
    later = [(start + timedelta(hours=hours)).isoformat() for hours in range(1, 5)]
    clinic.write("Rain.", later[0], mood={"valence": 1, "arousal": None})
    shared = clinic.maya.create(PATH, FELT | {"at": later[1], "visibility": "care_team"})
    clinic.maya.create(PATH, FELT | {"at": later[2], "valence": 5})
    mornings = clinic.maya.create(
        PATH, FELT | {"at": (start - timedelta(days=9)).isoformat(), "visibility": "care_team"}
    )
    brief, patterns = (f"/v1/patients/{clinic.ids['maya']}/{each}" for each in ("brief", "patterns"))

    def around(who: str) -> dict[str, Any]:
        found = clinic.caller(who).read(patterns)["around_dose"]["since_dosing"]
        return {each["since"]: (each["documents"], each["valence"], each["arousal"]) for each in found}

    assert [(each["source"], each["valence"]) for each in clinic.therapist.read(brief)["moods"]] == [
        ("entry", 1), ("check_in", -3),
    ]  # fmt: skip
    assert around("therapist") == {
        "before_first": (0, {"documents": 0, "check_ins": 1, "mean": -3, "lowest": -3, "highest": -3},
                         {"documents": 0, "check_ins": 1, "mean": 4, "lowest": 4, "highest": 4}),
        "within_24_hours": (1, {"documents": 1, "check_ins": 1, "mean": -1, "lowest": -3, "highest": 1},
                            {"documents": 0, "check_ins": 1, "mean": 4, "lowest": 4, "highest": 4}),
    }  # fmt: skip
    assert around("maya")["within_24_hours"][1] == {
        "documents": 1,
        "check_ins": 2,
        "mean": 1,
        "lowest": -3,
        "highest": 5,
    }
    phases = clinic.therapist.read(patterns)["around_dose"]["by_phase"]
    assert {each["phase"]: each["documents"] for each in phases} == {"dosing": 1, None: 0}
    clinic.maya.delete(f"{PATH}/{mornings['id']}", if_match="*")
    assert "before_first" not in around("therapist")  # and not from memory either
    assert [each["id"] for each in clinic.therapist.read(PATH)["items"]] == [shared["id"]]
    for who in ("tom", "june", "colleague", "elsewhere.therapist"):
        assert clinic.caller(who).get(f"{PATH}/{shared['id']}").status_code == 404
        assert clinic.caller(who).read(PATH)["items"] == []
    clinic.maya.create("/v1/me/consents", {"purpose": "care_team", "is_granted": False, "wording": "No."})
    assert clinic.therapist.get(f"{PATH}/{shared['id']}").status_code == 404
    assert clinic.therapist.read(brief)["moods"] == []
    assert around("therapist") == {}


def test_they_are_taken_along_and_forgotten(clinic: Any) -> None:
    made = clinic.maya.create(PATH, FELT)
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as taken:
        assert json.loads(taken.read("record.json"))["mood_check_ins"] == [made]
        assert "-3/4" in taken.read("record.html").decode()
    toms = clinic.tom.create(PATH, FELT)
    clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    assert [each["id"] for each in clinic.tom.read(PATH)["items"]] == [toms["id"]]
    with clinic.app.app_context(), reading() as db_session:
        assert db_session.scalar(select(func.count()).select_from(MoodCheckIn)) == 1
