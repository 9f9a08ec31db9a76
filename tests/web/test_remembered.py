"""Answers from memory: the same as reckoned ones, for the same caller alone, and gone with any change of the record."""

from datetime import timedelta
from typing import Any

import pytest

from integration_api.themes.jobs import tag_pending
from integration_api.web.remembered import Memory
from integration_api.wiring import Parts


class Counting(Memory):
    """A memory that counts what it gave."""

    given = 0

    def get(self, key: Any) -> Any:
        found = super().get(key)
        self.given += found is not None
        return found


@pytest.fixture
def memory(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting()
    monkeypatch.setitem(clinic.app.extensions, "memory", made)
    return made


@pytest.fixture
def path(clinic: Any) -> str:
    clinic.ids["entry"] = clinic.write("I am afraid of dying.")["id"]
    return f"/v1/patients/{clinic.ids['maya']}/themes/mortality"


def test_the_second_time_it_comes_from_memory_and_is_the_same(clinic: Any, memory: Counting, path: str) -> None:
    first, second = clinic.therapist.get(path), clinic.therapist.get(path)
    assert memory.given == 1
    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])
    third = clinic.therapist.get(path, if_none_match=first.headers["ETag"])
    assert (third.status_code, third.data, memory.given) == (304, b"", 2)
    clinic.write("I miss my father.")
    listed = [clinic.therapist.get(f"/v1/patients/{clinic.ids['maya']}/themes?limit=1") for _ in range(2)]
    assert listed[0].headers["Link"] == listed[1].headers["Link"]


def test_it_is_told_in_the_audit_trail_all_the_same(clinic: Any, memory: Counting, path: str) -> None:
    for _ in range(3):
        clinic.therapist.get(path)
    assert memory.given == 2
    told = [each["operation"] for each in clinic.maya.read("/v1/audit-events")["items"]]
    assert told.count("readThemeTimeline") == 3


def test_each_whose_record_a_list_from_memory_tells_of_is_told(clinic: Any, memory: Counting) -> None:
    for _ in range(2):
        clinic.therapist.read("/v1/caseload")
    assert memory.given == 1
    told = [each["operation"] for each in clinic.maya.read("/v1/audit-events")["items"]]
    assert told.count("listCaseload") == 2


def test_a_token_that_may_less_gets_nothing_that_was_kept_for_one_that_may_more(
    clinic: Any, memory: Counting, path: str
) -> None:
    brief = path.replace("themes/mortality", "brief")  # which tells of notes, flags and more
    clinic.therapist.read(brief)
    assert clinic.caller("therapist", "user/Brief.r").get(brief).status_code == 403
    assert memory.given == 0


def test_nobody_gets_what_was_kept_for_another(clinic: Any, memory: Counting, path: str) -> None:
    clinic.write("I am afraid of dying, and say so to nobody.", visibility="private")
    mine = clinic.maya.read(path)
    assert clinic.therapist.read(path) != mine
    assert clinic.caller("colleague").get(path).status_code == 404
    assert clinic.caller("maya", "patient/Note.rs").get(path).status_code == 403
    assert memory.given == 0


