"""Who waits for whom on PostgreSQL: what a request holds already while it waits for a row that another holds."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from integration_api.db import db
from models.row_security import EVERYBODY, speak_for

Row = tuple[str, str, str]  # its table, a column, and what that says


def is_free_meanwhile(app: Flask, held: Row, looked_at: Row, request: Callable[[], Any]) -> tuple[bool, Any]:
    """Hold a row until a request waits for it; tell whether another row is free then, and how the request ended."""
    with ThreadPoolExecutor(1) as pool, app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("SQLite has one writer at a time")
        with db.engine.connect() as holder, db.engine.connect() as looker:
            backend = _lock(holder, held, "")
            answer = pool.submit(request)
            _until_somebody_waits_for(backend, looker)
            is_free = _is_free(looker, looked_at)
            holder.rollback()
            looker.rollback()
            return is_free, answer.result()


def _lock(connection: Connection, row: Row, how: str) -> int:
    table, column, value = row
    speak_for(connection, EVERYBODY)
    query = text(f"SELECT pg_backend_pid() FROM {table} WHERE {column} = CAST(:value AS uuid) FOR UPDATE {how}")
    return int(connection.execute(query, {"value": value}).scalars().one())


def _until_somebody_waits_for(backend: int, looker: Connection) -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND :backend = ANY(pg_blocking_pids(pid))")
    until = time.monotonic() + 20
    while not looker.execute(query, {"backend": backend}).scalar():
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.02)


def _is_free(looker: Connection, row: Row) -> bool:
    try:
        _lock(looker, row, "NOWAIT")
    except OperationalError:
        return False
    return True


class Meanwhile:
    """Rows of PostgreSQL that are held while requests come, one after the other, and wait for them or each other."""

    def __init__(self, app: Flask, pool: ThreadPoolExecutor) -> None:
        self._app, self._pool = app, pool
        self._looker = db.engine.connect()
        self._holders: dict[Row, Connection] = {}
        self._waiting = 0

    def hold(self, row: Row) -> None:
        self._holders[row] = db.engine.connect()
        _lock(self._holders[row], row, "")

    def let_go(self, row: Row) -> None:
        self._holders.pop(row).close()

    def comes(self, request: Callable[[], Any]) -> "Future[Any]":
        """Send a request, and come back when it waits, too."""

        def sent() -> Any:
            with self._app.app_context():
                return request()

        answer = self._pool.submit(sent)
        self._waiting += 1
        query, until = text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"), time.monotonic() + 20
        while (self._looker.execute(query).scalar() or 0) < self._waiting:
            assert time.monotonic() < until, f"it does not wait: {answer.result() if answer.done() else 'and goes on'}"
            time.sleep(0.02)
        return answer

    def end(self) -> None:
        for each in (*self._holders.values(), self._looker):
            each.close()


@contextmanager
def meanwhile(app: Flask) -> Iterator[Meanwhile]:
    """Hold rows meanwhile; on PostgreSQL alone."""
    with ThreadPoolExecutor(8) as pool, app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("SQLite has one writer at a time")
        made = Meanwhile(app, pool)
        try:
            yield made
        finally:
            made.end()
