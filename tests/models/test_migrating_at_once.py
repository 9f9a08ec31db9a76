"""Two machines that are updated at the same moment: both migrate, and both end well."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from integration_api.config import Settings
from models.key_service import new_key

NAME = "migrated_at_once"


@pytest.fixture
def empty_database(settings: Settings, tmp_path: Path) -> str:
    if settings.database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/{NAME}.sqlite3"
    admin = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {NAME}"))
        connection.execute(text(f"CREATE DATABASE {NAME}"))
    admin.dispose()
    return make_url(settings.database_url).set(database=NAME).render_as_string(hide_password=False)


def test_both_end_well(root: Path, empty_database: str) -> None:
    told = {
        "INTEGRATION_API_ENV": "test",
        "INTEGRATION_API_SECRET_KEY": "a-secret-for-tests-only-0123456789-abcdefghijklmnop",
        "INTEGRATION_API_KEYS": new_key("test"),
        "INTEGRATION_API_URL": "http://localhost",
        "DATABASE_URL": empty_database,
    }
    command = [sys.executable, "-c", "from integration_api.cli import main; main()", "migrate"]
    both = [
        subprocess.Popen(command, cwd=root, env=os.environ | told, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    ended = [(each.communicate(timeout=240)[1][-500:], each.returncode) for each in both]
    assert [code for _, code in ended] == [0, 0], ended
