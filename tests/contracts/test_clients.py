"""The clients that are generated from openapi.yaml: they are typed, and their examples work on a running server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import served

pytestmark = pytest.mark.one_database

BIN = Path(sys.executable).parent


@pytest.fixture
def env(clinic: Any, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """A server, and a patient's token for it."""
    if request.config.getoption("--database") != "sqlite":
        pytest.skip("once is enough: the contract is the same")
    with served(clinic.app) as address:
        yield os.environ | {"SERVER": address, "TOKEN": clinic.maya.token}


def run(folder: Path, env: dict[str, str], *command: object) -> str:
    done = subprocess.run([*map(str, command)], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def seen(said: str, clinic: Any) -> None:
    (entry,) = clinic.therapist.read("/v1/journal-entries")["items"]
    assert f"written: {entry['id']}" in said
    assert "grief" in said
    assert "returns: " in said


def test_the_python_client(env: dict[str, str], clinic: Any, root: Path, tmp_path: Path) -> None:
    here = root / "clients/python"
    generator = [BIN / "openapi-python-client", "generate", "--path", root / "openapi.yaml", "--meta", "none"]
    said = run(
        tmp_path, env, *generator, "--config", here / "config.yaml", "--output-path", "integration_journal_client"
    )
    assert "WARNING" not in said  # every operation and every answer is in it
    shutil.copy(here / "example.py", tmp_path)
    run(tmp_path, env, BIN / "mypy", "--strict", "--cache-dir=cache", "example.py")
    seen(run(tmp_path, env, sys.executable, "example.py"), clinic)


def test_the_typescript_client(env: dict[str, str], clinic: Any, root: Path, tmp_path: Path) -> None:
    here = root / "clients/typescript"
    if shutil.which("npm") is None or not (here / "node_modules").is_dir():
        pytest.skip("npm is missing, or `make clients` has not been run")
    for name in ("package.json", "tsconfig.json", "example.ts"):
        shutil.copy(here / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(here / "node_modules")
    compiler = [tmp_path / "node_modules/.bin/openapi-typescript", root / "openapi.yaml"]
    run(tmp_path, env, *compiler, "--default-non-nullable=false", "--output", "schema.d.ts")
    seen(run(tmp_path, env, "npm", "run", "--silent", "example"), clinic)
