"""What returns for a patient: themes across dosing sessions, over HTTP."""

from typing import Any

import pytest

FEAR = "I am afraid of dying."
OTHER = "We had soup at noon and the bus was late."


@pytest.fixture
def path(clinic: Any) -> str:
    return f"/v1/patients/{clinic.ids['maya']}/themes"


@pytest.fixture
def told(clinic: Any) -> dict[str, Any]:
    """Two dosing sessions; the theme before the first and after the second."""
    course = clinic.open_course()["id"]
    sessions = [clinic.hold_session(course, f"2026-03-{day}T10:00:00Z")["id"] for day in ("01", "08")]
    texts = {"2026-02-20": FEAR, "2026-03-02": OTHER, "2026-03-09": f"{FEAR} {OTHER}", "2026-03-10": FEAR}
    entries = {day: clinic.write(text, f"{day}T20:00:00-05:00") for day, text in texts.items()}
    return {"sessions": sessions, "entries": entries}


def only(answer: Any) -> Any:
    (found,) = [each for each in answer["items"] if each["theme"] == "mortality"]
    return found


def test_rates_per_session_with_words_and_silence(clinic: Any, path: str, told: dict[str, Any]) -> None:
    found = only(clinic.therapist.read(path))
    first, second = told["sessions"]
    rows = [(each["session_id"], each["sequence"], each["mentions"], each["words"]) for each in found["sessions"]]
    assert rows == [(None, 0, 1, 5), (first, 1, 0, 10), (second, 2, 2, 20)]
    assert [each["rate_per_100_words"] for each in found["sessions"]] == [20, 0, 10]
    for each in found["sessions"]:
        assert 0 <= each["rate_low"] < each["rate_high"]
    assert found["session_count"] == 2
    assert (found["label"], found["facet"]) == ("Death and mortality", "meaning")
    assert (found["first_seen"], found["last_seen"]) == ("2026-02-21T01:00:00Z", "2026-03-11T01:00:00Z")
    assert found["by_source"] == {"journal": 3, "note": 0}
    assert found["trajectory"] == "persistent"
    assert 0 < found["probability_rising"] < 1


def test_evidence_is_quoted_and_linked(clinic: Any, path: str, told: dict[str, Any]) -> None:
    evidence = only(clinic.therapist.read(path))["evidence"]
    assert len(evidence) == 3
    for mention in evidence:
        entry = clinic.therapist.read(mention["links"]["document"])
        assert entry["text"][mention["start"] : mention["end"]] == mention["quote"]
        assert entry["id"] in {each["id"] for each in told["entries"].values()}
        assert clinic.therapist.read(mention["links"]["mention"])["because"]


