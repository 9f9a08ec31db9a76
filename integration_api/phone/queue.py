"""What a phone keeps: the records as the server last told them, the changes that wait, and where it stands.

One SQLite file. Every step is one transaction, so that a phone that stops at any point goes on from a whole state.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS records (
    kind TEXT, id TEXT, record TEXT NOT NULL, is_stale INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS changes (
    place INTEGER PRIMARY KEY AUTOINCREMENT, change_id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    op TEXT NOT NULL, base_version INTEGER, record TEXT, resolves TEXT NOT NULL, seen_text TEXT,
    is_sent INTEGER NOT NULL DEFAULT 0, problem TEXT);
"""


@dataclass(slots=True)
class Pending:
    """A change that waits. `is_sent`: the server may know it, so it stays as it is. `problem`: it was turned down.

    `seen_text` is what the writer saw before the change, so that words which nobody has seen are never overwritten.
    """

    change_id: str
    kind: str
    id: str
    op: str
    base_version: int | None
    record: dict[str, Any] | None
    resolves: list[str]
    seen_text: str | None = None
    is_sent: bool = False
    problem: dict[str, Any] | None = None

    def as_sent(self) -> dict[str, Any]:
        """Give it as it goes over the wire."""
        names = ("change_id", "kind", "id", "op", "base_version", "record", "resolves")
        return {name: getattr(self, name) for name in names}


class Queue:
    """A phone's durable store."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.execute("PRAGMA secure_delete = ON")  # words that were deleted do not stay in the file's free pages
        self._file.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that happens within, or nothing."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        """Read what was kept under a name."""
        found = self._file.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if found is None else found[0]

    def set_fact(self, name: str, value: str | None) -> None:
        """Keep something under a name."""
        self._file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def record(self, kind: str, record_id: str) -> dict[str, Any] | None:
        """Read a record as the server last told it."""
        found = self._file.execute("SELECT record FROM records WHERE kind = ? AND id = ?", (kind, record_id)).fetchone()
        return None if found is None else json.loads(found[0])

    def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """Read all records of a kind."""
        found = self._file.execute("SELECT id, record FROM records WHERE kind = ?", (kind,))
        return {record_id: json.loads(record) for record_id, record in found}

    def keep(self, kind: str, record_id: str, record: dict[str, Any] | None) -> None:
        """Keep a record as the server tells it; None: it is gone."""
        if record is None:
            self._file.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, record_id))
            return
        row = (kind, record_id, json.dumps(record))
        self._file.execute("INSERT OR REPLACE INTO records (kind, id, record) VALUES (?, ?, ?)", row)

    def doubt_all(self) -> None:
        """Take every record for old, until the server has told it anew."""
        self._file.execute("UPDATE records SET is_stale = 1")

    def trust(self, kind: str, record_id: str) -> None:
        """Go on with a record as it is here."""
        self._file.execute("UPDATE records SET is_stale = 0 WHERE kind = ? AND id = ?", (kind, record_id))

    def forget_doubtful(self) -> None:
        """Let go of records that the server has not told anew."""
        self._file.execute("DELETE FROM records WHERE is_stale = 1")

    def pending(self) -> list[Pending]:
        """List the changes that wait, in the order in which they were made; also those that were turned down."""
        names = "change_id, kind, id, op, base_version, record, resolves, seen_text, is_sent, problem"
        return [_pending(row) for row in self._file.execute(f"SELECT {names} FROM changes ORDER BY place")]  # noqa: S608  (no value in it)

    def put(self, change: Pending) -> None:
        """Keep a change: a new one last, one that is known in its place."""
        row = {name: getattr(change, name) for name in Pending.__slots__}
        for name in ("record", "resolves", "problem"):
            row[name] = None if row[name] is None else json.dumps(row[name])
        names = list(row)
        told = ", ".join(f"{name} = excluded.{name}" for name in names)
        self._file.execute(
            f"INSERT INTO changes ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)}) "  # noqa: S608  (names are ours)
            f"ON CONFLICT (change_id) DO UPDATE SET {told}",
            row,
        )

    def drop(self, change_id: str) -> None:
        """Let go of a change that is done."""
        self._file.execute("DELETE FROM changes WHERE change_id = ?", (change_id,))


def _pending(row: tuple[Any, ...]) -> Pending:
    change_id, kind, record_id, op, base_version, record, resolves, seen_text, is_sent, problem = row
    opened = (None if each is None else json.loads(each) for each in (record, problem))
    said, told = opened
    return Pending(
        change_id, kind, record_id, op, base_version, said, json.loads(resolves), seen_text, bool(is_sent), told
    )
