"""A file in parts: players begin in the middle, and phones go on where a line broke."""

from typing import Any

import pytest
from attaching import add
from files import wav


@pytest.fixture
def kept(clinic: Any, path: str) -> tuple[str, bytes, str]:
    """A voice note of some pieces: its address, what is in it, and its ETag."""
    made = add(clinic.maya, path, wav(12), kind="audio/wav")
    address = f"{path}/{made['id']}/content"
    found = clinic.maya.get(address)
    assert found.headers["Accept-Ranges"] == "bytes"
    return address, found.data, found.headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("0-1", 0, 1), ("70000-140001", 70_000, 140_001), ("7-900000", 7, -1), ("100000-", 100_000, -1), ("-5", -5, -1)],
)
def test_a_part_is_given_as_that_part(
    clinic: Any, kept: tuple[str, bytes, str], asked: str, first: int, last: int
) -> None:
    address, whole, etag = kept
    first, last = first % len(whole), last % len(whole)
    part = clinic.maya.get(address, headers={"Range": f"bytes={asked}"})
    assert (part.status_code, part.mimetype, part.headers["ETag"]) == (206, "audio/wav", etag)
    assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(whole)}"
    assert part.data == whole[first : last + 1]
    assert (part.content_length, part.headers["Cache-Control"]) == (len(part.data), "no-store")


def test_what_was_begun_is_gone_on_with_as_long_as_it_is_the_same(clinic: Any, kept: tuple[str, bytes, str]) -> None:
    address, whole, etag = kept
    for known, status, rest in ((etag, 206, whole[100:]), ('"another"', 200, whole)):
        answer = clinic.maya.get(address, headers={"Range": "bytes=100-", "If-Range": known})
        assert (answer.status_code, answer.data) == (status, rest)


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=", "bytes=b-c", "bytes=-", ""])
def test_what_is_no_one_part_is_passed_over(clinic: Any, kept: tuple[str, bytes, str], asked: str) -> None:
    address, whole, _ = kept
    answer = clinic.maya.get(address, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, whole)


def test_a_part_that_there_is_not_is_refused_with_how_long_it_is(clinic: Any, kept: tuple[str, bytes, str]) -> None:
    address, whole, _ = kept
    answer = clinic.maya.get(address, headers={"Range": f"bytes={len(whole)}-"})
    assert (answer.status_code, answer.mimetype) == (416, "application/problem+json")
    assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_of_somebody_elses_file_no_part_is_given(clinic: Any, kept: tuple[str, bytes, str]) -> None:
    address, _, etag = kept
    for known in ({}, {"If-Range": etag}):
        assert clinic.caller("tom").get(address, headers={"Range": "bytes=0-1", **known}).status_code == 404
