"""A clock that tests turn by hand, and servers of other systems on real ports."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flask import Flask

from models import now


@dataclass
class Clock:
    """The time as the worker sees it."""

    turned: timedelta = timedelta()

    def __call__(self) -> datetime:
        return now() + self.turned

    def turn(self, **by: float) -> None:
        self.turned += timedelta(**by)


@contextmanager
def turned_by_hand(app: Flask) -> Iterator[Clock]:
    """Let an application go by a clock of the test's own."""
    before, made = app.extensions["parts"], Clock()
    app.extensions["parts"] = replace(before, now=made)
    yield made
    app.extensions["parts"] = before


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve on a free port, and give it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()
