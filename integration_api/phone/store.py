"""Where a phone on this machine keeps its things: one folder that nobody else may look into.

`queue.sqlite3` holds the words, in clear, and `account.json` the server's address and the token.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from integration_api.phone.queue import Queue

_ACCOUNT, _QUEUE, _LOCK = "account.json", "queue.sqlite3", "sync.lock"


class Busy(Exception):
    """Another sync is at work in this folder."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose phone this is, and what it signs its requests with."""

    server: str
    token: str
    user_id: str
    username: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Store:
    """A phone's folder."""

    folder: Path

    def account(self) -> Account | None:
        """Read who is signed in."""
        try:
            return Account(**json.loads((self.folder / _ACCOUNT).read_text("utf-8")))
        except FileNotFoundError:
            return None

    def keep_account(self, account: Account) -> None:
        """Keep who is signed in: wholly, or as it was before."""
        self._open()
        written = self.folder / f"{_ACCOUNT}.new"
        written.unlink(missing_ok=True)
        with os.fdopen(_private(written), "w", encoding="utf-8") as file:
            json.dump(asdict(account), file)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.folder / _ACCOUNT)

    @contextmanager
    def queue(self) -> Iterator[Queue]:
        """Open the queue."""
        self._open()
        os.close(_private(self.folder / _QUEUE))  # SQLite gives its journal the same rights
        queue = Queue(self.folder / _QUEUE)
        try:
            yield queue
        finally:
            queue.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other syncs out meanwhile; writing goes on."""
        self._open()
        descriptor = _private(self.folder / _LOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Busy from None
        finally:
            os.close(descriptor)

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _private(path: Path) -> int:
    """Open a file to write, making it for its owner alone where there is none."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
