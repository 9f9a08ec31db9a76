"""What a phone does with the answers it gets: words that the server does not keep stay on the phone."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from integration_api.phone.device import Device
from integration_api.phone.queue import Queue

pytestmark = pytest.mark.database_free
PROBLEM = {"title": "No", "status": 422}


class Server:
    """A server that answers as it is told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.says: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.meanwhile: Any = None

    def send(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.sent += body["changes"]
        if self.meanwhile:
            self.meanwhile()
            self.meanwhile = None
        results = [self.result(change) for change in body["changes"]]
        return 200, {"results": results, "changes": [], "token": "t", "has_more": False}

    def result(self, change: dict[str, Any]) -> dict[str, Any]:
        said = self.says.pop(0) if self.says else {"outcome": "applied"}
        record = (change["record"] or {}) | {"id": change["id"], "version": 1}
        usual = {"record": record, "recovered_id": None, "problem": None}
        return usual | said | {"change_id": change["change_id"]}


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def device(server: Server, tmp_path: Path) -> Iterator[Device]:
    with closing(Queue(tmp_path / "phone.sqlite3")) as queue:
        yield Device(queue, server.send)


def test_words_that_the_server_did_not_keep_stay_until_their_writer_decides(device: Device, server: Server) -> None:
    intention = device.write({"text": "To rest."}, "intention")
    device.sync()
    device.edit(intention, {"text": "To rest on Sundays."}, "intention")
    theirs = {"id": intention, "text": "To sleep.", "version": 2}
    server.says = [{"outcome": "conflict", "record": theirs, "problem": PROBLEM}]
    device.sync()
    (left,) = device.turned_down()
    assert (left.record, left.problem) == ({"text": "To rest on Sundays."}, PROBLEM)
    assert device.view("intention") == {intention: theirs}
    assert device.is_quiet()
    device.edit(intention, left.record or {}, "intention")
    device.let_go(left.change_id)
    device.sync()
    assert (device.turned_down(), server.sent[-1]["base_version"]) == ([], 2)


def test_what_waits_behind_a_new_record_that_is_turned_down_goes_with_it(device: Device, server: Server) -> None:
    entry = device.write({"text": " ", "mood": {"valence": 1}})
    server.says = [{"outcome": "invalid", "record": None, "problem": PROBLEM}]
    server.meanwhile = lambda: device.edit(entry, {"text": "The sea."})
    device.sync()
    first, again = server.sent
    assert first["change_id"] != again["change_id"]
    assert again["base_version"] is None
    assert (again["id"], again["record"]) == (entry, {"text": "The sea.", "mood": {"valence": 1}})
    assert device.turned_down() == []

    unsendable = device.write({"text": " "})
    server.says = [{"outcome": "invalid", "record": None, "problem": PROBLEM}]
    server.meanwhile = lambda: device.delete(unsendable)
    device.sync()
    assert (device.turned_down(), list(device.view())) == ([], [entry])


def test_a_new_record_that_was_turned_down_is_mended_or_taken_back(device: Device, server: Server) -> None:
    entries = [device.write({"text": " "}) for _ in range(2)]
    server.says = [{"outcome": "invalid", "record": None, "problem": PROBLEM}] * 2
    device.sync()
    assert [each.id for each in device.turned_down()] == entries
    device.edit(entries[0], {"text": "The sea."})
    device.delete(entries[1])
    device.sync()
    assert device.turned_down() == []
    assert {each["text"] for each in device.view().values()} == {"The sea."}
    assert [each["record"] for each in server.sent[2:]] == [{"text": "The sea."}]
