"""A fleet of one patient's phones, on a network that loses, doubles and reorders, before a server that crashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callers import Caller

from integration_api.phone.device import Device
from integration_api.phone.queue import Queue


class Cut(Exception):
    """The connection, the phone or the server gave up."""


@dataclass
class Network:
    """The way from a phone to the server. `faults` are met one a request; `sent` keeps requests for late duplicates."""

    caller: Caller
    faults: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    crash: Any = None

    def send(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lose the request":
            self.sent.append(body)  # it may arrive one day
            raise Cut(fault)
        if fault == "crash the server":
            with self.crash():
                self.post(body)
            raise Cut(fault)
        status, answer = self.post(body)
        if fault == "lose the answer":
            raise Cut(fault)
        return status, answer

    def post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.sent.append(body)
        answer = self.caller.post("/v1/sync", body)
        assert answer.status_code in {200, 410}, answer.text
        if answer.status_code == 200:
            self.answers.append((body, answer.json))
        return answer.status_code, answer.json


class FragileQueue(Queue):
    """A store on a phone that may stop right before any transaction is kept."""

    until_stop = -1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with super().transaction():
            yield
            self.until_stop -= 1
            if self.until_stop == 0:
                raise Cut("the phone stopped")


@dataclass
class Phone:
    """One phone, which can be switched off and on again: only its file stays."""

    path: Path
    network: Network
    skew: float = 0.0
    device: Device = field(init=False)
    clock: Any = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.queue = FragileQueue(self.path)
        self.device = Device(self.queue, self.network.send, limit=3, clock=self.clock)

    def restart(self) -> None:
        self.queue.close()
        self.start()
