"""Servers on free ports: an application of ours, for clients that speak HTTP over a socket, and other systems."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from werkzeug.serving import make_server

from integration_api.server import serve


@contextmanager
def served(app: Any, *, one_by_one: bool = False) -> Iterator[str]:
    """Serve it meanwhile, and give its address. `one_by_one` is for a client that asks so: no thread a request."""
    server = make_server("127.0.0.1", 0, app, threaded=not one_by_one)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


@contextmanager
def served_by_gunicorn(app: Any, *, threads: int = 2) -> Iterator[int]:
    """Serve it as in production, in a process of its own, and give the port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    how = {"host": "127.0.0.1", "port": port, "workers": 1, "threads": threads}
    process = multiprocessing.get_context("fork").Process(target=serve, args=(app,), kwargs=how)
    process.start()
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.join()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError
