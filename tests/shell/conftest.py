"""What the tests of the command line and of its settings share."""

import os
from pathlib import Path

import pytest

from models.key_service import new_key

SECRET = "a-secret-for-tests-only-0123456789-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder and an environment in which nothing is set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("INTEGRATION_API", "DATABASE"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """All that must be set."""
    return {
        "INTEGRATION_API_SECRET_KEY": SECRET,
        "INTEGRATION_API_KEYS": new_key("one"),
        "INTEGRATION_API_URL": "https://journal.example",
        "DATABASE_URL": f"sqlite:///{tmp_path}/journal.sqlite3",
    }
