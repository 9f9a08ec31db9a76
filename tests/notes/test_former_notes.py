"""What a note said before it was changed: kept as part of the record, for those who may read the note."""

from typing import Any

from sqlalchemy import select, update

from integration_api.db import reading, unit_of_work
from models import DocumentVersion

NOTES = "/v1/notes"


def versions_of(note: dict[str, Any]) -> str:
    return f"{NOTES}/{note['id']}/versions"


def texts(reader: Any, note: dict[str, Any]) -> list[str]:
    return [each["text"] for each in reader.read(versions_of(note))["items"]]


def test_every_wording_is_kept_for_the_team_and_the_patient(clinic: Any) -> None:
    note = clinic.note("Pt denies SI. 🌊", written_at="2026-03-08T16:40:00Z")
    path = f"{NOTES}/{note['id']}"
    assert texts(clinic.therapist, note) == []
    clinic.therapist.patch(path, {"text": "Pt endorses passive SI."}, if_match="*")
    body = {"patient_id": clinic.ids["maya"], "kind": "progress", "text": "Pt endorses passive SI, no plan."}
    clinic.therapist.put(path, body, if_match="*")
    for reader in (clinic.therapist, clinic.caller("nurse"), clinic.maya):
        assert texts(reader, note) == ["Pt endorses passive SI.", "Pt denies SI. 🌊"]
    *_, first = clinic.maya.read(versions_of(note))["items"]
    assert (first["note_id"], first["version"], first["written_at"]) == (note["id"], 1, "2026-03-08T16:40:00Z")
    assert clinic.maya.read(f"{versions_of(note)}/{first['id']}") == first
    assert clinic.therapist.read(path)["text"] == "Pt endorses passive SI, no plan."


def test_pages_of_them_hold_each_once(clinic: Any) -> None:
    note = clinic.note("0")
    for n in range(1, 6):
        clinic.therapist.patch(f"{NOTES}/{note['id']}", {"text": str(n)}, if_match="*")
    found, cursor = [], ""
    while cursor is not None:
        page = clinic.therapist.read(f"{versions_of(note)}?limit=2{cursor and '&cursor=' + cursor}")
        found += [each["text"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert found == ["4", "3", "2", "1", "0"]


def test_the_same_words_again_are_no_version(clinic: Any) -> None:
    note = clinic.note("Seen.")
    for change in ({"text": "Seen."}, {"written_at": "2026-03-08T16:40:00Z"}):
        clinic.therapist.patch(f"{NOTES}/{note['id']}", change, if_match="*")
    assert texts(clinic.therapist, note) == []


def test_a_change_that_is_refused_keeps_nothing(clinic: Any) -> None:
    note = clinic.note("Seen.")
    path = f"{NOTES}/{note['id']}"
    assert clinic.therapist.patch(path, {"text": "Other."}, if_match='"0"').status_code == 412
    assert clinic.therapist.patch(path, {"text": "Other.", "kind": "psychotherapy"}, if_match="*").status_code == 422
    assert texts(clinic.therapist, note) == []


def test_those_of_a_psychotherapy_note_are_its_authors_alone_and_under_the_authors_key(clinic: Any) -> None:
    note = clinic.note("My own thoughts.", "psychotherapy")
    clinic.therapist.patch(f"{NOTES}/{note['id']}", {"text": "Other thoughts."}, if_match="*")
    assert texts(clinic.therapist, note) == ["My own thoughts."]
    (version,) = clinic.therapist.read(versions_of(note))["items"]
    for who in ("maya", "physician", "nurse", "colleague", "elsewhere.therapist"):
        for path in (versions_of(note), f"{versions_of(note)}/{version['id']}"):
            assert clinic.caller(who).get(path).status_code == 404, who
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        kept = db_session.scalars(select(DocumentVersion)).one()
        assert kept.data_key is not None
        assert (kept.data_key.owner_kind, kept.data_key.owner_id) == ("author", kept.author_id)


def test_a_version_of_another_note_is_not_found(clinic: Any) -> None:
    one, other = clinic.note("One."), clinic.note("Other.")
    clinic.therapist.patch(f"{NOTES}/{one['id']}", {"text": "One, again."}, if_match="*")
    (version,) = clinic.therapist.read(versions_of(one))["items"]
    assert clinic.therapist.get(f"{versions_of(other)}/{version['id']}").status_code == 404
    entry = clinic.write("Mine.")
    clinic.maya.patch(f"/v1/journal-entries/{entry['id']}", {"text": "Mine, again."}, if_match="*")
    (own,) = clinic.maya.read(f"/v1/journal-entries/{entry['id']}/versions")["items"]
    assert clinic.maya.get(f"{versions_of(one)}/{own['id']}").status_code == 404
    assert clinic.therapist.get(f"{NOTES}/{entry['id']}/versions").status_code == 404
    assert clinic.maya.get(f"/v1/journal-entries/{one['id']}/versions").status_code == 404


def test_a_record_system_reads_a_note_as_it_stands(clinic: Any) -> None:
    note = clinic.note("Seen by mistake.")
    clinic.therapist.patch(f"{NOTES}/{note['id']}", {"text": "Seen."}, if_match="*")
    system = clinic.add_ehr()
    clinic.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."})
    assert system.read(f"{NOTES}/{note['id']}")["text"] == "Seen."
    assert system.get(versions_of(note)).status_code == 403


def test_a_note_that_is_taken_back_takes_its_versions_along(clinic: Any) -> None:
    note = clinic.note("Of somebody else.")
    clinic.therapist.patch(f"{NOTES}/{note['id']}", {"text": "Of nobody."}, if_match="*")
    assert clinic.therapist.delete(f"{NOTES}/{note['id']}", if_match="*").status_code == 204
    assert clinic.therapist.get(versions_of(note)).status_code == 404
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        assert db_session.scalars(select(DocumentVersion)).all() == []


def test_one_that_does_not_open_hides_no_other(clinic: Any) -> None:
    note = clinic.note("One.")
    for text in ("Two.", "Three."):
        clinic.therapist.patch(f"{NOTES}/{note['id']}", {"text": text}, if_match="*")
    _, oldest = clinic.therapist.read(versions_of(note))["items"]
    with clinic.app.app_context(), unit_of_work(everywhere=True) as db_session:
        damaged = update(DocumentVersion).where(DocumentVersion.version == 1).values(text_sealed=b"\x01" + bytes(40))
        db_session.execute(damaged)
    newer, older = clinic.therapist.read(versions_of(note))["items"]
    assert (newer["text"], older["text"], older["is_unreadable"]) == ("Two.", "", True)
    assert clinic.therapist.get(f"{versions_of(note)}/{oldest['id']}").status_code == 500
