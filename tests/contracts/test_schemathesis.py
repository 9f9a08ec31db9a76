"""schemathesis over openapi.yaml against a running server: whatever it sends, the answers keep to the contract."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from files import picture
from serving import served

from integration_api.access.policy import Resource, extent_of
from integration_api.access.scopes import Action
from models import Role
from models.scoped import Extent


@pytest.fixture
def address(clinic: Any, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """A server on a free port, with a record of every kind behind it."""
    course = clinic.open_course()["id"]
    session = clinic.hold_session(course, "2026-03-08T10:00:00Z")["id"]
    clinic.therapist.create(f"/v1/sessions/{session}/vitals", {"at": "2026-03-08T10:20:00Z", "spo2_percent": 98})
    entry = clinic.write("I am afraid of dying.")["id"]
    files = f"/v1/journal-entries/{entry}/attachments"
    clinic.maya.call("POST", files, data=picture(), content_type="image/jpeg")
    clinic.maya.create("/v1/mood-check-ins", {"valence": 1, "arousal": 0, "visibility": "care_team"})
    clinic.write("I have been having suicidal thoughts again.")
    clinic.note("Pt seen.")
    clinic.maya.read("/v1/prompts")
    clinic.let_in_app("maya")
    clinic.add_ehr()
    consent = {"purpose": "ehr", "is_granted": True, "wording": "As shown."}
    clinic.maya.create("/v1/me/consents", consent)
    caplog.set_level(logging.WARNING, "werkzeug")
    with served(clinic.app, one_by_one=True) as found:
        yield found


# Every operation meets all that schemathesis knows once, asked by the first of these who may carry it out; the others
# ask at random. All is asked on SQLite, but what those two who write most ask at random: that is asked on PostgreSQL,
# and of all that they may. That whoever may not is refused, tests/access tries on both.
ASKING = {"maya": Role.PATIENT, "therapist": Role.THERAPIST, "admin": Role.ADMIN, "ehr": Role.SYSTEM}
WRITERS = ("maya", "therapist")
ENDING = "askForErasure"  # the account would end in the middle: asked by itself
AT_RANDOM, ONE_BY_ONE = "--phases=examples,fuzzing", "--phases=examples,coverage,stateful"
CONTRACT = Path(__file__).parents[2] / "openapi.yaml"


def _first_asked() -> dict[str, dict[str, bool]]:
    """Give each caller's operations, and whether the caller is the first who may carry them out."""
    paths = yaml.load(CONTRACT.read_text("utf-8"), Loader=yaml.CSafeLoader)["paths"]
    found: dict[str, dict[str, bool]] = {who: {} for who in ASKING}
    for operation in (each for path in paths.values() for each in path.values() if "operationId" in each):
        name, needs = operation["operationId"], operation.get("x-requires")
        may = [who for who, role in ASKING.items() if needs is None or _may(role, *needs.split("."))]
        assert may, f"nobody may {name}"
        if name != ENDING:
            for who in may if needs else may[:1]:
                found[who][name] = who == may[0]
    return found


def _may(role: Role, resource: str, action: str) -> bool:
    return extent_of(role, Resource(resource), Action(action)) is not Extent.NOBODY


def ask(token: str, address: str, options: Iterable[str], folder: Path) -> None:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        f"--config-file={Path(__file__).with_name('schemathesis.toml')}", "run", str(CONTRACT),
        f"--url={address}", f"--header=Authorization: Bearer {token}", "--seed=20261125", "--generation-database=none",
        "--no-color", "--suppress-health-check=all", *options,
    ]  # fmt: skip
    found = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=os.environ, check=False)
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]


@pytest.fixture
def operations(request: pytest.FixtureRequest, who: str, how: str) -> list[str]:
    """Name those that are asked, and how."""
    phases = [AT_RANDOM] if how == "at random" else [ONE_BY_ONE] if who in WRITERS else []
    options = [f"--max-examples={request.config.getoption('--examples')}", *phases]
    return [*options, *(f"--include-operation-id={name}" for name in _asked(request, who, how))]


def _asked(request: pytest.FixtureRequest, who: str, how: str) -> list[str]:
    is_at_random, is_writer = how == "at random", who in WRITERS
    if request.config.getoption("--database") == "postgresql":
        if is_at_random and is_writer:
            return list(_first_asked()[who])
        pytest.skip("asked on SQLite: the contract is the same")
    if is_at_random and is_writer:
        pytest.skip("asked on PostgreSQL")
    names = [name for name, is_first in _first_asked()[who].items() if is_first != is_at_random]
    return names or pytest.skip("there are none that are nobody's before")


@pytest.mark.parametrize("who", ASKING)
@pytest.mark.parametrize("how", ["all it knows", "at random"])
def test_every_answer_keeps_to_the_contract(
    who: str, how: str, operations: list[str], address: str, clinic: Any, tmp_path: Path
) -> None:
    ask(clinic.caller(who).token, address, operations, tmp_path)


def test_the_end_of_an_account_keeps_to_the_contract(address: str, clinic: Any, tmp_path: Path) -> None:
    ask(clinic.tom.token, address, [f"--include-operation-id={ENDING}", "--max-examples=3"], tmp_path)
