"""schemathesis over openapi.yaml against a running server: whatever it sends, the answers keep to the contract."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server


@pytest.fixture
def address(clinic: Any, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """A server on a free port, with a record of every kind behind it."""
    course = clinic.open_course()["id"]
    session = clinic.hold_session(course, "2026-03-08T10:00:00Z")["id"]
    clinic.therapist.create(f"/v1/sessions/{session}/vitals", {"at": "2026-03-08T10:20:00Z", "spo2_percent": 98})
    clinic.write("I am afraid of dying.")
    clinic.write("I have been having suicidal thoughts again.")
    clinic.note("Pt seen.")
    clinic.add_ehr()
    consent = {"purpose": "ehr", "is_granted": True, "wording": "As shown."}
    clinic.maya.create("/v1/me/consents", consent)
    caplog.set_level(logging.WARNING, "werkzeug")
    server = make_server("127.0.0.1", 0, clinic.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def given(request: pytest.FixtureRequest, who: str, address: str) -> list[str]:
    """Where to, and how many requests of each kind."""
    if request.config.getoption("--database") == "postgresql" and who not in ("maya", "therapist"):
        pytest.skip("on PostgreSQL those two, who write; the contract is the same")
    return [f"--url={address}", f"--max-examples={request.config.getoption('--examples')}"]


@pytest.mark.parametrize(
    ("who", "which"),
    [
        ("maya", "--exclude-operation-id=askForErasure"),  # the account would end in the middle
        ("tom", "--include-operation-id=askForErasure"),
        ("therapist", ""),
        ("admin", ""),
        ("ehr", ""),
    ],
)
def test_every_answer_keeps_to_the_contract(
    who: str, which: str, given: list[str], clinic: Any, root: Path, tmp_path: Path
) -> None:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        f"--config-file={Path(__file__).with_name('schemathesis.toml')}", "run", str(root / "openapi.yaml"),
        f"--header=Authorization: Bearer {clinic.caller(who).token}", "--seed=20261125", "--generation-database=none",
        "--no-color", "--suppress-health-check=all", *given, *filter(None, [which]),
    ]  # fmt: skip
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ, check=False)
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]
