"""How the service runs."""

import gc
from collections.abc import Iterator

import pytest
from flask import Flask

from integration_api.server import Server, serve

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_leaves_alone_what_workers_share(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked through in each worker it would be copied there, and stopping took five seconds."""
    frozen: list[int] = []
    monkeypatch.setattr(Server, "run", lambda _: frozen.append(gc.get_freeze_count()))
    serve(app, host="127.0.0.1", port=0, workers=1, threads=1)
    assert frozen[0] > len(gc.get_objects())