def test_a_timeline_holds_every_mention_by_the_page(clinic: Any, path: str, told: dict[str, Any]) -> None:
    found, cursor = [], ""
    while True:
        answer = clinic.therapist.read(f"{path}/mortality?limit=2{cursor}")
        found += [each["document_id"] for each in answer["mentions"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert found == [told["entries"][day]["id"] for day in ("2026-02-20", "2026-03-09", "2026-03-10")]
    assert answer["session_count"] == 2


def test_pages_skip_nothing_and_repeat_nothing_while_entries_arrive(clinic: Any, path: str) -> None:
    much = (
        "I miss him. I could not sleep. The sea was calm and I felt at peace. I was angry with my father. I felt shame."
    )
    clinic.write(f"{much} I forgave myself.", "2026-03-09T08:12:00-05:00")
    clinic.write("I miss him. I could not sleep. I felt shame.", "2026-03-10T08:12:00-05:00")
    whole = [each["theme"] for each in clinic.therapist.read(f"{path}?limit=100")["items"]]
    pages, cursor = [], ""
    while True:
        page = clinic.therapist.read(f"{path}?limit=3{cursor}")
        pages.append([each["theme"] for each in page["items"]])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        if len(pages) == 1:
            assert pages[0] == whole[:3]
            for hour in (8, 9):
                text = "I forgave myself. I forgive my father. Forgiveness. I was angry, so angry. Anger again."
                clinic.write(text, f"2026-03-11T0{hour}:12:00-05:00")
    shown = [each for page in pages for each in page]
    assert len(pages) > 2
    assert len(shown) == len(set(shown))
    now = clinic.therapist.read(f"{path}?limit=100")["items"]
    assert set(shown) == {each["theme"] for each in now} >= set(whole)
    assert whole[:3] != [each["theme"] for each in now][:3]


def test_a_theme_that_was_never_spoken_of_is_an_empty_timeline(clinic: Any, path: str) -> None:
    answer = clinic.therapist.read(f"{path}/nature")
    assert (answer["sessions"], answer["mentions"], answer["trajectory"]) == ([], [], None)
    assert clinic.therapist.get(f"{path}/tax_returns").status_code == 404
    assert clinic.therapist.read(path)["items"] == []


def test_a_dosing_that_was_called_off_parts_nothing(clinic: Any, path: str, told: dict[str, Any]) -> None:
    first, second = told["sessions"]
    course = clinic.therapist.read(f"/v1/sessions/{first}")["course_id"]
    clinic.hold_session(course, "2026-03-09T23:00:00Z", status="cancelled")
    windows = [(each["session_id"], each["mentions"]) for each in only(clinic.therapist.read(path))["sessions"]]
    assert windows == [(None, 1), (first, 0), (second, 2)]


class TestFilters:
    def mentions(self, clinic: Any, path: str, query: str) -> int:
        found = [each for each in clinic.therapist.read(f"{path}?{query}")["items"] if each["theme"] == "mortality"]
        return sum(each["mentions"] for one in found for each in one["sessions"])

    @pytest.mark.usefixtures("told")
    def test_by_time_facet_and_source(self, clinic: Any, path: str) -> None:
        clinic.note("Pt is afraid of dying.", written_at="2026-03-09T10:00:00Z")
        assert self.mentions(clinic, path, "") == 4
        assert self.mentions(clinic, path, "source=note") == 1
        assert self.mentions(clinic, path, "source=journal") == 3
        assert self.mentions(clinic, path, "facet=meaning") == 4
        assert self.mentions(clinic, path, "facet=emotion") == 0
        assert self.mentions(clinic, path, "since=2026-03-01T00:00:00Z&until=2026-03-10T12:00:00Z") == 2
        assert (
            self.mentions(clinic, path, "since=2026-03-09T10:00:00Z&until=2026-03-10T01:00:00Z") == 1
        )  # the note alone
        assert (
            self.mentions(clinic, path, "since=2026-03-09T10:00:01Z&until=2026-03-10T01:00:01Z") == 1
        )  # the entry alone

    def test_by_assertion(self, clinic: Any, path: str) -> None:
        clinic.write("I am not afraid of dying.")
        assert self.mentions(clinic, path, "") == 0
        assert self.mentions(clinic, path, "assertion=negated") == 1
        assert self.mentions(clinic, path, "assertion=any") == 1
        answer = clinic.therapist.get(f"{path}?assertion=maybe")
        assert (answer.status_code, answer.json["errors"][0]["parameter"]) == (422, "assertion")


def test_private_entries_do_not_count_for_the_care_team(clinic: Any, path: str) -> None:
    clinic.write(FEAR, visibility="private")
    assert clinic.therapist.read(path)["items"] == []
    assert only(clinic.maya.read(path))["session_count"] == 1
    assert clinic.therapist.read(f"{path}/mortality")["mentions"] == []


def test_documents_that_wait_for_the_tagger_are_not_silence(clinic: Any, path: str, broken_tagger: Any) -> None:
    with broken_tagger():
        waiting = clinic.write(FEAR)
    assert waiting["tagging"] == {"state": "pending", "pipeline_version": None}
    assert clinic.therapist.read(path)["items"] == []


def test_the_most_recurrent_theme_comes_first(clinic: Any, path: str, told: dict[str, Any]) -> None:
    assert told
    clinic.write("I realised that I am grateful.", "2026-03-09T12:00:00Z")
    found = [(each["session_count"], each["theme"]) for each in clinic.therapist.read(path)["items"]]
    assert found[0] == (2, "mortality")
    assert [each[0] for each in found] == sorted((each[0] for each in found), reverse=True)


def test_what_is_in_another_language_is_no_silence(clinic: Any, path: str) -> None:
    """Nothing is looked for in it: who goes on in Spanish about the same was said to speak of it less than before."""
    course = clinic.open_course()["id"]
    for day in ("01", "15"):
        clinic.hold_session(course, f"2026-03-{day}T10:00:00Z")
    for day in range(2, 14):
        clinic.write("I am so lonely. I feel lonely in the evenings, and I cooked soup.", f"2026-03-{day:02}T20:00:00Z")
    before = clinic.therapist.read(f"{path}/loneliness")
    spanish = "Me siento muy solo otra vez, la soledad pesa por las tardes y no tengo con quien hablar de todo esto."
    for day in range(16, 28):
        assert clinic.write(spanish, f"2026-03-{day}T20:00:00Z")["language"] == "es"
    after = clinic.therapist.read(f"{path}/loneliness")
    assert after["sessions"] == before["sessions"]
    assert [each["words"] for each in after["sessions"]] == [12 * 14]
    assert (after["trajectory"], after["probability_rising"]) == ("once", None)
    lines = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/brief")["lines"]
    assert "fading" not in {each["kind"] for each in lines}
