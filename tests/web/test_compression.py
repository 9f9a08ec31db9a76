"""Smaller answers, whose ETags still name their version; and lists that say 304."""

import gzip
from typing import Any

import pytest

from integration_api.web.compression import plain_tag

pytestmark = pytest.mark.one_database

LONG = "We walked along the harbour and spoke of nothing in particular. " * 40
ENCODINGS = ("gzip", "br", "zstd")


@pytest.mark.database_free
def test_an_encodings_name_comes_off_a_tag_and_nothing_else_does() -> None:
    assert [plain_tag(each) for each in ("abc:gzip", "abc:br", "abc:zstd", "abc", "abc:deflate", "abc:gzip ")] == [
        "abc", "abc", "abc", "abc", "abc:deflate", "abc:gzip ",
    ]  # fmt: skip


def test_records_and_lists_round_trip_through_every_encoding(clinic: Any, broken_tagger: Any) -> None:
    with broken_tagger():
        check_round_trips(clinic)


def check_round_trips(clinic: Any) -> None:
    path = f"/v1/journal-entries/{clinic.write(LONG)['id']}"
    for where in (path, "/v1/journal-entries"):
        plain = clinic.maya.get(where)
        assert "Content-Encoding" not in plain.headers
        tags = {plain.headers["ETag"]}
        for each in ENCODINGS:
            small = clinic.maya.get(where, headers={"Accept-Encoding": each})
            assert (small.headers["Content-Encoding"], len(small.data) < len(plain.data)) == (each, True)
            assert int(small.headers["Content-Length"]) == len(small.data)
            assert {"Accept-Encoding", "Authorization"} <= set(small.headers["Vary"].replace(" ", "").split(","))
            if each == "gzip":
                assert gzip.decompress(small.data) == plain.data
            tags.add(small.headers["ETag"])
            again = clinic.maya.get(where, headers={"Accept-Encoding": each}, if_none_match=small.headers["ETag"])
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", small.headers["ETag"])
            assert "Content-Encoding" not in again.headers
        assert len(tags) == 1 + len(ENCODINGS)  # strong tags: another encoding is another representation
        for known in (f"W/{plain.headers['ETag']}", f'"other", {plain.headers["ETag"]}', "*"):
            assert clinic.maya.get(where, if_none_match=known).status_code == 304
    for each in ENCODINGS:
        tag = clinic.maya.get(path, headers={"Accept-Encoding": each}).headers["ETag"]
        text = {"text": LONG + each}
        changed = clinic.maya.patch(path, text, if_match=tag, headers={"Accept-Encoding": each})
        assert (changed.status_code, changed.headers["ETag"].endswith(f':{each}"')) == (200, True)
        assert clinic.maya.patch(path, text, if_match=tag).status_code == 412
    tag = clinic.maya.get(path, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    assert clinic.maya.delete(path, if_match=f"W/{tag}").status_code == 412  # weak ones do not match (RFC 9110, 13.1.1)
    assert clinic.maya.delete(path, if_match=tag).status_code == 204


@pytest.mark.parametrize("path", ["/v1/journal-entries", "/v1/journal-entries?limit=1", "/v1/me/home"])
def test_head_tells_what_get_tells(clinic: Any, path: str) -> None:
    clinic.write("One.")
    clinic.write("Two.")
    known = clinic.maya.get(path)
    asked = clinic.maya.call("HEAD", path)
    assert (asked.status_code, asked.data, asked.headers["ETag"]) == (200, b"", known.headers["ETag"])
    assert asked.headers.get("Link") == known.headers.get("Link")
    assert clinic.maya.call("HEAD", path, if_none_match=known.headers["ETag"]).status_code == 304


def test_a_list_changes_its_tag_with_what_it_shows(clinic: Any) -> None:
    first = clinic.maya.get("/v1/journal-entries")
    clinic.write("Another.")
    second = clinic.maya.get("/v1/journal-entries", if_none_match=first.headers["ETag"])
    assert (second.status_code, len(second.json["items"])) == (200, 1)
    assert clinic.maya.get("/v1/journal-entries", if_none_match=second.headers["ETag"]).status_code == 304
    other = clinic.maya.get("/v1/journal-entries?limit=1", if_none_match=first.headers["ETag"])
    assert other.status_code == 200
    assert clinic.tom.get("/v1/journal-entries", if_none_match=second.headers["ETag"]).status_code == 200
    told = [each["operation"] for each in clinic.maya.read("/v1/audit-events")["items"]]
    assert told.count("listJournalEntries") == 3  # also where it was 304; the empty one told of nobody


def test_what_holds_tokens_or_is_small_or_packed_is_left_as_it_is(clinic: Any) -> None:
    asks = {"Accept-Encoding": "gzip, br, zstd"}
    page = clinic.app.test_client().get(f"/oauth/login?next=/docs?{'a' * 900}", headers=asks)
    assert len(page.data) > 1024
    for answer in (page, clinic.maya.get("/v1/me/export", headers=asks), clinic.maya.get("/v1/me", headers=asks)):
        assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)
    assert clinic.anybody().get("/openapi.json", headers=asks).headers["Content-Encoding"] == "zstd"
    for refused in ("gzip;q=0", "zstd;q=0, gzip;q=0, *", "identity", ""):
        answer = clinic.anybody().get("/openapi.json", headers={"Accept-Encoding": refused})
        assert ("Content-Encoding" in answer.headers, "Accept-Encoding" in answer.headers["Vary"]) == (False, True)
