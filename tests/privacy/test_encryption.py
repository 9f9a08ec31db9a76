"""Free text at rest, attacked by somebody who has the database: read, moved, kept, and with other keys."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from integration_api.db import unit_of_work
from integration_api.privacy.keys import rotate
from models import Commitment, DataKey, Document, Keyring
from models.key_service import KeyService, KeyUnavailable, LocalKeys, Wrapped, parse_keys
from models.rotation import forget_unused

TEXT = "zinnober-quartz öffnet 🌊"
OTHER = "y" * 32
PAST_THE_SESSION: dict[str, Any] = {"synchronize_session": False}
OF_TEXT = DataKey.owner_kind != "audit"  # the audit trail has a key that seals nothing


@contextmanager
def with_keys(clinic: Any, service: KeyService) -> Iterator[None]:
    """A stretch of time in which the service runs with another key service."""
    before = {name: clinic.app.extensions[name] for name in ("keyring", "parts")}
    clinic.app.extensions |= {"keyring": Keyring(service), "parts": replace(before["parts"], key_service=service)}
    try:
        yield
    finally:
        clinic.app.extensions |= before


def of_test(clinic: Any) -> dict[str, bytes]:
    return dict(clinic.app.config["SETTINGS"].wrapping_keys)


def rows(clinic: Any, statement: Any, **values: Any) -> Any:
    with clinic.app.app_context(), unit_of_work() as db_session:
        found = db_session.execute(statement, values)
        return found.all() if statement.is_select else None


def test_two_texts_cannot_change_places(clinic: Any) -> None:
    """Nor can one be put back into another row of the same patient, under the same key."""
    first, second = clinic.write("I slept well."), clinic.write("I did not sleep.")
    cells = dict(tuple(row) for row in rows(clinic, select(Document.id, Document.text_sealed)))
    moved = update(Document).where(Document.id == UUID(second["id"])).values(text_sealed=cells[UUID(first["id"])])
    rows(clinic, moved.execution_options(synchronize_session=False))
    answer = clinic.maya.get(f"/v1/journal-entries/{second['id']}")
    assert (answer.status_code, answer.json["type"]) == (500, "urn:integration-api:problem:unreadable")
    assert "slept" not in answer.text
    assert clinic.maya.read(f"/v1/journal-entries/{first['id']}")["text"] == "I slept well."


def test_a_changed_byte_is_noticed(clinic: Any) -> None:
    entry = clinic.write("I slept well.")
    (cell,) = rows(clinic, select(Document.text_sealed))[0]
    broken = cell[:-1] + bytes([cell[-1] ^ 1])
    rows(clinic, update(Document).values(text_sealed=broken).execution_options(synchronize_session=False))
    assert clinic.maya.get(f"/v1/journal-entries/{entry['id']}").status_code == 500


def test_without_the_wrapping_key_nothing_opens(clinic: Any) -> None:
    entry, maya = clinic.write(TEXT), clinic.maya
    with with_keys(clinic, LocalKeys({"test": OTHER.encode()})):
        assert maya.get(f"/v1/journal-entries/{entry['id']}").status_code == 500
    assert clinic.maya.read(f"/v1/journal-entries/{entry['id']}")["text"] == TEXT


def test_a_key_for_each_patient_and_each_author_of_psychotherapy_notes(clinic: Any) -> None:
    clinic.write("Mine.")
    clinic.note("Pt seen.")
    clinic.note("My own thoughts.", "psychotherapy")
    clinic.tom.create("/v1/journal-entries", {"text": "Tom's."})
    keys = rows(clinic, select(DataKey.owner_kind, DataKey.owner_id, DataKey.id).where(OF_TEXT))
    assert sorted(kind for kind, *_ in keys) == ["author", "patient", "patient"]
    used = {
        row[0]: row[1]
        for row in rows(clinic, select(Document.data_key_id, Document.note_kind).where(Document.source == "note"))
    }
    assert {kind: next(owner for owner, _, key in keys if key == key_id) for key_id, kind in used.items()} == {
        "progress": "patient",
        "psychotherapy": "author",
    }


def test_a_destroyed_key_takes_its_owners_words_and_no_others(clinic: Any) -> None:
    entry, note = clinic.write("Mine."), clinic.note("My own thoughts.", "psychotherapy")
    with clinic.app.app_context(), unit_of_work() as db_session:
        query = select(DataKey).where(DataKey.owner_kind == "patient", DataKey.owner_id == UUID(clinic.ids["maya"]))
        db_session.scalars(query).one().destroy()
    assert clinic.maya.get(f"/v1/journal-entries/{entry['id']}").status_code == 500
    assert clinic.therapist.read(f"/v1/notes/{note['id']}")["text"] == "My own thoughts."


def test_the_same_text_twice_looks_different(clinic: Any) -> None:
    clinic.write("The same."), clinic.write("The same.")
    cells = [cell for (cell,) in rows(clinic, select(Document.text_sealed))]
    assert cells[0][13:] != cells[1][13:]


class TestRotation:
    def test_wrapping_keys_change_while_people_write(self, clinic: Any) -> None:
        entries = [clinic.write(f"{TEXT} {number}")["id"] for number in range(3)]
        both = {"next": OTHER.encode(), **of_test(clinic)}
        failures: list[int] = []
        is_done = threading.Event()

        def keep_reading() -> None:
            while not is_done.is_set():
                for entry_id in entries:
                    status = clinic.maya.get(f"/v1/journal-entries/{entry_id}").status_code
                    failures.extend([status] if status != 200 else [])

        with with_keys(clinic, LocalKeys(both)):
            reader = threading.Thread(target=keep_reading)
            reader.start()
            try:
                with clinic.app.app_context():
                    done = rotate(datetime.now(UTC))
                clinic.write("Written meanwhile.")
            finally:
                is_done.set()
                reader.join()
            assert done.wrapped > 0
            assert failures == []
        with with_keys(clinic, LocalKeys({"next": OTHER.encode()})):  # the old one is gone
            for number, entry_id in enumerate(entries):
                assert clinic.maya.read(f"/v1/journal-entries/{entry_id}")["text"] == f"{TEXT} {number}"
        with clinic.app.app_context():
            rotate_back(clinic, both)

    def test_data_keys_change_and_nothing_else_does(self, clinic: Any) -> None:
        course = clinic.open_course(indication="Low mood")["id"]
        clinic.hold_session(course, "2026-03-08T10:00:00Z", intention="To meet it kindly.")
        entry, note = clinic.write("I am afraid of dying."), clinic.note("My own thoughts.", "psychotherapy")
        paths = [f"/v1/journal-entries/{entry['id']}", f"/v1/courses/{course}", "/v1/sessions"]
        before = [clinic.maya.get(path) for path in paths]
        keys = {key for (key,) in rows(clinic, select(DataKey.id).where(OF_TEXT))}
        with clinic.app.app_context():
            done = rotate(datetime.now(UTC), data_keys=True)
        assert done.replaced == len(keys)
        after = [clinic.maya.get(path) for path in paths]
        assert [each.json for each in after] == [each.json for each in before]
        assert [each.headers.get("ETag") for each in after] == [each.headers.get("ETag") for each in before]
        assert clinic.therapist.read(f"/v1/notes/{note['id']}")["text"] == "My own thoughts."
        assert not keys & {key for (key,) in rows(clinic, select(Document.data_key_id))}
        with clinic.app.app_context():
            soon, later = (rotate(datetime.now(UTC) + timedelta(hours=each), data_keys=True) for each in (0, 2))
        assert soon.destroyed == 0  # what was being written while they were replaced may still come in under them
        assert later.destroyed == 2 * len(keys)
        assert clinic.maya.read(paths[0])["text"] == "I am afraid of dying."

    def test_a_key_that_a_row_still_names_is_kept(self, clinic: Any) -> None:
        entry = UUID(clinic.write(TEXT)["id"])
        clinic.note("My own thoughts.", "psychotherapy")
        ((named,),) = rows(clinic, select(Document.data_key_id).where(Document.id == entry))
        at = datetime.now(UTC)
        with clinic.app.app_context():
            rotate(at, data_keys=True)
        late = update(Document).where(Document.id == entry).values(data_key_id=named)  # written while it was replaced
        rows(clinic, late)
        with clinic.app.app_context(), unit_of_work() as db_session:
            assert forget_unused(db_session, at + timedelta(hours=2)) > 0
            assert db_session.get_one(DataKey, named).sealed is not None

    def test_what_cannot_be_opened_holds_up_no_other(self, clinic: Any) -> None:
        broken, whole = (UUID(clinic.write(TEXT)["id"]) for _ in range(2))
        clinic.maya.create("/v1/commitments", {"text": "Call my sister."})
        ((cell, old),) = rows(clinic, select(Document.text_sealed, Document.data_key_id).where(Document.id == broken))
        values = {"text_sealed": cell[:-1] + bytes([cell[-1] ^ 1])}
        rows(clinic, update(Document).where(Document.id == broken).values(values).execution_options(**PAST_THE_SESSION))
        with clinic.app.app_context():
            done = [rotate(datetime.now(UTC) + timedelta(hours=hours), data_keys=True) for hours in (0, 2)]
        assert [each.unreadable for each in done] == [1, 1]
        assert clinic.maya.read(f"/v1/journal-entries/{whole}")["text"] == TEXT
        named = dict(rows(clinic, select(Document.id, Document.data_key_id)))
        assert named[broken] == old != named[whole]
        assert rows(clinic, select(Commitment.data_key_id)) == [(named[whole],)]
        ((sealed,),) = rows(clinic, select(DataKey.sealed).where(DataKey.id == old))
        assert sealed is not None  # the cell may yet be put back from a backup


def rotate_back(clinic: Any, both: dict[str, bytes]) -> None:
    """Leave the data keys under the key that the other tests have."""
    with with_keys(clinic, LocalKeys({**of_test(clinic), **both})):
        rotate(datetime.now(UTC))


@pytest.mark.database_free
class TestLocalKeys:
    def test_a_wrapped_key_opens_for_its_own_context_only(self) -> None:
        service = LocalKeys({"one": OTHER.encode()})
        wrapped = service.wrap(b"k" * 32, b"here")
        assert service.unwrap(wrapped, b"here") == b"k" * 32
        for wrong in (wrapped, replace(wrapped, sealed=wrapped.sealed[:-1] + b"x"), Wrapped("two", wrapped.sealed)):
            with pytest.raises(KeyUnavailable):
                service.unwrap(wrong, b"there" if wrong is wrapped else b"here")

    @pytest.mark.parametrize("written", ["", "one", "one:eA==", ":" + "eA==" * 11, "a:!!", "a:b,a:b"])
    def test_what_is_no_key_is_refused(self, written: str) -> None:
        with pytest.raises(ValueError, match="key"):
            parse_keys(written)


def test_no_sealed_text_stands_in_the_database_in_clear(clinic: Any, stored: Any) -> None:
    """Neither in SQLite's files, its write-ahead log included, nor in any cell that PostgreSQL shows."""
    clinic.write(TEXT, visibility="private")
    clinic.note(f"Pt: {TEXT}")
    clinic.open_course(indication=TEXT)
    found = stored()
    assert b"Maya" in found  # a name is no narrative, and shows that something was read
    for form in (TEXT.encode(), TEXT.encode().hex().encode(), b"zinnober"):
        assert form not in found
