"""A clone's own installation: a secret and a SQLite file in `instance/`, so that `make run` needs no setting."""

import os
import secrets
from pathlib import Path

from integration_api.config import Environment, Settings, with_driver

FOLDER = "instance"


def is_set_up(root: Path) -> bool:
    """Tell whether `make run` has been here."""
    return (root / FOLDER / "secret_key").is_file()


def development_settings(root: Path) -> Settings:
    """Give the settings of the installation in `root`, making its secret when it has none. For development alone."""
    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    key = folder / "secret_key"
    if not key.exists():
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return Settings(
        environment=Environment.DEVELOPMENT,
        secret_key=key.read_text().strip(),
        database_url=with_driver(os.environ.get("DATABASE_URL") or f"sqlite:///{folder.resolve()}/journal.sqlite3"),
        token_minutes=480,
    )
