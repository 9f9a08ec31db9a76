"""A clone's own installation: secrets and a SQLite file in `instance/`, so that `make run` needs no setting."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from integration_api.config import Environment, Settings, with_driver
from models.key_service import new_key, parse_keys

FOLDER = "instance"
PORT = 8000


def is_set_up(root: Path) -> bool:
    """Tell whether `make run` has been here."""
    return (root / FOLDER / "secret_key").is_file()


def development_settings(root: Path, port: int | None = None) -> Settings:
    """Give the settings of the installation in `root`, making its secrets when it has none. For development alone.

    The port is remembered: tokens name the address, so those minted in another shell must name the same one.
    """
    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    secret_key = _kept(folder / "secret_key", lambda: secrets.token_urlsafe(48))
    keys = _kept(folder / "keys", lambda: new_key("development"))
    if port is not None:
        (folder / "port").write_text(str(port))
    found = port or int(_kept(folder / "port", lambda: str(PORT)))
    return Settings(
        environment=Environment.DEVELOPMENT,
        secret_key=secret_key,
        database_url=with_driver(os.environ.get("DATABASE_URL") or f"sqlite:///{folder.resolve()}/journal.sqlite3"),
        public_url=f"http://127.0.0.1:{found}",
        wrapping_keys=parse_keys(keys),
        token_minutes=480,
    )


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Read a secret, making it the first time; nobody else on the machine may read it."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
    return path.read_text("utf-8").strip()
