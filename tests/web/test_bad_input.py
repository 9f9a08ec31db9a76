"""Bad input gets the right problem+json, loses nothing, and half-stores nothing."""

import json
import re
from typing import Any

import pytest

from models import new_id

METHODS = {"GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "QUERY"}
ENTRIES = "/v1/journal-entries"
NOBODYS = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
JSON = "application/json"


def check(answer: Any, status: int, *pointers: str) -> None:
    """The one shape of errors: RFC 9457, and nothing of what was written."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.json
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    assert body["status"] == status
    assert body["instance"] == answer.request.path
    assert [each.get("pointer", each.get("parameter")) for each in body.get("errors", [])] == list(pointers)
    assert "MARKER" not in answer.text


def raw(clinic: Any, data: bytes, content_type: str = JSON) -> Any:
    return clinic.maya.call("POST", ENTRIES, data=data, content_type=content_type)


@pytest.fixture(autouse=True)
def nothing_is_stored(clinic: Any) -> Any:
    yield
    assert clinic.maya.read(ENTRIES)["items"] == []


@pytest.mark.one_database
@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"text": MARKER}', b"\xff\xfe", b'{"text": "a",}', b"[" * 100_000, b'{"mood": NaN}'],
    ids=["empty", "cut", "bare word", "no UTF-8", "comma", "deep", "NaN"],
)
def test_what_is_no_json_is_malformed(clinic: Any, data: bytes) -> None:
    check(raw(clinic, data), 400)


@pytest.mark.one_database
@pytest.mark.parametrize("body", [[], "MARKER", 7, None, True])
def test_json_of_another_shape_is_invalid(clinic: Any, body: Any) -> None:
    check(raw(clinic, json.dumps(body).encode()), 422, "")


def test_another_media_type_is_refused(clinic: Any) -> None:
    check(raw(clinic, b"text=MARKER", "application/x-www-form-urlencoded"), 415)
    check(raw(clinic, b'{"text": "MARKER"}', "text/plain"), 415)


def test_a_body_over_a_megabyte_is_refused(clinic: Any) -> None:
    check(raw(clinic, json.dumps({"text": "a" * 1_000_001}).encode()), 413)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/text"),
        ({"text": 7}, "/text"),
        ({"text": None}, "/text"),
        ({"text": ""}, "/text"),
        ({"text": " \n\t "}, "/text"),
        ({"text": "\u200b"}, "/text"),
        ({"text": "a" * 50_001}, "/text"),
        ({"text": "MARKER \x00"}, "/text"),
        ({"text": "MARKER \x1b[31m"}, "/text"),
        ({"text": "MARKER \x7f"}, "/text"),
        ({"text": "MARKER \ud83d alone"}, "/text"),
        ({"text": "a", "colour": "red"}, "/colour"),
        ({"text": "a", "mood": {"valence": 6}}, "/mood/valence"),
        ({"text": "a", "mood": {"valence": "1"}}, "/mood/valence"),
        ({"text": "a", "mood": {"valence": 1.5}}, "/mood/valence"),
        ({"text": "a", "mood": {"valence": True}}, "/mood/valence"),
        ({"text": "a", "mood": {"joy": 1}}, "/mood/joy"),
        ({"text": "a", "mood": "MARKER"}, "/mood"),
        ({"text": "a", "visibility": "public"}, "/visibility"),
        ({"text": "a", "written_at": "2026-03-09T08:12:00"}, "/written_at"),
        ({"text": "a", "written_at": "2026-03-09"}, "/written_at"),
        ({"text": "a", "written_at": "2026-02-30T08:12:00Z"}, "/written_at"),
        ({"text": "a", "written_at": "9999-12-31T23:59:59-12:00"}, "/written_at"),
        ({"text": "a", "written_at": 1773061920}, "/written_at"),
        ({"text": "a", "session_id": "not-an-id"}, "/session_id"),
        ({"text": "a", "session_id": NOBODYS}, "/session_id"),
        ({"text": "a", "patient_id": NOBODYS}, "/patient_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else ascii(value)[:60],
)
def test_every_fault_is_told_with_its_place(clinic: Any, body: Any, pointer: str) -> None:
    check(raw(clinic, json.dumps(body).encode()), 422, pointer)


@pytest.mark.one_database
@pytest.mark.parametrize(
    "name",
    ["\u200b", "\u200d\u200c ", "\ufeff", "\u2060\u00ad", "\x85\x9f", "\u202e", "\u3164", "\u2800", "\U000e0041"],
    ids=ascii,
)
def test_a_name_that_nobody_sees_is_none(clinic: Any, name: str) -> None:
    before = clinic.admin.read("/v1/patients")
    check(clinic.admin.post("/v1/patients", {"name": name}), 422, "/name")
    check(clinic.admin.post("/v1/clinicians", {"name": name, "role": "nurse"}), 422, "/name")
    check(clinic.admin.post("/v1/webhooks", {"name": name, "url": "https://example.org"}), 422, "/name")
    theme = {"theme": "ours", "label": name, "facet": "meaning", "definition": name, "phrases": ["ours", name]}
    check(clinic.admin.post("/v1/themes", theme), 422, "/label", "/definition", "/phrases/1")
    path = f"/v1/patients/{clinic.ids['maya']}"
    check(clinic.admin.patch(path, {"name": name}, if_match="*"), 422, "/name")
    assert clinic.admin.read("/v1/patients") == before


@pytest.mark.one_database
@pytest.mark.parametrize(
    "name", ["Zo\u0308e", "\u2764\ufe0f", "\u0646\u200c\u0627", "7", "\u201e", "a\u200b"], ids=ascii
)
def test_a_name_that_somebody_sees_is_kept_as_it_is(clinic: Any, name: str) -> None:
    made = clinic.admin.create("/v1/patients", {"name": name})
    assert clinic.admin.read(f"/v1/patients/{made['id']}")["name"] == name


@pytest.mark.one_database
def test_what_may_be_left_empty_names_words_alone_to_choose_from(clinic: Any) -> None:
    answer = clinic.maya.post("/v1/intentions", {"text": "To rest.", "visibility": "public"})
    assert [each["detail"] for each in answer.json["errors"]] == ["Please choose one of these: private, care_team."]


def test_all_faults_are_told_at_once(clinic: Any) -> None:
    body = {"mood": {"valence": 9, "arousal": "x"}, "visibility": "public"}
    answer = clinic.maya.post(ENTRIES, body)
    found = {each["pointer"] for each in answer.json["errors"]}
    assert found == {"/text", "/mood/valence", "/mood/arousal", "/visibility"}


@pytest.mark.one_database
@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-03-09T08:12:00", "patient_id=7", "colour=red"])
def test_parameters_are_checked_as_bodies_are(clinic: Any, query: str) -> None:
    check(clinic.maya.get(f"{ENTRIES}?{query}"), 422, query.split("=", maxsplit=1)[0])


@pytest.mark.one_database
def test_a_plus_that_an_address_has_made_a_space_is_named(clinic: Any) -> None:
    for query in ("since=2026-11-01T10:00:00+00:00", "until=2026-11-01T10:00:00.25%2002:00"):
        answer = clinic.maya.get(f"{ENTRIES}?{query}")
        check(answer, 422, query.split("=")[0])
        assert "%2B" in answer.json["errors"][0]["detail"]
    answer = clinic.maya.get(f"{ENTRIES}?since=2026-11-01T10:00:00")
    assert "%2B" not in answer.json["errors"][0]["detail"]
    assert clinic.maya.get(f"{ENTRIES}?since=2026-11-01T10:00:00%2B00:00").status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize("key", ["", "é", "a" * 256, "tab\there"])
def test_a_key_is_printable(clinic: Any, key: str) -> None:
    check(clinic.maya.post(ENTRIES, {"text": "a"}, idempotency_key=key), 422, "Idempotency-Key")


@pytest.mark.one_database
def test_an_address_that_is_not_there_and_a_method_that_is_not_taken(clinic: Any) -> None:
    check(clinic.maya.get("/v1/nowhere"), 404)
    check(clinic.maya.get(f"{ENTRIES}/{new_id()}"), 404)
    check(clinic.maya.get(f"{ENTRIES}/MARKER"[:-6] + "x"), 404)
    answer = clinic.maya.call("TRACE", ENTRIES)
    check(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.one_database
def test_every_address_refuses_the_methods_that_it_does_not_take(clinic: Any) -> None:
    """Asked here once a path, and so not by schemathesis, which asks it once an operation."""
    asked = 0
    for path, operations in clinic.app.extensions["contract"]["paths"].items():
        taken = METHODS & {name.upper() for name in operations}
        for method in sorted(METHODS - taken):
            answer = clinic.maya.call(method, re.sub(r"\{[^}]*\}", str(new_id()), path))
            where = f"{method} {path}"
            assert answer.status_code == 405, where
            assert taken <= set(answer.headers["Allow"].split(", ")), where
            asked += 1
    assert asked > 400


@pytest.mark.one_database
class TestTokens:
    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", "Basic bWF5YTpi", "Bearer x.y.z", "Bearer " + "a" * 500]
    )
    def test_no_token_or_a_bad_one_is_401(self, clinic: Any, header: str) -> None:
        answer = clinic.anybody().get("/v1/me", headers={"Authorization": header} if header else {})
        check(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_token_that_was_changed_or_has_no_signature_is_401(self, clinic: Any) -> None:
        head, claims, signature = clinic.maya.token.split(".")
        none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0"
        for token in (
            f"{head}.{claims}.{signature[:-3]}abc",
            f"{none}.{claims}.",
            f"{head}.{claims[:-4]}AAAA.{signature}",
        ):
            check(clinic.anybody().get("/v1/me", headers={"Authorization": f"Bearer {token}"}), 401)

    def test_a_narrow_scope_is_403_and_says_so(self, clinic: Any) -> None:
        caller = clinic.caller("maya", "patient/Note.rs")
        answer = caller.get(ENTRIES)
        check(answer, 403)
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert clinic.caller("maya", "patient/JournalEntry.rs").get(ENTRIES).status_code == 200
        check(clinic.caller("maya", "patient/JournalEntry.rs").post(ENTRIES, {"text": "a"}), 403)
