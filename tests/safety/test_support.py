"""What the writer is shown at once: calm words, and where help is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration_api.config import CrisisResource, Settings
from integration_api.environment import UnsafeSettings
from integration_api.journal.support import message_for
from models import now
from models.key_service import new_key

LINE = {"name": "Harbour line", "phone": "555-0100", "hours": "day and night", "region": "Harbour"}
TOML = '[[resources]]\nname = "Shelter"\nurl = "https://shelter.example"\n'
NOT_WATCHED = "no crisis service"


class TestTheMessage:
    def test_harm_by_others_is_answered_where_it_is_affirmed(self, clinic: Any, said: Any) -> None:
        safety = clinic.write(said["harm_by_others"])["safety"]
        assert "safe at home" in safety["message"]
        assert "thoughts of dying" not in safety["message"]
        assert NOT_WATCHED in safety["message"]

    def test_both_are_answered_together_with_one_frame(self, clinic: Any, said: Any) -> None:
        message = clinic.write(f"{said['harm_by_others']} {said['suicidality']}")["safety"]["message"]
        for part in ("safe at home", "thoughts of dying", NOT_WATCHED):
            assert message.count(part) == 1

    @pytest.mark.parametrize("theme", ["adverse_effect", "ketamine_misuse", "destabilisation"])
    def test_other_flags_are_not_the_writers_business(self, clinic: Any, said: Any, theme: str) -> None:
        assert clinic.write(said[theme])["safety"] is None

    def test_a_private_entry_is_answered_as_well(self, clinic: Any, said: Any) -> None:
        assert NOT_WATCHED in clinic.write(said["suicidality"], visibility="private")["safety"]["message"]

    @pytest.mark.parametrize("language", ["en", "es"])
    def test_nobody_is_told_of_a_care_team_that_they_have_not(self, clinic: Any, said: Any, language: str) -> None:
        clinic.admin.put(f"/v1/patients/{clinic.ids['maya']}/care-team", {"members": []}, if_match="*")
        entry = clinic.write(said["suicidality"])["id"]
        answers = {"measure": "phq_9", "answers": [0] * 8 + [2], "language": language}
        shown = (
            clinic.maya.get(f"/v1/journal-entries/{entry}", headers={"Accept-Language": language}).json["safety"],
            clinic.maya.create("/v1/measure-responses", answers)["safety"],
        )
        for safety in shown:
            assert {"en": "your clinic", "es": "su clínica"}[language] in safety["message"]
            assert not any(team in safety["message"].lower() for team in ("care team", "equipo"))

    def test_it_is_short_and_tells_no_one_what_their_words_mean(self) -> None:
        message = message_for(["suicidality", "harm_by_others"])
        assert len(message.split()) < 150
        assert "you are " not in message.lower().replace("you are not safe where you are", "")


class TestResources:
    def test_without_any_there_is_an_empty_list(self, clinic: Any, said: Any) -> None:
        assert clinic.write(said["suicidality"])["safety"]["resources"] == []

    def test_they_are_shown_as_the_clinic_words_them(
        self, clinic: Any, said: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = replace(clinic.app.config["SETTINGS"], crisis_resources=(CrisisResource(**LINE),))
        monkeypatch.setitem(clinic.app.config, "SETTINGS", settings)
        entry = clinic.write(said["harm_by_others"])
        assert entry["safety"]["resources"] == [LINE | {"url": None}]
        assert clinic.maya.read(f"/v1/journal-entries/{entry['id']}") == entry
        assert clinic.write("I walked to the harbour.")["safety"] is None


@pytest.mark.database_free
class TestPromptsAfterwards:
    @staticmethod
    def offered(clinic: Any) -> tuple[bool, bool]:
        """Tell whether more is offered than those for grounding, and whether support is shown.

        More fit than are given at once, so that whether one that is open is among them is up to their order.
        """
        found = clinic.maya.read("/v1/prompts?limit=20")
        return any(each["gentleness"] != "grounding" for each in found["items"]), found["support"] is not None

    def test_an_answer_that_speaks_of_death_leaves_those_for_grounding(self, clinic: Any) -> None:
        clinic.maya.create("/v1/measure-responses", {"measure": "phq_9", "answers": [3] * 8 + [0]})
        assert self.offered(clinic) == (True, False)
        made = clinic.maya.create("/v1/measure-responses", {"measure": "phq_9", "answers": [0] * 8 + [1]})["id"]
        assert self.offered(clinic) == (False, True)
        clinic.maya.delete(f"/v1/measure-responses/{made}", if_match="*")
        assert self.offered(clinic) == (True, False)

    def test_what_a_clinician_rejects_is_no_sign_of_danger(self, clinic: Any, said: Any) -> None:
        assert self.offered(clinic) == (True, False)
        entry = clinic.write(said["suicidality"], now().isoformat())
        assert self.offered(clinic) == (False, True)
        for each in entry["themes"]:
            review = clinic.therapist.post(f"/v1/mentions/{each['id']}/review", {"verdict": "rejected"})
            assert review.status_code == 200
        assert self.offered(clinic) == (True, False)


class TestTheSetting:
    @pytest.fixture
    def env(self, tmp_path: Path) -> dict[str, str]:
        return {
            "INTEGRATION_API_SECRET_KEY": "a-secret-for-tests-only-0123456789-abcdefghijklmnop",
            "INTEGRATION_API_KEYS": new_key("one"),
            "INTEGRATION_API_URL": "https://journal.example",
            "DATABASE_URL": f"sqlite:///{tmp_path}/journal.sqlite3",
        }

    @pytest.mark.parametrize(
        ("name", "text", "expected"),
        [
            ("r.json", json.dumps([LINE]), CrisisResource(**LINE)),
            ("r.json", json.dumps({"resources": [LINE]}), CrisisResource(**LINE)),
            ("r.toml", TOML, CrisisResource(name="Shelter", url="https://shelter.example")),
        ],
    )
    def test_a_file_is_read(
        self, env: dict[str, str], tmp_path: Path, name: str, text: str, expected: CrisisResource
    ) -> None:
        (tmp_path / name).write_text(text)
        settings = Settings.from_env(env | {"INTEGRATION_API_CRISIS_RESOURCES": str(tmp_path / name)})
        assert settings.crisis_resources == (expected,)

    @pytest.mark.parametrize(
        "text",
        [
            "no json",
            '"words"',
            '[{"phone": "1"}]',
            '[{"name": "A"}]',
            '[{"name": "A", "url": "http://plain.example"}]',
            '[{"name": "A", "phone": 911}]',
            '[{"name": "A", "phone": "1", "fax": "2"}]',
            '[{"name": "A", "phone": "1", "hours": " "}]',
            "[7]",
        ],
    )
    def test_a_mistake_in_it_stops_the_start(self, env: dict[str, str], tmp_path: Path, text: str) -> None:
        (tmp_path / "r.json").write_text(text)
        with pytest.raises(UnsafeSettings, match="CRISIS_RESOURCES"):
            Settings.from_env(env | {"INTEGRATION_API_CRISIS_RESOURCES": str(tmp_path / "r.json")})

    def test_a_missing_file_does_too(self, env: dict[str, str]) -> None:
        with pytest.raises(UnsafeSettings, match="CRISIS_RESOURCES"):
            Settings.from_env(env | {"INTEGRATION_API_CRISIS_RESOURCES": "/nowhere/r.json"})

    def test_minutes_of_escalation(self, env: dict[str, str]) -> None:
        assert Settings.from_env(env).escalate_minutes is None
        assert Settings.from_env(env | {"INTEGRATION_API_ESCALATE_MINUTES": "15"}).escalate_minutes == 15
        with pytest.raises(UnsafeSettings, match="ESCALATE_MINUTES"):
            Settings.from_env(env | {"INTEGRATION_API_ESCALATE_MINUTES": "soon"})
