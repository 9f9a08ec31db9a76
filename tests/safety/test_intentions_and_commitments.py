"""Flags of what patients write as intentions and commitments: raised, seen, changed and gone as those of entries."""

import io
import json
import logging
import zipfile
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from integration_api.db import reading, unit_of_work
from integration_api.themes.jobs import tag_pending
from models import Event, Role, SafetyFlag, SafetyFlagEvent, User, new_id

KINDS = pytest.mark.parametrize("kind", ["intention", "commitment"])
DANGER = "I will kill myself on Sunday."
WISH = "I wish I were dead."
CALM = "Call my sister on Sundays."
TEAM = ("therapist", "physician", "nurse")


def count(clinic: Any, table: Any) -> int:
    with clinic.app.app_context(), reading() as db_session:
        return int(db_session.scalar(select(func.count()).select_from(table)) or 0)


@KINDS
def test_it_raises_a_flag_at_once_and_answers_its_writer(
    clinic: Any, resolve: Any, flags_of: Any, history: Any, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = resolve(kind, DANGER)
    assert "no crisis service" in made["safety"]["message"]
    assert (made["safety"]["kind"], made["safety"]["resources"]) == ("support", [])
    path = f"/v1/{kind}s/{made['id']}"
    answer = clinic.maya.get(path)
    assert (answer.json, made["version"]) == (made, 1)
    spanish = clinic.maya.get(path, headers={"Accept-Language": "es"})
    assert "no es un servicio de emergencia" in spanish.json["safety"]["message"]
    for who in TEAM:
        (flag,) = flags_of(who, "routed=me")
        assert (flag["theme"], flag["status"], history(flag)) == ("suicidality", "open", ["raised"])
        assert (flag["document_source"], flag["is_private"], flag["answer"]) == (kind, False, None)
        other = "commitment" if kind == "intention" else "intention"
        assert (flag[f"{kind}_id"], flag[f"{other}_id"], flag["document_id"]) == (made["id"], None, None)
        (passage,) = flag["evidence"]
        assert DANGER[passage["start"] : passage["end"]] == passage["quote"] != ""
        assert (passage["mention_id"], passage["assertion"]) == (None, "hypothetical")  # it has not happened
        assert passage["severity"] == flag["severity"] is not None
        assert clinic.caller(who).read(f"/v1/safety-flags/{flag['id']}") == flag
    assert "kill" not in caplog.text
    assert flags_of("colleague") == []
    with clinic.app.app_context(), reading() as db_session:
        told = set(db_session.execute(select(Event.type, Event.record_id)))
    assert ("safety_flag.raised", UUID(flag["id"])) in told


@KINDS
@pytest.mark.parametrize(
    "text",
    [
        "I have no suicidal thoughts.",
        "Years ago, I used to think about killing myself.",
        "My brother is suicidal.",
        CALM,
    ],
)
def test_what_is_denied_past_or_somebody_elses_raises_none(
    clinic: Any, resolve: Any, flags_of: Any, kind: str, text: str
) -> None:
    assert resolve(kind, text)["safety"] is None
    assert flags_of() == []
    assert count(clinic, SafetyFlag) == 0


@KINDS
def test_a_fear_and_other_themes_are_flagged_and_what_is_not_the_writers_business_is_not_answered(
    resolve: Any, flags_of: Any, said: Any, kind: str
) -> None:
    assert resolve(kind, "I am afraid that I will kill myself if this does not work.")["safety"]
    assert resolve(kind, said["adverse_effect"])["safety"] is None
    assert {each["theme"] for each in flags_of()} >= {"suicidality", "adverse_effect"}


@KINDS
def test_only_words_of_the_patients_own_raise_flags(
    resolve: Any, reword: Any, flags_of: Any, history: Any, kind: str
) -> None:
    made = resolve(kind, DANGER, "therapist")
    assert (flags_of(), made["safety"]) == ([], None)
    reword(kind, made, text=f"{CALM} {DANGER}")  # by Maya: now they are hers
    (flag,) = flags_of()
    assert flag["status"] == "open"
    reword(kind, made, "therapist", themes=["family"])
    assert flags_of()[0]["status"] == "open"
    reword(kind, made, "therapist", text=f"{DANGER} {CALM}")
    (flag,) = flags_of()
    assert (flag["status"], flag["evidence"], history(flag)) == ("withdrawn", [], ["raised", "withdrawn"])


@KINDS
def test_of_private_ones_it_is_told_with_consent_and_no_word(
    clinic: Any, resolve: Any, reword: Any, flags_of: Any, agree: Any, kind: str
) -> None:
    made = resolve(kind, DANGER, visibility="private")
    assert made["safety"]["message"]
    assert [flags_of(who) for who in TEAM] == [[], [], []]
    agree("safety_signals", yes=True)
    (flag,) = flags_of("nurse")
    assert (flag["is_private"], flag["document_source"], flag["severity"] is not None) == (True, None, True)
    assert [flag[f"{each}_id"] for each in ("document", "intention", "commitment")] == [None] * 3
    assert flag["evidence"] == []
    assert made["id"] not in json.dumps(flag)
    assert flags_of("colleague") == []
    agree("care_team", yes=False)
    assert flags_of() == []
    agree("care_team", yes=True)
    agree("safety_signals", yes=False)
    assert flags_of() == []
    reword(kind, made, visibility="care_team")
    (flag,) = flags_of()
    assert flag[f"{kind}_id"] == made["id"]
    agree("care_team", yes=False)
    assert flags_of() == []


def test_who_wrote_it_down_first_is_not_told_of_what_the_patient_made_private(
    clinic: Any, resolve: Any, reword: Any, flags_of: Any
) -> None:
    made = resolve("commitment", CALM, "therapist")
    reword("commitment", made, text=DANGER, visibility="private")
    assert flags_of() == []


@KINDS
def test_it_follows_the_words(resolve: Any, reword: Any, flags_of: Any, act: Any, history: Any, kind: str) -> None:
    made = resolve(kind, WISH)
    assert reword(kind, made, text=CALM)["safety"] is None
    assert (flags_of()[0]["status"], flags_of()[0]["evidence"]) == ("withdrawn", [])
    assert reword(kind, made, text=WISH)["safety"]["message"]
    (flag,) = flags_of()
    assert history(flag) == ["raised", "withdrawn", "raised"]
    act(flag, "acknowledge")
    reword(kind, made, text=f"{CALM} {WISH}")
    assert flags_of()[0]["status"] == "acknowledged"
    act(flag, "resolve", {"note": "Spoke with her."})
    reword(kind, made, text=CALM)
    assert flags_of()[0]["status"] == "resolved"
    reword(kind, made, text=WISH)
    (flag,) = flags_of()
    assert (flag["status"], history(flag)[-1], flag["history"][-1]["clinician_id"]) == ("open", "reopened", None)


@KINDS
@pytest.mark.parametrize("is_seen", [False, True])
def test_what_is_taken_back_takes_its_flags_out_of_sight(
    clinic: Any, resolve: Any, flags_of: Any, act: Any, kind: str, *, is_seen: bool
) -> None:
    made = resolve(kind, DANGER)
    (flag,) = flags_of()
    if is_seen:
        act(flag, "acknowledge", {"note": "Calling her."})
    assert clinic.maya.delete(f"/v1/{kind}s/{made['id']}", if_match="*").status_code == 204
    assert flags_of() == []
    assert clinic.therapist.get(f"/v1/safety-flags/{flag['id']}").status_code == 404
    assert clinic.therapist.post(f"/v1/safety-flags/{flag['id']}/acknowledge", {}).status_code == 404
    with clinic.app.app_context(), reading() as db_session:
        (kept,) = db_session.scalars(select(SafetyFlag)).unique()
        assert (kept.status, kept.origin, kept.history[-1].what) == ("withdrawn", None, "withdrawn")
        assert [each.note for each in kept.history if each.what == "acknowledged"] == ["Calling her."] * is_seen
        told = db_session.scalars(select(Event.type).where(Event.record_id == kept.id).order_by(Event.sequence)).all()
    assert told[-1] == "safety_flag.withdrawn"


@pytest.mark.parametrize("is_held", [False, True])
def test_erasure_takes_them_along(clinic: Any, resolve: Any, flags_of: Any, act: Any, *, is_held: bool) -> None:
    if is_held:
        clinic.admin.patch(f"/v1/patients/{clinic.ids['maya']}", {"retain_until": "2100-01-01"}, if_match="*")
    gone = resolve("intention", DANGER)
    clinic.maya.delete(f"/v1/intentions/{gone['id']}", if_match="*")
    for kind in ("intention", "commitment"):
        resolve(kind, DANGER)
        resolve(kind, DANGER, visibility="private")
    assert count(clinic, SafetyFlag) == 5
    act(flags_of()[0], "acknowledge", {"note": "Calling her."})
    clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    left = 2 if is_held else 0  # what the care team could read stays sealed until the day
    assert (count(clinic, SafetyFlag), count(clinic, SafetyFlagEvent) > 0) == (left, is_held)
    assert flags_of() == []


def test_the_patients_export_says_what_was_answered(clinic: Any, resolve: Any) -> None:
    made = [resolve(kind, DANGER) for kind in ("intention", "commitment")]
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as file:
        told = json.loads(file.read("record.json"))
    assert [told["intentions"][0]["safety"], told["commitments"][0]["safety"]] == [each["safety"] for each in made]


def test_it_is_escalated_and_stands_in_the_brief_the_caseload_and_the_record_system(
    clinic: Any, resolve: Any, flags_of: Any, act: Any, agree: Any, later: Any
) -> None:
    made = resolve("commitment", DANGER)
    (flag,) = flags_of()
    brief = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/brief")
    assert [each["id"] for each in brief["flags"]] == [flag["id"]]
    assert [each["waiting_flags"] for each in clinic.therapist.read("/v1/caseload")["items"]] == [1]
    later(61)
    assert flags_of()[0]["escalated_at"] is not None
    agree("ehr", yes=True)
    with clinic.app.app_context(), unit_of_work() as db_session:
        home = db_session.scalars(select(User).where(User.username == "admin")).one().organization_id
        db_session.add(User(id=new_id(), organization_id=home, username="ehr", role=Role.SYSTEM))
    ehr = clinic.caller("ehr")
    assert ehr.read("/fhir/R4/Flag").get("entry", []) == []
    act(flag, "acknowledge")
    (told,) = ehr.read("/fhir/R4/Flag")["entry"]
    assert (told["resource"]["id"], told["resource"]["status"]) == (flag["id"], "active")
    clinic.maya.patch(f"/v1/commitments/{made['id']}", {"visibility": "private"}, if_match="*")
    assert ehr.read("/fhir/R4/Flag").get("entry", []) == []


def test_what_nobody_has_in_hand_any_more_is_opened_again(
    clinic: Any, resolve: Any, flags_of: Any, act: Any, history: Any
) -> None:
    resolve("intention", DANGER)
    act(flags_of()[0], "acknowledge")
    path = f"/v1/patients/{clinic.ids['maya']}/care-team"
    clinic.admin.put(path, {"members": [{"clinician_id": clinic.ids["nurse"]}]}, if_match="*")
    (flag,) = flags_of("nurse")
    assert (flag["status"], history(flag)[-1]) == ("open", "reopened")


class TestTheTagger:
    def test_one_that_fails_holds_nothing_up_and_what_waited_is_flagged(
        self, clinic: Any, resolve: Any, flags_of: Any, broken_tagger: Any
    ) -> None:
        with broken_tagger():
            made = resolve("commitment", DANGER)
            resolve("commitment", DANGER, "therapist")
        assert (made["safety"], flags_of()) == (None, [])
        with clinic.app.app_context():
            assert tag_pending() == (1, 0)
            assert tag_pending() == (0, 0)
        assert [each["commitment_id"] for each in flags_of()] == [made["id"]]
        found = clinic.maya.read(f"/v1/commitments/{made['id']}")
        assert (found["version"], found["updated_at"]) == (made["version"], made["updated_at"])
        assert found["safety"]["message"]

    def test_looking_again_changes_nothing(
        self, clinic: Any, resolve: Any, flags_of: Any, act: Any, other_version: Any
    ) -> None:
        resolve("intention", DANGER)
        act(flags_of()[0], "acknowledge")
        before = flags_of()
        with clinic.app.app_context():
            assert tag_pending(everything=True) == (1, 0)
            assert tag_pending(also_older=True) == (0, 0)
            with other_version("newer"):
                assert tag_pending(also_older=True) == (1, 0)
        assert flags_of() == before

    def test_a_clinics_own_safety_theme_raises_flags_until_it_is_taken_out(
        self, clinic: Any, resolve: Any, flags_of: Any, act: Any
    ) -> None:
        own = {"theme": "our_red_light", "label": "Red", "facet": "safety", "definition": "D."}
        clinic.admin.create("/v1/themes", own | {"phrases": ["red lantern"]})
        resolve("commitment", "To light the red lantern again.")
        (flag,) = flags_of()
        assert (flag["theme"], len(flag["evidence"])) == ("our_red_light", 1)
        act(flag, "acknowledge")
        clinic.admin.delete("/v1/themes/our_red_light", if_match="*")
        (flag,) = flags_of()
        assert (flag["status"], flag["evidence"]) == ("acknowledged", [])
