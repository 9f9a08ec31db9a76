"""When a flag is raised, and what becomes of it when its words change."""

from typing import Any

import pytest
from sqlalchemy import func, select

from integration_api.db import reading
from integration_api.themes.jobs import tag_pending
from models import Document, Mention, SafetyFlag, SafetyFlagEvent

WISH = "I wish I were dead."
PLAN = "I wrote the goodbye letters and I have the pills ready to kill myself tonight."
CALM = "I walked to the harbour."


@pytest.mark.parametrize(
    "theme", ["suicidality", "harm_by_others", "adverse_effect", "destabilisation", "ketamine_misuse"]
)
def test_a_mention_raises_a_flag_at_once(theme: str, clinic: Any, said: Any, flags_of: Any, history: Any) -> None:
    entry = clinic.write(said[theme])
    (flag,) = [each for each in flags_of() if each["theme"] == theme]
    assert (flag["document_id"], flag["document_source"], flag["status"]) == (entry["id"], "journal", "open")
    assert (flag["patient_id"], flag["assigned_to"], flag["escalated_at"]) == (clinic.ids["maya"], None, None)
    assert history(flag) == ["raised"]
    assert flag["history"][0]["clinician_id"] is None
    mentions = [each for each in entry["themes"] if each["theme"] == theme]
    assert [each["mention_id"] for each in flag["evidence"]] == [each["id"] for each in mentions]
    assert [each["quote"] for each in flag["evidence"]] == [each["quote"] for each in mentions]


@pytest.mark.parametrize(
    "text",
    [
        "I have no suicidal thoughts.",
        "Years ago, as a teenager, I used to think about killing myself.",
        "My brother is suicidal.",
    ],
)
def test_what_is_denied_past_or_somebody_elses_raises_none(clinic: Any, flags_of: Any, text: str) -> None:
    entry = clinic.write(text)
    assert "suicidality" in {each["theme"] for each in entry["themes"]}
    assert flags_of() == []


def test_a_fear_of_it_does(clinic: Any, flags_of: Any) -> None:
    entry = clinic.write("I am afraid that I will kill myself if this does not work.")
    (mention,) = [each for each in entry["themes"] if each["theme"] == "suicidality"]
    assert mention["assertion"] == "hypothetical"
    assert "suicidality" in {each["theme"] for each in flags_of()}


def test_one_flag_a_document_and_theme_with_the_gravest_level(clinic: Any, said: Any, flags_of: Any) -> None:
    clinic.write(f"{WISH} {PLAN} {said['adverse_effect']}")
    flags = {each["theme"]: each for each in flags_of()}
    assert len(flags_of()) == len(flags) == 2
    levels = {each["severity"] for each in flags["suicidality"]["evidence"]}
    assert flags["suicidality"]["severity"] == "plan"
    assert levels >= {"plan", "wish_to_be_dead"}
    assert flags["adverse_effect"]["severity"] is None


def test_notes_raise_flags_too(clinic: Any, said: Any, flags_of: Any) -> None:
    note = clinic.note("Pt reports suicidal thoughts since Monday.")
    (flag,) = flags_of("nurse")
    assert (flag["document_id"], flag["document_source"]) == (note["id"], "note")


