"""The conventions of the API, tried over HTTP: ids, repeats, ETags, preconditions, merge patches, pages."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from integration_api.db import unit_of_work
from models import Commitment, Course, JournalEntry, Session, new_id

ENTRIES = "/v1/journal-entries"


def pointers(answer: Any) -> list[str]:
    return [each.get("pointer", each.get("parameter")) for each in answer.json["errors"]]


class TestRepeats:
    """A create is safe to repeat."""

    def test_a_client_may_bring_its_own_id(self, clinic: Any) -> None:
        own = str(new_id())
        assert clinic.write("Mine.", id=own)["id"] == own

    def test_the_same_id_and_body_is_answered_as_the_first_was(self, clinic: Any) -> None:
        body = {"id": str(new_id()), "text": "Once."}
        first, second = clinic.maya.post(ENTRIES, body), clinic.maya.post(ENTRIES, body)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json == second.json
        assert first.headers["ETag"] == second.headers["ETag"]
        assert second.headers["Idempotency-Replayed"] == "true"
        assert len(clinic.maya.read(ENTRIES)["items"]) == 1

    def test_the_same_id_with_another_body_is_a_conflict(self, clinic: Any) -> None:
        own = str(new_id())
        clinic.write("One.", id=own)
        assert clinic.maya.post(ENTRIES, {"id": own, "text": "Two."}).status_code == 409
        assert clinic.maya.read(f"{ENTRIES}/{own}")["text"] == "One."

    def test_a_key_does_the_same_for_a_create_without_an_id(self, clinic: Any) -> None:
        body = {"text": "Once."}
        made = [clinic.maya.post(ENTRIES, body, idempotency_key="k-1").json["id"] for _ in range(3)]
        assert len(set(made)) == 1
        assert clinic.maya.post(ENTRIES, {"text": "Other."}, idempotency_key="k-1").status_code == 409
        assert clinic.maya.post(ENTRIES, body, idempotency_key="k-2").json["id"] != made[0]

    def test_a_key_may_be_as_long_as_the_contract_says(self, clinic: Any) -> None:
        """On PostgreSQL the longest once did not fit."""
        for _ in range(2):
            answer = clinic.maya.post(ENTRIES, {"text": "a"}, idempotency_key="k" * 255)
            assert answer.status_code == 201

    def test_a_key_is_its_callers_own(self, clinic: Any) -> None:
        one = clinic.maya.post(ENTRIES, {"text": "a"}, idempotency_key="same")
        other = clinic.tom.post(ENTRIES, {"text": "b"}, idempotency_key="same")
        assert (one.status_code, other.status_code) == (201, 201)

    def test_anothers_id_is_a_conflict_that_tells_nothing(self, clinic: Any) -> None:
        own = str(new_id())
        clinic.write("Private words.", id=own)
        answer = clinic.tom.post(ENTRIES, {"id": own, "text": "b"})
        assert answer.status_code == 409
        assert "Private" not in answer.text

    def test_put_creates_once(self, clinic: Any) -> None:
        path = f"{ENTRIES}/{new_id()}"
        first = clinic.maya.put(path, {"text": "a"}, if_none_match="*")
        again = clinic.maya.put(path, {"text": "a"}, if_none_match="*")
        assert (first.status_code, again.status_code) == (201, 201)
        assert clinic.maya.put(path, {"text": "b"}, if_none_match="*").status_code == 409
        assert clinic.maya.read(path)["text"] == "a"

    def test_put_and_post_of_one_id_are_the_same_create(self, clinic: Any) -> None:
        own = str(new_id())
        clinic.maya.put(f"{ENTRIES}/{own}", {"text": "a"}, if_none_match="*")
        assert clinic.maya.post(ENTRIES, {"id": own, "text": "a"}).status_code == 201
        assert clinic.maya.post(ENTRIES, {"id": own, "text": "b"}).status_code == 409

    def test_what_was_deleted_is_not_created_again(self, clinic: Any) -> None:
        own = str(new_id())
        path = f"{ENTRIES}/{own}"
        clinic.write("Gone.", id=own)
        clinic.maya.delete(path, if_match=clinic.maya.etag(path))
        answer = clinic.maya.post(
            ENTRIES, {"id": own, "text": "Gone.", "written_at": "2026-03-09T08:12:00-05:00", "visibility": "care_team"}
        )
        assert answer.status_code == 409

    @pytest.mark.one_database
    @pytest.mark.parametrize(
        "wrong", ["6b1d6a4e-5b1e-4c3a-9a51-0c1f7d2b9e01", "x", "0190C7E0-5B1E-7C3A-9A51-0C1F7D2B9E01", 7]
    )
    def test_an_id_is_a_uuid7(self, clinic: Any, wrong: Any) -> None:
        answer = clinic.maya.post(ENTRIES, {"id": wrong, "text": "a"})
        assert (answer.status_code, pointers(answer)) == (422, ["/id"])


class TestVersions:
    """Every record has a strong ETag, and changes say which version they mean."""

    @pytest.fixture
    def path(self, clinic: Any) -> str:
        return f"{ENTRIES}/{clinic.write('One.')['id']}"

    def test_an_unchanged_record_is_not_sent_again(self, clinic: Any, path: str) -> None:
        etag = clinic.maya.etag(path)
        assert not etag.startswith("W/")
        answer = clinic.maya.get(path, if_none_match=etag)
        assert (answer.status_code, answer.data) == (304, b"")
        assert clinic.maya.get(path, if_none_match='"other"').status_code == 200

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_a_change_without_a_version_is_refused(self, clinic: Any, path: str, method: str) -> None:
        more = [] if method == "delete" else [{"text": "Two."}]
        assert getattr(clinic.maya, method)(path, *more).status_code == 428
        assert clinic.maya.read(path)["text"] == "One."

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_a_change_of_an_older_version_is_refused(self, clinic: Any, path: str, method: str) -> None:
        seen = clinic.maya.etag(path)
        assert clinic.maya.patch(path, {"text": "Two."}, if_match=seen).status_code == 200
        more = [] if method == "delete" else [{"text": "Three."}]
        answer = getattr(clinic.maya, method)(path, *more, if_match=seen)
        assert (answer.status_code, answer.json["type"]) == (412, "urn:integration-api:problem:stale")
        assert clinic.maya.read(path)["text"] == "Two."

    def test_a_weak_tag_names_no_version(self, clinic: Any, path: str) -> None:
        assert clinic.maya.patch(path, {"text": "b"}, if_match="W/" + clinic.maya.etag(path)).status_code == 412

    def test_the_answer_to_a_change_names_the_new_version(self, clinic: Any, path: str) -> None:
        answer = clinic.maya.patch(path, {"text": "Two."}, if_match=clinic.maya.etag(path))
        assert answer.headers["ETag"] == clinic.maya.etag(path)

    def test_a_merge_patch_has_its_own_media_type(self, clinic: Any, path: str) -> None:
        answer = clinic.maya.call("PATCH", path, json={"text": "b"}, if_match="*")
        assert answer.status_code == 415

    def test_a_merge_patch_cannot_move_a_record(self, clinic: Any, path: str) -> None:
        answer = clinic.maya.patch(path, {"id": str(new_id())}, if_match="*")
        assert (answer.status_code, pointers(answer)) == (422, ["/id"])

    def test_a_merge_patch_is_checked_as_a_whole(self, clinic: Any, path: str) -> None:
        assert clinic.maya.patch(path, {"text": None}, if_match="*").status_code == 422
        assert clinic.maya.patch(path, {"colour": "red"}, if_match="*").status_code == 422
        assert clinic.maya.patch(path, ["text"], if_match="*").status_code == 422


class TestWhatWasTakenOnce:
    """What stands in a record may have been taken under other rules: a merge patch is judged by what it changes."""

    @pytest.fixture
    def paths(self, clinic: Any) -> dict[str, str]:
        course = clinic.open_course()["id"]
        session = clinic.hold_session(course, "2026-03-08T10:00:00Z", dosing={"dose_mg": 70, "weight_kg": 64})["id"]
        commitment = clinic.maya.create("/v1/commitments", {"text": "Sing.", "visibility": "care_team"})["id"]
        entry = clinic.write("Rain.")["id"]
        early = datetime(1850, 1, 1, tzinfo=UTC)
        rows = (
            (Course, course, {"started_on": date.min}),
            (Session, session, {"starts_at": early, "weight_kg": 900.0}),
            (Commitment, commitment, {"due_on": date.max}),
            (JournalEntry, entry, {"written_at": early}),
        )
        with clinic.app.app_context(), unit_of_work() as db_session:
            for table, row_id, values in rows:
                db_session.execute(update(table).where(table.id == UUID(row_id)).values(values))
        return {
            "course": f"/v1/courses/{course}",
            "session": f"/v1/sessions/{session}",
            "commitment": f"/v1/commitments/{commitment}",
            "entry": f"{ENTRIES}/{entry}",
        }

    @pytest.mark.parametrize(
        ("kind", "who", "patch", "kept"),
        [
            ("course", "therapist", {"status": "completed"}, {"started_on": "0001-01-01"}),
            ("course", "therapist", {"status": "completed", "started_on": "0001-01-01"}, {"started_on": "0001-01-01"}),
            ("session", "therapist", {"setting": "home"}, {"starts_at": "1850-01-01T00:00:00Z"}),
            ("session", "therapist", {"dosing": {"dose_mg": 80}}, {"starts_at": "1850-01-01T00:00:00Z"}),
            ("commitment", "maya", {"status": "kept"}, {"due_on": "9999-12-31"}),
            ("entry", "maya", {"text": "Sun."}, {"written_at": "1849-12-31T19:00:00-05:00"}),
        ],
    )
    def test_what_a_patch_leaves_is_not_held_against_it(
        self, clinic: Any, paths: dict[str, str], kind: str, who: str, patch: Any, kept: Any
    ) -> None:
        answer = clinic.caller(who).patch(paths[kind], patch, if_match="*")
        assert answer.status_code == 200, answer.text
        assert {name: answer.json[name] for name in kept} == kept
        if "dosing" in patch:
            assert (answer.json["dosing"]["dose_mg"], answer.json["dosing"]["weight_kg"]) == (80, 900)

    @pytest.mark.parametrize(
        ("kind", "who", "patch", "place"),
        [
            ("course", "therapist", {"started_on": "0001-01-02"}, "/started_on"),
            ("session", "therapist", {"starts_at": "1850-01-02T00:00:00Z"}, "/starts_at"),
            ("session", "therapist", {"dosing": {"weight_kg": 901}}, "/dosing/weight_kg"),
            ("commitment", "maya", {"due_on": "9999-12-30"}, "/due_on"),
            ("entry", "maya", {"written_at": "1850-01-02T00:00:00Z"}, "/written_at"),
        ],
    )
    def test_what_it_changes_is(
        self, clinic: Any, paths: dict[str, str], kind: str, who: str, patch: Any, place: str
    ) -> None:
        caller = clinic.caller(who)
        untouched = {"visibility": "private"} if kind == "entry" else {"status": "completed"}
        assert caller.patch(paths[kind], {} if kind == "commitment" else untouched, if_match="*").status_code == 200
        answer = caller.patch(paths[kind], patch, if_match="*")  # nor has the patch before loosened anything for it
        assert (answer.status_code, pointers(answer)) == (422, [place])


class TestPages:
    @pytest.fixture
    def entries(self, clinic: Any) -> list[str]:
        return [clinic.write(str(n), f"2026-03-0{n}T12:00:00Z")["id"] for n in range(1, 6)]

    def test_pages_hold_everything_once(self, clinic: Any, entries: list[str]) -> None:
        found, path = [], f"{ENTRIES}?limit=2"
        while path:
            answer = clinic.maya.get(path)
            found += [each["id"] for each in answer.json["items"]]
            cursor, path = answer.json["next_cursor"], ""
            assert (cursor is None) == ("Link" not in answer.headers)
            if cursor:
                address, relation = answer.headers["Link"].split("; ")
                assert relation == 'rel="next"'
                path = address.strip("<>")
        assert found == entries[::-1]

    @pytest.mark.parametrize("path", [ENTRIES, "/v1/notes", f"{ENTRIES}/{{entry}}/versions"])
    def test_a_page_of_long_texts_ends_early_and_the_next_goes_on(self, clinic: Any, path: str) -> None:
        texts = [f"{day}" + "o" * 49_999 for day in range(1, 10)]
        entry = clinic.write("Rain.", "2026-02-01T12:00:00Z", is_draft=True)["id"] if "versions" in path else ""
        for day, text in enumerate(texts, 1):
            if "notes" in path:
                clinic.note(text, written_at=f"2026-03-0{day}T12:00:00Z")
            elif "versions" in path:
                clinic.maya.patch(f"{ENTRIES}/{entry}", {"text": text}, if_match="*")
            else:
                clinic.write(text, f"2026-03-0{day}T12:00:00Z", is_draft=True)
        caller, found, cursor = clinic.therapist if "notes" in path else clinic.maya, [], ""
        while cursor is not None:
            answer = caller.get(path.format(entry=entry) + "?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            assert len(answer.data) < 350_000
            found += [each["text"] for each in answer.json["items"]]
            cursor = answer.json["next_cursor"]
        assert found == (texts[::-1] if not entry else [*texts[-2::-1], "Rain."])

    def test_a_page_is_measured_in_bytes(self, clinic: Any) -> None:
        made = [clinic.write("\U0001f30a" * 50_000, f"2026-03-0{day}T12:00:00Z", is_draft=True)["id"] for day in (1, 2)]
        first = clinic.maya.read(ENTRIES)
        assert [each["id"] for each in first["items"]] == made[1:]
        second = clinic.maya.read(f"{ENTRIES}?cursor={first['next_cursor']}")
        assert ([each["id"] for each in second["items"]], second["next_cursor"]) == (made[:1], None)

    def test_a_row_that_comes_in_between_shifts_no_page(self, clinic: Any, entries: list[str]) -> None:
        first = clinic.maya.read(f"{ENTRIES}?limit=2")
        clinic.write("late", "2026-03-09T12:00:00Z")
        second = clinic.maya.read(f"{ENTRIES}?limit=2&cursor={first['next_cursor']}")
        assert [each["id"] for each in second["items"]] == entries[2:0:-1]

    @pytest.mark.usefixtures("entries")
    def test_a_cursor_is_bound_to_its_question_and_its_caller(self, clinic: Any) -> None:
        cursor = clinic.maya.read(f"{ENTRIES}?limit=2")["next_cursor"]
        for caller, path in (
            (clinic.maya, f"{ENTRIES}?visibility=care_team&cursor={cursor}"),
            (clinic.therapist, f"{ENTRIES}?cursor={cursor}"),
            (clinic.maya, f"/v1/notes?cursor={cursor}"),
        ):
            answer = caller.get(path)
            assert (answer.status_code, pointers(answer)) == (422, ["cursor"])

    @pytest.mark.one_database
    @pytest.mark.usefixtures("entries")
    @pytest.mark.parametrize("change", [lambda c: c[:-2], lambda c: "x" + c, lambda _: "WzFd", lambda c: c.swapcase()])
    def test_a_tampered_cursor_is_refused(self, clinic: Any, change: Any) -> None:
        cursor = change(clinic.maya.read(f"{ENTRIES}?limit=2")["next_cursor"])
        answer = clinic.maya.get(f"{ENTRIES}?limit=2&cursor={cursor}")
        assert (answer.status_code, pointers(answer)) == (422, ["cursor"])

    @pytest.mark.one_database
    @pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
    def test_a_limit_lies_between_1_and_200(self, clinic: Any, limit: str) -> None:
        answer = clinic.maya.get(f"{ENTRIES}?limit={limit}")
        assert (answer.status_code, pointers(answer)) == (422, ["limit"])


@pytest.mark.one_database
@pytest.mark.parametrize("tags", ['""', '"", "x"', '"x", ""', ","])
def test_an_empty_tag_is_nobodys(clinic: Any, tags: str) -> None:
    path = f"/v1/journal-entries/{clinic.write('Rain.')['id']}"
    assert clinic.maya.get(path, if_none_match=tags).status_code == 200
    assert clinic.maya.get("/v1/journal-entries", if_none_match=tags).status_code == 200
    assert clinic.maya.patch(path, {"text": "Sun."}, if_match=tags).status_code == 412
    assert clinic.maya.get(path, if_none_match=f"{tags}, {clinic.maya.etag(path)}").status_code == 304