CHANGES = {
    "a new entry": lambda clinic: clinic.write("I am afraid of dying again."),
    "a new note": lambda clinic: clinic.note("Pt afraid of dying."),
    "an edit": lambda clinic: clinic.maya.patch(
        f"/v1/journal-entries/{clinic.ids['entry']}", {"text": "I was afraid. I am afraid of dying!"}, if_match="*"
    ),
    "made private": lambda clinic: clinic.maya.patch(
        f"/v1/journal-entries/{clinic.ids['entry']}", {"visibility": "private"}, if_match="*"
    ),
    "deleted": lambda clinic: clinic.maya.delete(f"/v1/journal-entries/{clinic.ids['entry']}", if_match="*"),
    "a consent": lambda clinic: clinic.maya.create(
        "/v1/me/consents", {"purpose": "care_team", "is_granted": False, "wording": "As shown."}
    ),
    "a review": lambda clinic: [
        clinic.caller("nurse").post(f"/v1/mentions/{each['id']}/review", {"verdict": "rejected"})
        for each in clinic.maya.read(f"/v1/journal-entries/{clinic.ids['entry']}")["themes"]
    ],
    "a session": lambda clinic: clinic.hold_session(clinic.open_course()["id"], "2026-03-01T10:00:00Z"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_record_is_seen_at_once(clinic: Any, memory: Counting, path: str, change: str) -> None:
    before = clinic.therapist.read(path)
    assert clinic.therapist.read(path) == before
    assert memory.given == 1
    CHANGES[change](clinic)
    assert clinic.therapist.read(path) != before


def test_what_is_told_in_numbers_is_seen_at_once_too(clinic: Any, memory: Counting) -> None:
    path, maya = f"/v1/patients/{clinic.ids['maya']}/brief", clinic.maya
    mood = {"valence": -2, "arousal": 1, "visibility": "care_team"}
    phq = {"measure": "phq_9", "answers": [1] * 9}
    seen = [clinic.therapist.read(path)]
    checked_in = maya.create("/v1/mood-check-ins", mood)["id"]
    seen.append(clinic.therapist.read(path))
    maya.delete(f"/v1/mood-check-ins/{checked_in}", if_match="*")
    seen.append(clinic.therapist.read(path))
    answered = maya.create("/v1/measure-responses", phq)["id"]
    seen.append(clinic.therapist.read(path))
    maya.delete(f"/v1/measure-responses/{answered}", if_match="*")
    seen.append(clinic.therapist.read(path))
    assert [len(each["moods"]) for each in seen] == [0, 1, 0, 0, 0]
    assert [len(each["measures"]) for each in seen] == [0, 0, 0, 1, 0]
    assert memory.given == 0


def test_who_leaves_the_care_team_gets_nothing_from_memory(clinic: Any, memory: Counting, path: str) -> None:
    nurse, team = clinic.caller("nurse"), f"/v1/patients/{clinic.ids['maya']}/care-team"
    nurse.read(path)
    body = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
    clinic.admin.put(team, body, if_match=clinic.admin.etag(team))
    assert nurse.get(path).status_code == 404
    assert nurse.read("/v1/caseload")["items"] == []


def test_a_record_that_was_opened_by_break_glass_is_not_kept(
    clinic: Any, memory: Counting, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    colleague = clinic.caller("colleague")
    reason = {"reason": "Her dose is needed now.", "minutes": 1}
    colleague.create(f"/v1/patients/{clinic.ids['maya']}/break-glass", reason)
    assert [colleague.get(path).status_code for _ in range(2)] == [200, 200]
    assert memory.given == 0
    parts: Parts = clinic.app.extensions["parts"]
    later = parts.now() + timedelta(seconds=61)
    monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
    assert colleague.get(path).status_code == 404


def test_nor_is_a_list_that_tells_of_one(clinic: Any, memory: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    colleague = clinic.caller("colleague")
    reason = {"reason": "Her dose is needed now.", "minutes": 1}
    colleague.create(f"/v1/patients/{clinic.ids['maya']}/break-glass", reason)
    for _ in range(2):
        assert len(colleague.read("/v1/caseload")["items"]) == 1
    parts: Parts = clinic.app.extensions["parts"]
    later = parts.now() + timedelta(seconds=61)
    monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: later))
    assert colleague.read("/v1/caseload")["items"] == []


def test_what_is_tagged_anew_is_reckoned_anew(clinic: Any, memory: Counting, path: str) -> None:
    before = clinic.therapist.read(path)["evidence"][0]["id"]
    with clinic.app.app_context():
        tag_pending(everything=True)
    assert clinic.therapist.read(path)["evidence"][0]["id"] != before
    assert memory.given == 0


def test_a_clinics_own_theme_that_changes_its_name_has_it_at_once(clinic: Any, memory: Counting) -> None:
    own = {"theme": "our_hill", "label": "The hill", "facet": "meaning", "definition": "D.", "phrases": ["my hill"]}
    clinic.therapist.create("/v1/themes", own)
    clinic.write("I climbed my hill.")
    path = f"/v1/patients/{clinic.ids['maya']}/themes/our_hill"
    assert clinic.therapist.read(path)["label"] == "The hill"
    clinic.therapist.patch("/v1/themes/our_hill", {"label": "Our hill"}, if_match="*")
    assert clinic.therapist.read(path)["label"] == "Our hill"


@pytest.mark.one_database
def test_memory_is_bounded(clinic: Any) -> None:
    memory = Memory(kept=2)
    for number in range(5):
        memory.put((number,), number)  # type: ignore[arg-type]
    assert [memory.get((number,)) for number in range(5)] == [None, None, None, 3, 4]
