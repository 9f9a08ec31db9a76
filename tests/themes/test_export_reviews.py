"""Clinicians' reviews leave as training examples only where the patient has said so, and only what was judged."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import update

from integration_api.db import unit_of_work
from integration_api.themes.export import export_reviews
from integration_api.themes.jobs import tag_pending
from models import Document, now
from nlp.documents import read_documents

CONSENT = {"purpose": "research_export", "is_granted": True, "wording": "My words may teach the tagger."}


def exported(clinic: Any) -> list[dict[str, Any]]:
    with clinic.app.app_context(), unit_of_work() as db_session:
        return [json.loads(line) for line in export_reviews(db_session, now())]


def judge(clinic: Any, document: dict[str, Any], verdict: str = "confirmed") -> None:
    for mention in document["themes"]:
        answer = clinic.therapist.post(f"/v1/mentions/{mention['id']}/review", {"verdict": verdict})
        assert answer.status_code == 200


def test_nothing_leaves_without_consent(clinic: Any) -> None:
    judge(clinic, clinic.write("I am afraid of dying."))
    assert exported(clinic) == []


def test_a_judged_sentence_leaves_as_a_labelled_document(clinic: Any) -> None:
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    judge(clinic, clinic.write("It rained all day. I am afraid of dying."))
    (example,) = exported(clinic)
    assert example["text"] == "I am afraid of dying."
    assert example["sentences"][0]["themes"]["mortality"] == "affirmed"
    assert clinic.ids["maya"] not in json.dumps(example)
    (document,) = read_documents([json.dumps(example)], labelled=True)
    assert "mortality" in document.sentences[0].themes


def test_a_rejected_theme_is_told_as_not_there(clinic: Any) -> None:
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    judge(clinic, clinic.write("I am afraid of dying."), "rejected")
    (example,) = exported(clinic)
    assert "mortality" in example["sentences"][0]["rejected"]
    assert example["sentences"][0]["themes"] == {}


def test_a_sentence_that_nobody_has_finished_judging_stays(clinic: Any) -> None:
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    clinic.write("I am afraid of dying.")
    assert exported(clinic) == []


def test_what_waits_for_the_tagger_stays(clinic: Any, broken_tagger: Any) -> None:
    """Of its sentences only what was reviewed is known: one would be told as wholly judged that is not."""
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    entry = clinic.write("I am afraid of dying and I miss my father.")
    path, reviewed = f"/v1/journal-entries/{entry['id']}", entry["themes"][0]
    assert len(entry["themes"]) > 1
    judge(clinic, {"themes": [reviewed]})
    with broken_tagger():
        text = f"{entry['text']} It rained all day."
        answer = clinic.maya.patch(path, {"text": text}, if_match=clinic.maya.etag(path))
    assert [each["id"] for each in answer.json["themes"]] == [reviewed["id"]]
    assert exported(clinic) == []
    with clinic.app.app_context():
        tag_pending()
    judge(clinic, clinic.maya.read(path))
    assert [len(each["sentences"][0]["themes"]) > 1 for each in exported(clinic)] == [True]


def test_a_text_that_does_not_open_keeps_no_other_from_leaving(clinic: Any) -> None:
    """It ended the export half-way, and undid what the audit trail says of what had left by then."""
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    first, damaged, last = (clinic.write(f"I am afraid of dying{mark}") for mark in ".!?")
    for each in (first, damaged, last):
        judge(clinic, each)
    with clinic.app.app_context(), unit_of_work() as db_session:
        broken = update(Document).where(Document.id == UUID(damaged["id"])).values(text_sealed=b"\x01short")
        db_session.execute(broken.execution_options(synchronize_session=False))
    assert [each["text"] for each in exported(clinic)] == [first["text"], last["text"]]


def test_a_clinics_own_themes_stay_and_keep_nothing_back(clinic: Any) -> None:
    """Nobody else knows them: one of them, and no reader took the file."""
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    theme = {"theme": "our_mountain", "label": "The mountain", "facet": "meaning", "definition": "The climb."}
    clinic.admin.create("/v1/themes", theme | {"phrases": ["my mountain"]})
    entry = clinic.write("My mountain is high. I am afraid of dying on my mountain.")
    assert [each["theme"] for each in entry["themes"]].count("our_mountain") > 1
    judge(clinic, entry)
    (example,) = exported(clinic)
    assert example["text"] == "I am afraid of dying on my mountain."
    (document,) = read_documents([json.dumps(example)], labelled=True)
    assert "mortality" in document.sentences[0].themes


def test_consent_that_is_taken_back_counts_at_once(clinic: Any) -> None:
    maya = clinic.caller("maya")
    maya.create("/v1/me/consents", CONSENT)
    judge(clinic, clinic.write("I am afraid of dying."))
    assert len(exported(clinic)) == 1
    maya.create("/v1/me/consents", CONSENT | {"is_granted": False})
    assert exported(clinic) == []
    said = [each["is_granted"] for each in maya.read("/v1/me/consents")["items"]]
    assert said == [False, True]


def test_psychotherapy_notes_never_leave(clinic: Any) -> None:
    clinic.caller("maya").create("/v1/me/consents", CONSENT)
    judge(clinic, clinic.note("Pt is afraid of dying.", "psychotherapy"))
    assert exported(clinic) == []
