"""Serving the application: gunicorn, with the application loaded once and shared by its workers."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from integration_api.db import db
from integration_api.jobs.worker import Task, Worker


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
        "loglevel": "warning",
        "accesslog": None,
        "limit_request_line": 8190,
    }
    Server(app, options).run()
