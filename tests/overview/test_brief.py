"""The brief: what is there, what it rests on, and what stays with whom it belongs to."""

import re
from typing import Any

import pytest
from clocks import NOW, ago

from integration_api.themes.jobs import tag_pending

pytestmark = pytest.mark.one_database


def brief(clinic: Any, who: str = "therapist") -> Any:
    return clinic.caller(who).read(f"/v1/patients/{clinic.ids['maya']}/brief")


def kinds(found: Any) -> list[str]:
    return [line["kind"] for line in found["lines"]]


def test_it_counts_what_was_written_since_the_last_session(course: Any) -> None:
    course.write("Long ago.", ago(20))
    course.write("Slept eight hours, first time in months.", ago(5), mood={"valence": 3, "arousal": -1})
    course.write("Rain.", ago(2))
    course.note("Pt seen.", written_at=ago(6))
    found = brief(course)
    assert (found["entries"], found["notes"], found["patient_name"]) == (2, 1, "Maya")
    assert found["since"].startswith(ago(7)[:16])
    assert found["last_dosing"]["dose_mg"] == 60
    assert found["next_session"]["kind"] == "integration"
    assert [each["valence"] for each in found["moods"]] == [3]
    assert "sleep" in kinds(found)


def test_every_line_rests_on_words_that_stand_where_it_says(course: Any) -> None:
    for days in range(60, 36, -3):
        course.write("I miss my father. Went for a walk, wrote letters, cooked, called nobody at all today.", ago(days))
    for days in range(6, 0, -1):
        course.write(
            "I miss my father, I miss him, I cried for him. Slept badly. I want to die some nights.", ago(days)
        )
    course.maya.create(
        "/v1/commitments", {"text": "Call my sister.", "due_on": "2026-01-01", "visibility": "care_team"}
    )
    found = brief(course)
    assert found["lines"][0]["kind"] == "safety"
    assert found["lines"][0]["severity"] == "wish_to_be_dead"
    assert "commitment" in kinds(found)
    assert {"rising", "returning", "resurfaced"} & set(kinds(found))
    for line in found["lines"]:
        assert line["evidence"], line
        for each in line["evidence"]:
            if each["document_id"] is not None:
                text = course.therapist.read(each["link"])["text"]
                assert text[each["start"] : each["end"]] == each["quote"]


@pytest.mark.parametrize(
    ("status", "hours", "is_over"),
    [
        ("planned", 0.05, False),
        ("planned", 11, False),
        ("planned", 13, True),
        ("in_progress", 1, False),
        ("completed", 1, True),
    ],
)
def test_last_time_is_no_session_that_one_may_still_be_sitting_in(
    course: Any, status: str, hours: float, *, is_over: bool
) -> None:
    course.write("I want to die some nights.", ago(2))
    made = course.therapist.read("/v1/sessions?kind=dosing&limit=1")["items"][0]["course_id"]
    begun = course.hold_session(made, ago(hours / 24), "integration", status=status)
    found = brief(course)
    assert found["since"][:16] == (begun["starts_at"] if is_over else ago(7))[:16]
    assert (found["last_session"]["id"] == begun["id"]) is is_over
    assert found["entries"] == (0 if is_over else 1)
    assert ("safety" in kinds(found)) is not is_over
    page = course.therapist.get(f"/v1/patients/{course.ids['maya']}/brief/page").text
    assert f"Since {found['since'][:16].replace('T', ' ')} UTC. Entries: {found['entries']}," in page
    assert ("spoken of once since then" in page) is not is_over


def test_the_last_dosing_is_one_that_was_held(course: Any) -> None:
    """Nobody came to the one two days ago, and nobody has called it off."""
    course.hold_session(course.ids["course"], ago(2), status="planned", dosing={"route": "oral", "dose_mg": 99})
    found = brief(course)
    assert (found["last_dosing"]["dose_mg"], found["last_session"]["dose_mg"]) == (60, 99)


@pytest.mark.parametrize("days", [(4, 2), (2, 4)])
def test_the_safety_line_tells_the_gravest_level(course: Any, days: tuple[int, int]) -> None:
    course.write("I want to die some nights.", ago(days[0]))
    course.write("I have a plan to kill myself on Friday.", ago(days[1]))
    (line,) = [each for each in brief(course)["lines"] if each["kind"] == "safety"]
    assert len(line["evidence"]) == 2
    assert line["severity"] == "plan"


def test_of_safety_what_is_to_be_seen_soonest_comes_first(course: Any) -> None:
    """As flags are put before clinicians: by how soon somebody must have seen them, and not by the alphabet."""
    course.write("I was very dizzy and threw up after the dose. He hit me again last night.", ago(2))
    course.write("I plan to hang myself tonight.", ago(1))
    item_nine = {"measure": "phq_9", "answers": [0] * 8 + [1]}
    course.maya.create("/v1/measure-responses", item_nine)
    told = [each["theme"] for each in brief(course)["lines"] if each["kind"] == "safety"]
    assert told == ["suicidality", "suicidality", "harm_by_others", "adverse_effect"]


