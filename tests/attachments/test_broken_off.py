"""Phones with poor reception: what breaks off on its way is not taken for all of it, and holds nobody up."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from attaching import lying_in, rows
from files import mp3
from serving import served_by_gunicorn

from integration_api import server
from models import new_id

SOUND = mp3(frames=40)


@pytest.fixture
def begin(clinic: Any, path: str) -> Callable[..., socket.socket]:
    """Begin to send a voice note as a phone would, and give the connection, with part of the file sent."""

    def begun(port: int, attachment_id: str, sent: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        head = (
            f"POST {path}?id={attachment_id} HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/mpeg\r\n"
            f"Authorization: Bearer {clinic.maya.token}\r\nContent-Length: {len(SOUND)}\r\n\r\n"
        )
        connection.sendall(head.encode() + SOUND[:sent])
        return connection

    return begun


def _send(clinic: Any, port: int, path: str) -> tuple[int, Any]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        headers = {"Authorization": f"Bearer {clinic.maya.token}", "Content-Type": "audio/mpeg"}
        connection.request("POST", path, SOUND, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_half_a_voice_note_is_none_and_the_whole_one_is_taken_next_time(
    clinic: Any, path: str, folder: Path, begin: Any
) -> None:
    sent_id = str(new_id())
    with served_by_gunicorn(clinic.app) as port:
        with begin(port, sent_id, len(SOUND) // 2) as connection:
            connection.shutdown(socket.SHUT_WR)  # the app was closed, or the network has changed
            assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert rows(clinic) == lying_in(folder) == []
        status, made = _send(clinic, port, f"{path}?id={sent_id}")
    assert (status, made["id"], made["kind"]) == (201, sent_id, "voice_note")


def test_phones_that_lost_their_network_hold_nobody_up(
    clinic: Any, path: str, begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They say no goodbye: their connections stay open, with nothing more to come."""
    monkeypatch.setattr(server, "SILENT", 2)
    with served_by_gunicorn(clinic.app, threads=2) as port:
        silent = [begin(port, str(new_id()), 1000) for _ in range(4)]
        time.sleep(0.5)
        status, _ = _send(clinic, port, path)
        for each in silent:
            each.close()
    assert status == 201
    assert len(rows(clinic)) == 1