class TestTaggedAgain:
    @pytest.fixture
    def again(self, clinic: Any) -> Any:
        def tag() -> None:
            with clinic.app.app_context():
                waited, left = tag_pending(everything=True)
            assert waited > 0
            assert left == 0

        return tag

    def test_nothing_is_doubled_whatever_state_the_flag_is_in(
        self, clinic: Any, said: Any, flags_of: Any, act: Any, again: Any
    ) -> None:
        clinic.write(PLAN)
        clinic.write(said["ketamine_misuse"])
        (flag,) = [each for each in flags_of() if each["theme"] == "suicidality"]
        for step in (None, "acknowledge", "resolve"):
            if step:
                act(flag, step, {"note": "Seen."})
            before = _without_evidence(flags_of())
            again()
            again()
            assert _without_evidence(flags_of()) == before
        with clinic.app.app_context(), reading() as db_session:
            assert db_session.scalar(select(func.count()).select_from(SafetyFlag)) == 2
            assert db_session.scalar(select(func.count()).select_from(SafetyFlagEvent)) == 4

    def test_evidence_is_the_mentions_of_now(self, clinic: Any, flags_of: Any, again: Any) -> None:
        entry = clinic.write(WISH)
        again()
        (flag,) = flags_of()
        found = clinic.maya.read(f"/v1/journal-entries/{entry['id']}")["themes"]
        assert [each["mention_id"] for each in flag["evidence"]] == [each["id"] for each in found]

    def test_an_entry_that_waited_for_the_tagger_raises_when_it_is_tagged(
        self, clinic: Any, flags_of: Any, broken_tagger: Any
    ) -> None:
        with broken_tagger():
            clinic.write(WISH)
        assert flags_of() == []
        with clinic.app.app_context():
            tag_pending()
        assert [each["theme"] for each in flags_of()] == ["suicidality"]

    def test_mentions_and_flags_are_kept_together_or_not_at_all(
        self, clinic: Any, flags_of: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("no flag today")

        with monkeypatch.context() as broken:
            broken.setattr("integration_api.themes.tagging.settle", fail)
            entry = clinic.write(WISH)
        assert (entry["tagging"]["state"], entry["themes"]) == ("pending", [])
        with clinic.app.app_context():
            with reading() as db_session:
                assert db_session.scalar(select(func.count()).select_from(Mention)) == 0
            tag_pending()
        assert len(flags_of()) == 1


class TestEdits:
    def test_an_open_flag_whose_words_are_gone_is_withdrawn(
        self, clinic: Any, flags_of: Any, edit: Any, history: Any
    ) -> None:
        entry = clinic.write(WISH)
        edit(entry, text=CALM)
        (flag,) = flags_of()
        assert (flag["status"], flag["evidence"]) == ("withdrawn", [])
        assert history(flag) == ["raised", "withdrawn"]
        assert flag["history"][1]["clinician_id"] is None
        assert flags_of(query="status=open") == []

    def test_it_is_raised_again_when_they_come_back(self, clinic: Any, flags_of: Any, edit: Any, history: Any) -> None:
        entry = clinic.write(WISH)
        (first,) = flags_of()
        edit(entry, text=CALM)
        edit(entry, text=PLAN)
        (flag,) = flags_of()
        assert (flag["id"], flag["status"], flag["severity"]) == (first["id"], "open", "plan")
        assert history(flag) == ["raised", "withdrawn", "raised"]
        assert flag["raised_at"] > first["raised_at"]

    def test_an_acknowledged_one_stays(self, clinic: Any, flags_of: Any, act: Any, edit: Any, history: Any) -> None:
        entry = clinic.write(WISH)
        act(flags_of()[0], "acknowledge")
        edit(entry, text=CALM)
        (flag,) = flags_of()
        assert (flag["status"], flag["severity"], flag["evidence"]) == ("acknowledged", "wish_to_be_dead", [])
        assert history(flag) == ["raised", "acknowledged"]

    def test_what_was_seen_is_opened_again_by_graver_words_and_not_by_the_same(
        self, clinic: Any, flags_of: Any, act: Any, edit: Any, history: Any
    ) -> None:
        entry = clinic.write(WISH)
        act(flags_of()[0], "acknowledge")
        edit(entry, text=f"{CALM} {WISH}")
        assert flags_of()[0]["status"] == "acknowledged"
        edit(entry, text=f"{WISH} {PLAN}")
        (flag,) = flags_of()
        assert (flag["status"], flag["severity"]) == ("open", "plan")
        assert history(flag) == ["raised", "acknowledged", "reopened"]
        assert flag["history"][2]["clinician_id"] is None

    def test_what_was_seen_stays_as_grave_as_it_was_seen_through_milder_words(
        self, clinic: Any, flags_of: Any, act: Any, edit: Any, history: Any
    ) -> None:
        entry = clinic.write(f"{WISH} {PLAN}")
        act(flags_of()[0], "acknowledge")
        for text in (WISH, f"{WISH} {PLAN}"):  # the same level once more is no news
            edit(entry, text=text)
            (flag,) = flags_of()
            assert (flag["status"], flag["severity"]) == ("acknowledged", "plan")
        assert history(flag) == ["raised", "acknowledged"]

    def test_what_was_resolved_is_opened_again_when_words_come_back(
        self, clinic: Any, flags_of: Any, act: Any, edit: Any
    ) -> None:
        entry = clinic.write(WISH)
        act(flags_of()[0], "acknowledge")
        act(flags_of()[0], "resolve", {"note": "Spoke with her."})
        edit(entry, text=CALM)
        assert flags_of()[0]["status"] == "resolved"
        edit(entry, text=WISH)
        assert flags_of()[0]["status"] == "open"

    @pytest.mark.parametrize("is_seen", [False, True])
    def test_a_deleted_document_takes_its_flags_along(
        self, clinic: Any, flags_of: Any, act: Any, *, is_seen: bool
    ) -> None:
        entry = clinic.write(WISH)
        (flag,) = flags_of()
        if is_seen:
            act(flag, "acknowledge")
        path = f"/v1/journal-entries/{entry['id']}"
        assert clinic.maya.delete(path, if_match="*").status_code == 204
        assert flags_of() == []
        assert clinic.therapist.get(f"/v1/safety-flags/{flag['id']}").status_code == 404
        assert clinic.therapist.post(f"/v1/safety-flags/{flag['id']}/acknowledge", {}).status_code == 404
        with clinic.app.app_context(), reading() as db_session:
            (kept,) = db_session.scalars(select(SafetyFlag)).unique()
            assert (kept.status, kept.history[-1].what) == ("withdrawn", "withdrawn")

    def test_a_deleted_note_does_so_too(self, clinic: Any, flags_of: Any) -> None:
        note = clinic.note("Pt reports suicidal thoughts since Monday.")
        assert len(flags_of()) == 1
        clinic.therapist.delete(f"/v1/notes/{note['id']}", if_match="*")
        assert flags_of() == []


class TestReviews:
    def test_a_rejected_mention_withdraws_an_open_flag_in_the_reviewers_name(
        self, clinic: Any, flags_of: Any, history: Any
    ) -> None:
        mention = clinic.write(WISH)["themes"][0]
        path = f"/v1/mentions/{mention['id']}/review"
        clinic.therapist.post(path, {"verdict": "rejected"})
        (flag,) = flags_of()
        assert (flag["status"], history(flag)) == ("withdrawn", ["raised", "withdrawn"])
        assert flag["history"][1]["clinician_id"] == clinic.ids["therapist"]
        clinic.therapist.post(path, {"verdict": "withdrawn"})
        assert flags_of()[0]["status"] == "open"

    def test_a_correction_raises_what_the_tagger_had_taken_for_something_else(self, clinic: Any, flags_of: Any) -> None:
        mention = clinic.write("I have no suicidal thoughts.")["themes"][0]
        assert flags_of() == []
        body = {"verdict": "corrected", "assertion": "affirmed"}
        assert clinic.therapist.post(f"/v1/mentions/{mention['id']}/review", body).status_code == 200
        assert [each["theme"] for each in flags_of()] == ["suicidality"]

    def test_what_was_rejected_hides_no_other_sentence(self, clinic: Any, flags_of: Any, edit: Any) -> None:
        entry = clinic.write("The lecture was so dull, I want to die, ha ha.")
        (mention,) = [each for each in entry["themes"] if each["theme"] == "suicidality"]
        clinic.therapist.post(f"/v1/mentions/{mention['id']}/review", {"verdict": "rejected"})
        assert [each["status"] for each in flags_of()] == ["withdrawn"]
        changed = edit(entry, text="Every night I want to die, and nobody knows.")
        assert changed["safety"]["message"]
        assert [each["review"] for each in changed["themes"] if each["theme"] == "suicidality"] == [None]
        assert [each["status"] for each in flags_of()] == ["open"]


def test_a_clinics_own_safety_theme_raises_flags_for_all_until_it_is_taken_out(clinic: Any, flags_of: Any) -> None:
    own = {"theme": "our_red_light", "label": "Red", "facet": "safety", "definition": "D.", "phrases": ["red lantern"]}
    clinic.admin.create("/v1/themes", own)
    clinic.write("The red lantern is lit again.")
    for who in ("therapist", "physician", "nurse"):
        assert [each["theme"] for each in flags_of(who, "routed=me")] == ["our_red_light"]
    clinic.admin.delete("/v1/themes/our_red_light", if_match="*")
    assert [each["status"] for each in flags_of()] == ["withdrawn"]
    path = "/v1/safety-flags?routed=any&theme=our_red_light"
    assert len(clinic.therapist.read(path)["items"]) == 1  # what is there is found, whatever was taken out since
    assert clinic.caller("colleague").get(path).status_code == 422


def test_erasure_takes_flags_and_history_along(clinic: Any, said: Any, act: Any, flags_of: Any) -> None:
    clinic.write(WISH)
    clinic.write(said["adverse_effect"], visibility="private")
    act(flags_of()[0], "acknowledge", {"note": "Calling her."})
    clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    with clinic.app.app_context(), reading() as db_session:
        assert db_session.scalar(select(func.count()).select_from(Document)) == 2
        for table in (SafetyFlag, SafetyFlagEvent):
            assert db_session.scalar(select(func.count()).select_from(table)) == 0


def _without_evidence(flags: list[Any]) -> list[Any]:
    return [{name: value for name, value in flag.items() if name != "evidence"} for flag in flags]
