"""The demo clinic: what `make run` seeds, and the lines that it prints to be pasted."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from integration_api.db import unit_of_work
from integration_api.demo.loader import seed
from integration_api.themes.jobs import tag_pending

pytestmark = pytest.mark.one_database


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def running(tmp_path: Path) -> Any:
    """The demo as `make run` starts it, in a folder and on a SQLite file of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("INTEGRATION_API", "DATABASE"))}
    command = [str(Path(sys.executable).parent / "integration-api"), "run", "--port", str(free_port())]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield (tmp_path / "log").read_text
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(read: Any, what: str) -> str:
    for _ in range(300):
        if what in read():
            return str(read())
        time.sleep(0.2)
    raise AssertionError(read())


def paste(curl: str) -> requests.Response:
    """Do what a printed curl line does."""
    words = shlex.split(curl)
    address = next(word for word in words if word.startswith("http"))
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    data = [words[n + 1] for n, word in enumerate(words) if word == "-d"]
    for _ in range(100):
        try:
            method = "POST" if data else "GET"
            return requests.request(method, address, headers=headers, data=data[0] if data else None, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError("the server does not answer")


@pytest.mark.database_free
def test_the_printed_lines_work_as_printed(running: Any) -> None:
    printed = wait_for(running, "Stop with Ctrl-C")
    assert "Warning" not in printed
    post, read = re.findall(r"^  (curl .*?)\n\n", printed.replace("\\\n", ""), re.DOTALL | re.MULTILINE)
    written = paste(post)
    assert written.status_code == 201, written.text
    assert written.json()["tagging"]["state"] == "done"
    found = paste(read)
    assert found.status_code == 200, found.text
    assert found.json()["items"][0]["evidence"]
    address = re.search(r"reference +(http\S+)", printed)
    assert address is not None
    assert requests.get(address[1], timeout=30).status_code == 200


def test_the_clinic_has_something_worth_seeing(app: Flask) -> None:
    with app.app_context():
        with unit_of_work() as db_session:
            documents = seed(db_session)
        waited, still = tag_pending()
        assert (waited, still) == (len(documents), 0)
        assert len(documents) > 90
