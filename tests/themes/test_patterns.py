"""Patterns of themes over HTTP: what is told, with which evidence, and to whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.one_database

FEAR = "I am afraid of dying."
THANKS = "I feel so grateful today."
SOUP = "We had soup at noon and the bus was late."
START = datetime(2025, 3, 1, 10, tzinfo=UTC)  # nothing is held before its time, and it goes on for most of a year


@pytest.fixture
def path(clinic: Any) -> str:
    return f"/v1/patients/{clinic.ids['maya']}/patterns"


def after(**time: int) -> str:
    return (START + timedelta(**time)).isoformat()


def write_many(clinic: Any, texts: list[str], **more: Any) -> list[Any]:
    return [clinic.write(text, after(days=number), **more) for number, text in enumerate(texts)]


def together(answer: Any) -> list[tuple[set[str], int, int]]:
    return [
        ({pair["first"]["theme"], pair["second"]["theme"]}, pair["both"], pair["with_first"])
        for pair in answer["together"]["pairs"]
    ]


class TestTogether:
    # Of twenty-four entries eight speak of both, and none of one alone.
    BOTH: tuple[str, ...] = (SOUP, f"{FEAR} {SOUP} {THANKS}", SOUP) * 8

    def test_a_pair_is_told_in_numbers_and_words_with_evidence(self, clinic: Any, path: str) -> None:
        entries = {each["id"]: each for each in write_many(clinic, list(self.BOTH))}
        answer = clinic.therapist.read(path)
        assert (answer["together"]["is_enough"], answer["together"]["entries"]) == (True, 24)
        (pair,) = [
            each
            for each in answer["together"]["pairs"]
            if {each["first"]["theme"], each["second"]["theme"]} == {"mortality", "gratitude"}
        ]
        assert [pair[name] for name in ("both", "with_first", "second_only", "without_first")] == [8, 8, 0, 16]
        assert "In 8 of the 8 entries that speak of" in pair["statement"]
        assert "Death and mortality" in pair["statement"]
        assert pair["statement"].endswith("in 0 of the other 16.")
        spanish = clinic.therapist.get(path, headers={"Accept-Language": "es"}).json["together"]["pairs"]
        assert f"De las 8 entradas que hablan de “{spanish[0]['first']['label']}”" in spanish[0]["statement"]
        assert "Muerte y finitud" in spanish[0]["statement"]
        for side in ("first", "second"):
            assert len(pair[side]["evidence"]) == 3
            for mention in pair[side]["evidence"]:
                assert mention["quote"] in entries[mention["document_id"]]["text"]
                assert clinic.therapist.read(mention["links"]["mention"])["theme"] == pair[side]["theme"]

    def test_no_private_entry_and_nothing_derived_from_one_reaches_the_care_team(self, clinic: Any, path: str) -> None:
        write_many(clinic, list(self.BOTH), visibility="private")
        for who in ("therapist", "nurse"):
            answer = clinic.caller(who).read(path)
            assert (answer["together"]["entries"], answer["together"]["pairs"]) == (0, [])
            assert answer["around_dose"]["since_dosing"] == answer["around_dose"]["themes"] == []
            assert answer["across_voices"]["journal"] == {"documents": 0, "mentions": 0, "words": 0}
        assert ({"mortality", "gratitude"}, 8, 8) in together(clinic.maya.read(path))

    def test_rejected_mentions_do_not_count(self, clinic: Any, path: str) -> None:
        entries = write_many(clinic, list(self.BOTH))
        rejected = [each["id"] for entry in entries for each in entry["themes"] if each["theme"] == "gratitude"]
        assert len(rejected) >= 8
        for mention_id in rejected:
            clinic.therapist.post(f"/v1/mentions/{mention_id}/review", {"verdict": "rejected"})
        answer = clinic.therapist.read(path)
        assert all("gratitude" not in names for names, *_ in together(answer))
        assert "gratitude" not in {each["theme"] for each in answer["around_dose"]["themes"]}

    def test_a_stretch_of_time_can_be_asked_for(self, clinic: Any, path: str) -> None:
        write_many(clinic, list(self.BOTH))
        until = after(days=12).replace("+", "%2B")
        answer = clinic.therapist.read(f"{path}?until={until}")
        assert answer["together"] == {"is_enough": False, "entries": 12, "entries_needed": 20, "pairs": []}
        assert clinic.therapist.read(f"{path}?since={until}")["together"]["entries"] == 12
        bad = clinic.therapist.get(f"{path}?since=soon")
        assert (bad.status_code, bad.json["errors"][0]["parameter"]) == (422, "since")

    def test_entries_in_another_language_are_no_silence(self, clinic: Any, path: str) -> None:
        write_many(clinic, ["Heute war es sehr kalt, und wir haben am Abend lange in der Küche gesessen."] * 2)
        answer = clinic.maya.read(path)
        assert answer["together"]["entries"] == 0
        assert answer["across_voices"]["journal"]["documents"] == 0


def test_themes_that_follow_one_another(clinic: Any, path: str) -> None:
    """Over thirty-two stretches; few patients have so many."""
    course = clinic.open_course()["id"]
    speaks = [number % 5 in (0, 3) or number in (6, 22) for number in range(32)]
    for number in range(32):
        if number:
            clinic.hold_session(course, after(days=10 * number))
        said = [FEAR] * speaks[number] + [THANKS] * (number > 0 and speaks[number - 1]) + [SOUP]
        clinic.write(" ".join(said), after(days=10 * number, hours=5))
    answer = clinic.therapist.read(path)["in_turn"]
    assert (answer["is_enough"], answer["stretches"]) == (True, 32)
    (turn,) = answer["turns"]
    assert (turn["first"]["theme"], turn["next"]["theme"]) == ("mortality", "gratitude")
    times = sum(speaks[:31])
    assert [turn[each] for each in ("followed", "after_first", "followed_others", "after_others")] == [
        times, times, 0, 31 - times,
    ]  # fmt: skip
    assert turn["statement"].startswith(f"After {times} of the {times} stretches")
    assert len(turn["first"]["evidence"]) == len(turn["next"]["evidence"]) == 3


class TestAroundTheDose:
    @pytest.fixture(autouse=True)
    def told(self, clinic: Any) -> None:
        """Two dosings, and two that dosed nobody; an entry before, and in each stretch of time after."""
        course = clinic.open_course()["id"]
        dosing = {"route": "intramuscular", "weight_kg": 80}
        clinic.hold_session(course, after(), dosing=dosing | {"dose_mg": 40})
        clinic.hold_session(course, after(days=30), dosing=dosing | {"dose_mg": 80})
        clinic.hold_session(course, after(days=31), status="cancelled")
        clinic.hold_session(course, after(days=32), status="planned")
        clinic.write(SOUP, after(days=-1), mood={"valence": -3})
        clinic.write(FEAR, after(hours=23), mood={"valence": 2, "arousal": 1})
        clinic.write(FEAR, after(hours=24), mood={"valence": 4})
        clinic.write(FEAR, after(hours=72))
        clinic.write(SOUP, after(days=7))
        clinic.write(f"{FEAR} {SOUP}", after(days=33, hours=1))

    def test_rates_and_mood_by_time_since_the_last_dosing(self, clinic: Any, path: str) -> None:
        around = clinic.therapist.read(path)["around_dose"]
        assert around["sessions"] == 2
        rows = {each["since"]: each for each in around["since_dosing"]}
        assert [(name, rows[name]["documents"], rows[name]["words"]) for name in rows] == [
            ("before_first", 1, 10), ("within_24_hours", 1, 5), ("24_to_72_hours", 1, 5),
            ("72_hours_to_7_days", 2, 20), ("later", 1, 10),
        ]  # fmt: skip
        assert rows["before_first"]["valence"] == {
            "documents": 1, "check_ins": 0, "mean": -3, "lowest": -3, "highest": -3,
        }  # fmt: skip
        assert rows["within_24_hours"]["arousal"]["mean"] == 1
        assert rows["later"]["valence"] is None
        rates = {name: next(t for t in row["themes"] if t["theme"] == "mortality") for name, row in rows.items()}
        assert [rates[name]["mentions"] for name in rows] == [0, 1, 1, 2, 0]
        assert [rates[name]["rate_per_100_words"] for name in rows] == [0, 20, 20, 10, 0]
        assert rates["later"]["rate_low"] < rates["later"]["rate_high"]
        (shown,) = [each for each in around["themes"] if each["theme"] == "mortality"]
        assert (shown["mentions"], len(shown["evidence"])) == (4, 3)

    def test_moods_count_in_any_language(self, clinic: Any, path: str) -> None:
        """Who wrote in Spanish seemed to have felt nothing around the dose."""
        spanish = clinic.write("Extraño mucho a mi padre, y sueño con el mar todas las noches.", after(hours=2))
        assert spanish["language"] == "es"
        changed = {"mood": {"valence": -4, "arousal": 3}}
        clinic.maya.patch(f"/v1/journal-entries/{spanish['id']}", changed, if_match="*")
        row = next(
            each
            for each in clinic.therapist.read(path)["around_dose"]["since_dosing"]
            if each["since"] == "within_24_hours"
        )
        assert (row["documents"], row["words"]) == (1, 5)
        assert row["valence"] == {"documents": 2, "check_ins": 0, "mean": -1, "lowest": -4, "highest": 2}
        assert row["arousal"]["mean"] == 2
        assert sum(each["documents"] for each in clinic.therapist.read(path)["around_dose"]["by_phase"]) == 6

    def test_routes_and_doses_within_a_week(self, clinic: Any, path: str) -> None:
        around = clinic.therapist.read(path)["around_dose"]
        assert [each["phase"] for each in around["by_phase"]]
        assert [(each["route"], each["sessions"], each["documents"]) for each in around["by_route"]] == [
            ("intramuscular", 2, 4)
        ]
        names = ("band", "lowest", "highest", "unit", "sessions", "documents")
        assert [[each[name] for name in names] for each in around["by_dose"]] == [
            ["lower", 0.5, 0.5, "mg_per_kg", 1, 3],
            ["higher", 1.0, 1.0, "mg_per_kg", 1, 1],
        ]


class TestAcrossVoices:
    LONG = " ".join([SOUP] * 6)

    def named(self, caller: Any, path: str) -> dict[str, str]:
        return {each["theme"]: each["named_by"] for each in caller.read(path)["across_voices"]["themes"]}

    def test_what_both_name_and_what_one_side_has_not(self, clinic: Any, path: str) -> None:
        clinic.write(f"{FEAR} {THANKS} {self.LONG}")
        clinic.note(f"Pt is afraid of dying. Pt feels lonely. {self.LONG}")
        answer = clinic.therapist.read(path)["across_voices"]
        assert answer["is_enough"]
        themes = {each["theme"]: each for each in answer["themes"]}
        assert themes["mortality"]["named_by"] == "both"
        assert {each["document_source"] for each in themes["mortality"]["evidence"]} == {"journal", "note"}
        assert themes["mortality"]["chance_of_silence"] is None
        assert themes["gratitude"]["named_by"] == "journal"
        assert themes["gratitude"]["note"] == {"documents": 0, "mentions": 0}
        assert 0.4 < themes["gratitude"]["chance_of_silence"] < 1
        assert themes["loneliness"]["named_by"] == "note"

    def test_one_voice_alone_says_nothing_of_the_other(self, clinic: Any, path: str) -> None:
        clinic.write(f"{FEAR} {self.LONG}")
        clinic.note("Pt is afraid of dying.")
        answer = clinic.therapist.read(path)["across_voices"]
        assert (answer["is_enough"], answer["words_needed"], answer["themes"]) == (False, 50, [])
        assert answer["note"]["words"] == 5

    def test_a_psychotherapy_note_is_its_authors_voice_alone(self, clinic: Any, path: str) -> None:
        clinic.write(f"{THANKS} {self.LONG}")
        clinic.note(self.LONG)
        clinic.note("Pt is afraid of dying.", "psychotherapy")
        assert self.named(clinic.therapist, path)["mortality"] == "note"
        for who in ("maya", "physician", "nurse"):
            assert "mortality" not in self.named(clinic.caller(who), path)
            assert clinic.caller(who).read(path)["across_voices"]["note"]["documents"] == 1


def test_a_patient_who_has_written_nothing(clinic: Any, path: str) -> None:
    for caller in (clinic.maya, clinic.therapist):
        answer = caller.read(path)
        assert answer["together"] == {"is_enough": False, "entries": 0, "entries_needed": 20, "pairs": []}
        assert answer["in_turn"] == {"is_enough": False, "stretches": 0, "stretches_needed": 8, "turns": []}
        assert answer["around_dose"] == {
            "sessions": 0, "themes": [], "since_dosing": [], "by_phase": [], "by_route": [], "by_dose": [],
        }  # fmt: skip
        assert (answer["across_voices"]["is_enough"], answer["across_voices"]["themes"]) == (False, [])


def test_texts_without_a_word_are_no_division_by_nothing(clinic: Any, path: str) -> None:
    write_many(clinic, ["🙂"] * 3)
    answer = clinic.maya.read(path)
    assert answer["together"]["entries"] == 0
    assert [(each["since"], each["documents"], each["words"]) for each in answer["around_dose"]["since_dosing"]] == [
        ("before_first", 3, 0)
    ]


def test_documents_that_wait_for_the_tagger_do_not_count(clinic: Any, path: str, broken_tagger: Any) -> None:
    with broken_tagger():
        clinic.write(FEAR)
    assert clinic.maya.read(path)["around_dose"]["since_dosing"] == []


def test_who_does_not_care_for_the_patient_finds_nothing(clinic: Any, path: str) -> None:
    for who in ("tom", "june", "colleague", "elsewhere.therapist"):
        assert clinic.caller(who).get(path).status_code == 404
    assert clinic.admin.get(path).status_code == 403
    assert clinic.caller("therapist", "user/JournalEntry.rs").get(path).status_code == 403
