"""Serving the application: gunicorn, with the application loaded once and shared by its workers."""

import gc
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from integration_api.db import db
from integration_api.jobs.worker import Task, Worker

SILENT = 60  # seconds that a connection may stand still while a request is read or answered


class Server(BaseApplication):
    """gunicorn around an application that is already built."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        """Take our options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Give gunicorn the application."""
        return self._app


def serve(
    app: Flask, *, host: str, port: int, workers: int, threads: int, lines: Sequence[Mapping[Task, float]] = ()
) -> None:
    """Serve until told to stop. Each worker opens database connections of its own.

    With `lines` each also does what recurs in the background: gunicorn puts one that dies back in its place.
    """

    def before_request(_worker: Any, asked: Any) -> None:
        _let_go_of_the_silent(asked.unreader.sock)

    def after_fork(_server: Any, _worker: Any) -> None:
        # A connection must not be shared between processes.
        with app.app_context():
            db.engine.dispose(close=False)
        Worker(app, lines).start()

    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "preload_app": True,
        "post_fork": after_fork,
        "pre_request": before_request,
        "loglevel": "warning",
        "accesslog": None,
        "limit_request_line": 8190,
    }
    # What is here stays. Left to the collector it would be looked through again and again, in each worker a copy.
    gc.freeze()
    Server(app, options).run()


def _let_go_of_the_silent(connection: socket.socket) -> None:
    """End a request of which nothing comes or goes any more: a phone that lost its network says no goodbye.

    It would keep a thread for good. Asked of the system, since Python's own timeout is for all that is sent at once,
    which a slow phone may take long to read.
    """
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", SILENT, 0))
