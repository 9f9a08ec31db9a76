"""Tagging stored documents: after the words are safe, and again when it failed."""

import logging
from pathlib import Path
from typing import Any

import pytest
from readers import WordReader, reading_along
from taggers import with_tagger
from waiting import is_free_meanwhile

from integration_api.themes.jobs import tag_pending
from nlp import load_tagger

FEAR = "I am afraid of dying."


def test_a_failing_tagger_loses_no_word_and_is_no_finding_of_nothing(
    clinic: Any, broken_tagger: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with broken_tagger(), caplog.at_level(logging.DEBUG):
        made = clinic.write(FEAR)
    assert made["text"] == FEAR
    assert (made["tagging"]["state"], made["themes"]) == ("pending", [])
    assert "RuntimeError" in caplog.text
    assert "dying" not in caplog.text
    with clinic.app.app_context():
        assert tag_pending() == (1, 0)
    found = clinic.maya.read(f"/v1/journal-entries/{made['id']}")
    assert found["tagging"]["state"] == "done"
    assert [each["theme"] for each in found["themes"]] == ["mortality"]
    assert (found["version"], found["updated_at"]) == (made["version"], made["updated_at"])


def test_what_is_still_failing_waits_on(clinic: Any, broken_tagger: Any) -> None:
    with broken_tagger(), clinic.app.app_context():
        clinic.write(FEAR)
        assert tag_pending() == (1, 1)


def test_a_newer_pipeline_tags_all_again_and_keeps_reviews(clinic: Any, other_version: Any) -> None:
    made = clinic.write(FEAR)
    mention = f"/v1/mentions/{made['themes'][0]['id']}"
    clinic.therapist.post(f"{mention}/review", {"verdict": "confirmed"})
    with other_version("newer"), clinic.app.app_context():
        assert tag_pending() == (0, 0)
        assert tag_pending(also_older=True) == (1, 0)
        assert tag_pending(also_older=True) == (0, 0)
    found = clinic.maya.read(f"/v1/journal-entries/{made['id']}")
    assert found["tagging"]["pipeline_version"] == "newer"
    assert [(each["id"], each["review"]) for each in found["themes"]] == [(made["themes"][0]["id"], "confirmed")]


def test_the_taxonomy_is_there_to_read(clinic: Any) -> None:
    listed = clinic.maya.read("/v1/themes?limit=200")["items"]
    assert len(listed) == 48
    assert [each["theme"] for each in listed] == sorted(each["theme"] for each in listed)
    safety = clinic.maya.read("/v1/themes?facet=safety")["items"]
    assert {each["facet"] for each in safety} == {"safety"}
    one = clinic.maya.read("/v1/themes/grief")
    assert one in listed
    assert one["definition"]
    assert clinic.maya.get("/v1/themes/tax_returns").status_code == 404


def test_tagging_all_anew_waits_for_an_entry_with_nothing_in_its_hands(clinic: Any) -> None:
    """Whoever changes an entry holds it, and then wants its patient's stamp."""
    entry = clinic.write("I miss him.")["id"]
    rows = ("documents", "id", entry), ("patient_stamps", "patient_id", clinic.ids["maya"])

    def tag_everything() -> tuple[int, int]:
        with clinic.app.app_context():
            return tag_pending(everything=True)

    assert is_free_meanwhile(clinic.app, *rows, tag_everything) == (True, (1, 0))


def test_a_pipeline_with_a_reader_is_named_and_reads_along(clinic: Any, tmp_path: Path) -> None:
    """Its folder is all that is named; what the reader alone finds is found, and said to be its own."""
    reading_along(WordReader({"parcel": "anger"})).to_disk(tmp_path, exclude=["vocab"])
    with with_tagger(clinic.app, load_tagger(tmp_path)):
        made = clinic.write("We had soup. A parcel came.")
    (anger,) = [each for each in made["themes"] if each["theme"] == "anger"]
    assert (anger["quote"], anger["source"]) == ("A parcel came", "model")
    assert clinic.therapist.read(f"/v1/mentions/{anger['id']}")["because"].startswith("learned: (encoder 1.00)")
