"""A receiver of webhooks on a real port, a clinic that tells it, and a clock that is turned by hand."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from flask import Flask
from serving import listening

from integration_api.app import LINES
from integration_api.events import jobs
from integration_api.jobs.worker import everything_once


@dataclass
class Receiver:
    """Another system. It keeps what it got; `answers` are given one after the other, then 204."""

    address: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], int] | None = None

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.bodies]

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        self.got.append((headers, body))
        if self.answers:
            return self.answers.pop(0)
        return (204 if self.answer is None else self.answer(json.loads(body))), {}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = made.take({name.lower(): each for name, each in self.headers.items()}, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with listening(Handler) as port:
        made.address = f"http://127.0.0.1:{port}/hook"
        yield made


@pytest.fixture
def work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Everything that the worker would do now. Waits are drawn at their longest."""
    monkeypatch.setattr(jobs, "_chance", lambda: 1.0)
    return lambda: everything_once(app, LINES)


@pytest.fixture
def agreed(clinic: Any) -> Any:
    """The clinic, with Maya's word that its systems may be told."""
    consent = {"purpose": "ehr", "is_granted": True, "wording": "As shown."}
    clinic.maya.create("/v1/me/consents", consent)
    return clinic


@pytest.fixture
def told(agreed: Any, receiver: Receiver) -> Any:
    """A webhook to the receiver; of what came before it, nothing is told."""

    def set_up(**more: Any) -> Any:
        return agreed.admin.create("/v1/webhooks", {"name": "Inbox", "url": receiver.address, **more})

    return set_up


@pytest.fixture
def ehr(agreed: Any) -> Any:
    """A record system of the clinic."""
    return agreed.add_ehr()