def test_what_nothing_was_looked_for_in_is_said_and_shown(course: Any, broken_tagger: Any) -> None:
    spanish = "Anoche pensé otra vez en morirme y no se lo dije a nadie en casa. " * 4
    course.write(spanish, ago(4))
    course.write("The bus was late.", ago(3))
    course.write("Hoy no quise levantarme de la cama, todo me pesa mucho.", ago(30))  # before the last session
    with broken_tagger():
        course.write("I want to die some nights.", ago(2))
    found = brief(course)
    told = [each for each in found["lines"] if each["kind"] == "unseen"]
    assert [each["says"].partition(":")[0] for each in told] == [
        "Not looked through yet",
        "Not in English, and so not looked through",
    ]
    assert [": 1 of what" in each["says"] for each in told] == [True, True]
    (waits,), (other,) = (each["evidence"] for each in told)
    assert waits["quote"] == "I want to die some nights."
    assert spanish.startswith(other["quote"])
    assert (other["start"], other["end"], len(other["quote"])) == (0, 140, 140)
    assert "Please read it." in course.therapist.get(f"/v1/patients/{course.ids['maya']}/brief/page").text
    with course.app.app_context():
        tag_pending()
    assert kinds(brief(course)).count("unseen") == 1
    assert brief(course)["lines"][0]["kind"] == "safety"


def test_a_clinics_own_safety_theme_goes_by_its_label(course: Any) -> None:
    theme = {"theme": "the_slip", "label": "Fear of the water", "facet": "safety", "definition": "The slip."}
    course.admin.create("/v1/themes", theme | {"phrases": ["the slip"]})
    course.write("I stood at the slip again.", ago(2))
    course.write("I want to die some nights.", ago(2))
    said = [each["says"].partition(":")[0] for each in brief(course)["lines"] if each["kind"] == "safety"]
    assert said == ["Suicidality and self-harm", "Fear of the water"]


def test_flags_that_wait_stand_at_the_top_and_in_the_caseload(course: Any) -> None:
    course.write("I want to die some nights.", ago(2))
    (flag,) = brief(course)["flags"]
    assert (flag["theme"], flag["severity"], flag["status"]) == ("suicidality", "wish_to_be_dead", "open")
    assert course.therapist.read("/v1/caseload")["items"][0]["waiting_flags"] == 1
    course.therapist.post(f"/v1/safety-flags/{flag['id']}/acknowledge", {})
    assert brief(course)["flags"][0]["status"] == "acknowledged"
    assert course.therapist.read("/v1/caseload")["items"][0]["waiting_flags"] == 0


def test_a_motif_comes_with_its_passages(course: Any) -> None:
    home = "Then I walked home along the canal and made soup for the children."
    told = (60, "There was a blue door."), (50, "The blue door again, shut."), (30, "Blue doors all night.")
    for days, text in (*told, (5, "Behind the blue door was water."), (3, "I stood before the blue door and knocked.")):
        course.write(f"{text} {home}", ago(days))
    motifs = {each["says"]: each for each in brief(course)["lines"] if each["kind"] == "motif"}
    (line,) = [each for says, each in motifs.items() if "blue door" in says.lower()]
    assert ["door" in each["quote"].lower() for each in line["evidence"]] == [True, True]


def test_what_returns_is_not_counted_in_sessions_that_were_never_held(clinic: Any) -> None:
    """Before the one dosing session and after it is not "in 2 sessions"."""
    clinic.hold_session(clinic.open_course()["id"], ago(10))
    for days in (20, 18, 5, 3):
        clinic.write("I am so lonely. The blue door stood open again in the garden wall.", ago(days))
    returning = [each["says"] for each in brief(clinic)["lines"] if each["kind"] in ("motif", "returning")]
    assert len(returning) > 1
    assert all(each.endswith(", in 2 stretches of time parted by dosing sessions.") for each in returning)


def test_how_often_a_commitment_is_come_back_to_is_all_of_it(course: Any) -> None:
    body = {"text": "Call my sister on Sundays.", "visibility": "care_team"}
    course.maya.create("/v1/commitments", body)
    for count, says in ((1, "once"), (7, "7 times")):
        while len(course.maya.read("/v1/journal-entries?limit=50")["items"]) < count:
            course.write("I called my sister this Sunday, and we talked.", ago(-1))
        (line,) = [each for each in brief(course)["lines"] if each["kind"] == "commitment"]
        assert line["says"] == f"A commitment that later writing comes back to {says}."
    assert len(line["evidence"]) == 3  # its own words, and the latest two
    assert len(course.therapist.read("/v1/commitments")["items"][0]["passages"]) == 5


def test_denied_and_rejected_signs_of_danger_are_no_line(course: Any) -> None:
    course.note("Denies SI. No plan, no intent.", written_at=ago(2))
    entry = course.write("I want to die of embarrassment, honestly I want to die.", ago(1))
    assert "safety" in kinds(brief(course))
    for mention in entry["themes"]:
        course.therapist.post(f"/v1/mentions/{mention['id']}/review", {"verdict": "rejected"})
    assert "safety" not in kinds(brief(course))


def test_nothing_of_a_private_entry_or_anothers_note_is_in_it(course: Any) -> None:
    before = brief(course, "nurse")
    course.write("I want to die. I miss my father.", ago(2), visibility="private", mood={"valence": -5})
    course.note("I want to look at his fear of dying.", "psychotherapy", written_at=ago(2))
    course.maya.create("/v1/intentions", {"text": "Mine alone."})
    assert brief(course, "nurse") == before


def test_an_empty_record_has_an_empty_brief(clinic: Any) -> None:
    found = brief(clinic)
    assert (found["entries"], found["lines"], found["last_session"]) == (0, [], None)


def test_it_can_be_asked_since_another_time(course: Any) -> None:
    course.write("Long ago.", ago(20))
    since = ago(30).replace("+00:00", "Z")
    asked = course.therapist.read(f"/v1/patients/{course.ids['maya']}/brief?since={since}")
    assert asked["entries"] == 1
    assert course.therapist.get(f"/v1/patients/{course.ids['maya']}/brief?since=soon").status_code == 422


def test_the_page_shows_the_same_and_runs_nothing(course: Any) -> None:
    course.write("<script>alert(1)</script> I want to die.", ago(2))
    page = course.therapist.get(f"/v1/patients/{course.ids['maya']}/brief/page")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "want to die" in page.text
    assert "<script>" not in page.text
    shown = page.text.split("<body>")[1]  # who prints it has a clock of their own: each time says which one is meant
    assert re.findall(r"\d{2}:\d{2}(?! UTC)", shown) == []
    assert len(re.findall(r"\d{2}:\d{2} UTC", shown)) >= 2
    assert "Times and days are those of UTC." in shown
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    told = course.maya.read("/v1/audit-events?limit=5")["items"]
    assert "readBriefPage" in {each["operation"] for each in told}


class TestOddRecords:
    """What clocks, plans and first days do to a record: a calm answer, whatever it is."""

    def test_one_document_and_no_session(self, clinic: Any) -> None:
        clinic.write("I miss my father.", ago(1))
        found = brief(clinic)
        assert (found["entries"], found["last_dosing"]) == (1, None)

    def test_two_sessions_on_one_day_and_one_that_was_cancelled(self, clinic: Any) -> None:
        course = clinic.open_course()["id"]
        for hours in (50, 48):
            clinic.hold_session(course, ago(hours / 24))
        clinic.hold_session(course, ago(1), status="cancelled")
        clinic.write("I miss my father.", ago(1.5))
        found = brief(clinic)
        assert found["since"].startswith(ago(2)[:16])
        assert found["entries"] == 1

    def test_a_session_that_is_moved_takes_the_brief_along(self, course: Any) -> None:
        course.write("I miss my father.", ago(5))
        (latest,) = course.therapist.read("/v1/sessions?kind=dosing&limit=1")["items"]
        path = f"/v1/sessions/{latest['id']}"
        course.therapist.patch(path, {"starts_at": ago(3)}, if_match=course.therapist.etag(path))
        assert brief(course)["entries"] == 0

    def test_a_phone_whose_clock_runs_ahead(self, course: Any) -> None:
        course.write("I miss my father.", ago(-400))
        course.write("Written before there was a course.", "2001-01-01T00:00:00Z")
        assert brief(course)["entries"] == 1
        assert course.therapist.read("/v1/caseload")["items"][0]["entries_this_week"] == 1
        for path in ("motifs", "patterns", "themes"):
            assert course.therapist.get(f"/v1/patients/{course.ids['maya']}/{path}").status_code == 200

    def test_what_a_phone_wrote_far_ahead_counts_from_when_it_came(self, course: Any, set_clock: Any) -> None:
        far, mood = "2040-01-01T10:00:00Z", {"valence": 3, "arousal": -1}
        path = f"/v1/journal-entries/{course.write('I miss my father. I want to die.', far, mood=mood)['id']}"
        course.maya.create("/v1/mood-check-ins", {**mood, "at": far, "visibility": "care_team"})
        assert course.maya.read(path)["written_at"] == far  # as the patient's phone said it
        seen = brief(course)
        assert (seen["entries"], len(seen["moods"]), kinds(seen)[0]) == (1, 2, "safety")
        (maya,) = course.therapist.read("/v1/caseload")["items"]
        assert (maya["entries_this_week"], maya["is_silent"]) == (1, False)
        assert maya["last_entry_at"] < ago(-1)
        assert course.maya.read("/v1/prompts")["support"] is not None
        set_clock(days=(NOW - set_clock()).days + 90)
        course.hold_session(course.ids["course"], ago(-60))
        later = brief(course)
        assert (later["entries"], later["last_written_at"], later["moods"]) == (0, None, [])
        assert "safety" not in kinds(later)
        (maya,) = course.therapist.read("/v1/caseload")["items"]
        assert (maya["entries_this_week"], maya["is_silent"]) == (0, True)
        assert course.maya.read("/v1/prompts")["support"] is None
