"""Servers on free ports: an application of ours, for clients that speak HTTP over a socket, and other systems."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from werkzeug.serving import make_server


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
