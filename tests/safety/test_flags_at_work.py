"""Routing by role, escalation with a moved clock, and what clinicians do with a flag."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from integration_api import cli
from integration_api.db import reading
from integration_api.safety.jobs import escalate_overdue
from models import SafetyFlagEvent

FLAGS = "/v1/safety-flags"
WISH = "I wish I were dead."
HOURS = {"suicidality": 1, "harm_by_others": 4, "adverse_effect": 24, "destabilisation": 24, "ketamine_misuse": 24}
ROUTED = {
    "therapist": {"suicidality", "harm_by_others", "destabilisation", "ketamine_misuse"},
    "physician": set(HOURS),
    "nurse": {"suicidality", "harm_by_others", "adverse_effect", "destabilisation"},
}


@pytest.fixture
def one_of_each(clinic: Any, said: Any) -> None:
    for text in said.values():
        clinic.write(text)


def themes(flags: list[Any]) -> set[str]:
    return {each["theme"] for each in flags}


class TestRouting:
    @pytest.mark.usefixtures("one_of_each")
    def test_each_role_has_its_kinds_before_it_and_finds_the_rest(self, flags_of: Any) -> None:
        for who, expected in ROUTED.items():
            assert themes(flags_of(who, "")) == expected
            assert themes(flags_of(who, "routed=any")) == set(HOURS)
            for flag in flags_of(who):
                assert (who in flag["routed_to"]) == (flag["theme"] in expected)

    @pytest.mark.usefixtures("one_of_each")
    def test_an_assigned_flag_is_before_whoever_has_it(self, clinic: Any, flags_of: Any, act: Any) -> None:
        (misuse,) = flags_of("therapist", "theme=ketamine_misuse")
        act(misuse, "assign", {"clinician_id": clinic.ids["nurse"]})
        assert themes(flags_of("nurse", "")) == ROUTED["nurse"] | {"ketamine_misuse"}

    @pytest.mark.usefixtures("one_of_each")
    def test_filters_and_pages(self, clinic: Any, flags_of: Any, act: Any) -> None:
        assert themes(flags_of("nurse", "theme=suicidality")) == {"suicidality"}
        assert flags_of("nurse", f"patient_id={clinic.ids['tom']}") == []
        act(flags_of("nurse", "theme=suicidality")[0], "acknowledge")
        assert themes(flags_of("nurse", "status=acknowledged")) == {"suicidality"}
        assert themes(flags_of("nurse", "status=open")) == ROUTED["nurse"] - {"suicidality"}
        assert clinic.therapist.get(f"{FLAGS}?status=closed").status_code == 422
        misspelt = clinic.therapist.get(f"{FLAGS}?theme=suicidalty")  # "none" would read as if nobody were in danger
        assert (misspelt.status_code, misspelt.json["errors"][0]["parameter"]) == (422, "theme")
        assert flags_of("nurse", "theme=grief") == []
        path, seen = f"{FLAGS}?limit=2", []
        while path:
            page = clinic.caller("physician").read(path)
            seen += [each["id"] for each in page["items"]]
            path = page["next_cursor"] and f"{FLAGS}?limit=2&cursor={page['next_cursor']}"
        assert seen == [each["id"] for each in flags_of("physician")]


class TestEscalation:
    @pytest.mark.usefixtures("one_of_each")
    def test_each_kind_has_its_time(self, flags_of: Any) -> None:
        waits = {
            each["theme"]: datetime.fromisoformat(each["due_at"]) - datetime.fromisoformat(each["raised_at"])
            for each in flags_of()
        }
        assert waits == {theme: timedelta(hours=hours) for theme, hours in HOURS.items()}

    def test_an_unacknowledged_flag_comes_before_the_whole_team_once(
        self, clinic: Any, said: Any, flags_of: Any, later: Any, history: Any
    ) -> None:
        clinic.write(said["ketamine_misuse"])
        later(24 * 60 - 1)
        assert flags_of("nurse", "") == []
        assert flags_of("physician")[0]["escalated_at"] is None
        later(2)
        for _ in range(3):
            (flag,) = flags_of("nurse", "")
            assert flag["escalated_at"]
            assert (flag["status"], history(flag)) == ("open", ["raised", "escalated"])
            assert flag["history"][1]["clinician_id"] is None
        with clinic.app.app_context():
            assert escalate_overdue() == 0

    def test_an_acknowledged_one_does_not(self, clinic: Any, flags_of: Any, act: Any, later: Any, history: Any) -> None:
        clinic.write(WISH)
        act(flags_of()[0], "acknowledge")
        later(60 * 24 * 30)
        (flag,) = flags_of()
        assert (flag["escalated_at"], history(flag)) == (None, ["raised", "acknowledged"])

    def test_a_reopened_one_has_its_whole_time_again(
        self, clinic: Any, flags_of: Any, act: Any, later: Any, history: Any
    ) -> None:
        clinic.write(WISH)
        later(61)
        act(flags_of()[0], "acknowledge")
        act(flags_of()[0], "resolve", {"note": "Spoke with her."})
        reopened = act(flags_of()[0], "reopen", {"note": "She called again."})
        assert reopened["escalated_at"] is None
        later(59)
        assert flags_of()[0]["escalated_at"] is None
        later(2)
        expected = ["raised", "escalated", "acknowledged", "resolved", "reopened", "escalated"]
        assert history(flags_of()[0]) == expected

    @staticmethod
    def _leave(clinic: Any, *who: str) -> None:
        path = f"/v1/patients/{clinic.ids['maya']}/care-team"
        stays = [clinic.ids[each] for each in ("therapist", "physician", "nurse") if each not in who]
        body = {"members": [{"clinician_id": each} for each in stays]}
        assert clinic.admin.put(path, body, if_match=clinic.admin.etag(path)).status_code == 200

    @pytest.mark.parametrize("is_assigned", [True, False])
    def test_one_that_was_taken_on_waits_again_when_who_had_it_leaves(
        self, clinic: Any, flags_of: Any, act: Any, later: Any, history: Any, *, is_assigned: bool
    ) -> None:
        clinic.write(WISH)
        act(flags_of()[0], "acknowledge", who="therapist" if is_assigned else "nurse")
        if is_assigned:
            act(flags_of()[0], "assign", {"clinician_id": clinic.ids["nurse"]})
        before = len(history(flags_of()[0]))
        self._leave(clinic, "nurse")
        for _ in range(2):
            (flag,) = flags_of()
            assert (flag["status"], flag["assigned_to"]) == ("open", None)
            assert history(flag)[before:] == ["reopened"]
            assert flag["history"][-1]["clinician_id"] is None
        later(61)
        assert flags_of()[0]["escalated_at"] is not None
        act(flags_of()[0], "acknowledge")
        assert flags_of()[0]["status"] == "acknowledged"

    def test_who_takes_on_what_was_meant_for_one_who_left_has_it(
        self, clinic: Any, flags_of: Any, act: Any, history: Any
    ) -> None:
        clinic.write(WISH)
        act(flags_of()[0], "assign", {"clinician_id": clinic.ids["nurse"]})
        self._leave(clinic, "nurse")
        assert act(flags_of()[0], "acknowledge")["assigned_to"] is None
        for _ in range(2):
            assert history(flags_of()[0]) == ["raised", "assigned", "acknowledged"]
        self._leave(clinic, "nurse", "therapist")
        (flag,) = flags_of("physician")
        assert (flag["status"], history(flag)[-1]) == ("open", "reopened")

    def test_what_waits_again_is_in_the_caseload_and_the_brief_at_once(
        self, clinic: Any, flags_of: Any, act: Any
    ) -> None:
        clinic.write(WISH)
        act(flags_of()[0], "acknowledge", who="nurse")
        self._leave(clinic, "nurse")
        brief = f"/v1/patients/{clinic.ids['maya']}/brief"

        def told() -> tuple[int, str]:
            (glance,) = clinic.therapist.read("/v1/caseload")["items"]
            return glance["waiting_flags"], clinic.therapist.read(brief)["flags"][0]["status"]

        assert told() == (0, "acknowledged")  # nobody has looked yet
        flags_of()
        assert told() == (1, "open")

    def test_who_acts_late_leaves_the_escalation_in_the_history(
        self, clinic: Any, flags_of: Any, act: Any, later: Any, history: Any
    ) -> None:
        clinic.write(WISH)
        (flag,) = flags_of()
        later(61)
        assert history(act(flag, "acknowledge")) == ["raised", "escalated", "acknowledged"]

    def test_the_command_does_it_for_every_organization(
        self, clinic: Any, said: Any, later: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clinic.write(WISH)
        shared = {"text": said["harm_by_others"], "visibility": "care_team"}
        clinic.caller("june").create("/v1/journal-entries", shared)
        clinic.write(WISH, visibility="private")  # nobody could be told of it
        later(241)
        monkeypatch.setattr(cli, "_app", lambda: clinic.app)
        for expected in ("2 escalated\n", "0 escalated\n"):
            found = CliRunner().invoke(cli.main, ["escalate-flags"])
            assert (found.exit_code, found.output) == (0, expected)

    def test_many_who_look_at_once_escalate_once(self, clinic: Any, later: Any) -> None:
        clinic.write(WISH)
        later(61)
        nurses = [clinic.caller("nurse") for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda nurse: nurse.get(FLAGS), nurses))
        assert {answer.status_code for answer in answers} == {200}
        with clinic.app.app_context(), reading() as db_session:
            escalated = select(func.count()).where(SafetyFlagEvent.what == "escalated")
            assert db_session.scalar(escalated) == 1

    def test_the_clinic_can_set_one_time_for_all(
        self, clinic: Any, said: Any, flags_of: Any, later: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        quick = replace(clinic.app.config["SETTINGS"], escalate_minutes=5)
        monkeypatch.setitem(clinic.app.config, "SETTINGS", quick)
        clinic.write(said["ketamine_misuse"])
        later(6)
        assert themes(flags_of("nurse", "")) == {"ketamine_misuse"}


class TestActs:
    def test_the_whole_way_with_its_history(self, clinic: Any, flags_of: Any, act: Any) -> None:
        clinic.write(WISH)
        (flag,) = flags_of()
        nurse = clinic.ids["nurse"]
        assert act(flag, "acknowledge", {"note": "I call her."})["status"] == "acknowledged"
        assert act(flag, "assign", {"clinician_id": nurse}, "physician")["assigned_to"] == nurse
        assert act(flag, "resolve", {"note": "Safe tonight."}, "nurse")["status"] == "resolved"
        last = act(flag, "reopen", {"note": "She wrote again."})
        assert (last["status"], last["assigned_to"]) == ("open", nurse)
        told = [(each["what"], each["clinician_name"], each["assigned_to"], each["note"]) for each in last["history"]]
        assert told == [
            ("raised", None, None, None),
            ("acknowledged", "Therapist", None, "I call her."),
            ("assigned", "Physician", nurse, None),
            ("resolved", "Nurse", None, "Safe tonight."),
            ("reopened", "Therapist", None, "She wrote again."),
        ]
        assert clinic.therapist.read(f"{FLAGS}/{flag['id']}") == last

    @pytest.mark.parametrize(
        ("way", "refused"),
        [
            ((), ("resolve", "reopen")),
            (("acknowledge",), ("acknowledge", "reopen")),
            (("acknowledge", "resolve"), ("acknowledge", "assign", "resolve")),
            (("acknowledge", "resolve", "reopen"), ("resolve", "reopen")),
        ],
    )
    def test_wrong_turns_change_nothing(
        self, clinic: Any, flags_of: Any, act: Any, way: tuple[str, ...], refused: tuple[str, ...]
    ) -> None:
        clinic.write(WISH)
        (flag,) = flags_of()
        for step in way:
            act(flag, step, {"note": "N."})
        before = flags_of()
        for step in refused:
            body = {"clinician_id": clinic.ids["nurse"]} if step == "assign" else {"note": "M."}
            answer = clinic.therapist.post(f"{FLAGS}/{flag['id']}/{step}", body)
            assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
        assert flags_of() == before

    def test_nothing_is_done_with_a_withdrawn_flag(self, clinic: Any, flags_of: Any, edit: Any) -> None:
        edit(clinic.write(WISH), text="I walked to the harbour.")
        (flag,) = flags_of()
        for step in ("acknowledge", "resolve", "reopen"):
            assert clinic.therapist.post(f"{FLAGS}/{flag['id']}/{step}", {"note": "N."}).status_code == 409

    def test_a_flag_goes_to_those_only_who_can_see_it(
        self, clinic: Any, flags_of: Any, act: Any, fresh_id: Any
    ) -> None:
        clinic.write(WISH)
        (flag,) = flags_of()
        for stranger in (clinic.ids["colleague"], clinic.ids["elsewhere.therapist"], clinic.ids["maya"], str(fresh_id)):
            answer = clinic.therapist.post(f"{FLAGS}/{flag['id']}/assign", {"clinician_id": stranger})
            assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/clinician_id")
        nurse = {"clinician_id": clinic.ids["nurse"]}
        assert len(act(flag, "assign", nurse)["history"]) == len(act(flag, "assign", nurse)["history"]) == 2

    @pytest.mark.parametrize(
        ("act", "body"),
        [("resolve", {}), ("reopen", {"note": "  "}), ("assign", {}), ("acknowledge", {"note": "x" * 2001})],
    )
    def test_bodies_are_checked(self, clinic: Any, flags_of: Any, act: str, body: Any) -> None:
        clinic.write(WISH)
        (flag,) = flags_of()
        assert clinic.therapist.post(f"{FLAGS}/{flag['id']}/{act}", body).status_code == 422

    def test_of_two_who_acknowledge_at_once_one_is_told_so(self, clinic: Any, flags_of: Any, history: Any) -> None:
        clinic.write(WISH)
        (flag,) = flags_of()
        callers = [clinic.caller(who) for who in ("therapist", "nurse", "physician")]
        with ThreadPoolExecutor(3) as pool:
            path = f"{FLAGS}/{flag['id']}/acknowledge"
            found = sorted(pool.map(lambda caller: caller.post(path, {}).status_code, callers))
        assert found == [200, 409, 409]
        assert history(flags_of()[0]) == ["raised", "acknowledged"]

    def test_notes_are_sealed_and_quotes_are_not_kept(self, clinic: Any, flags_of: Any, act: Any, stored: Any) -> None:
        clinic.write("I wish I were dead, zinnober.")
        act(flags_of()[0], "acknowledge", {"note": "zinnober it is."})
        assert clinic.therapist.read(FLAGS)["items"][0]["history"][-1]["note"] == "zinnober it is."
        assert b"zinnober" not in stored()
