"""A fleet of one patient's phones, on a network that loses, doubles and reorders, before a server that crashes."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from callers import Caller

from integration_api.phone.device import Device
from integration_api.phone.queue import Queue
from integration_api.sync import exchange
from integration_api.themes import jobs

FAULTS = ("", "", "lose the request", "lose the answer", "crash the server")


class Cut(Exception):
    """The connection, the phone or the server gave up."""


class Crash(BaseException):
    """The server died, which no code of its own catches."""


@contextmanager
def dying(after: int) -> Iterator[None]:
    """Let the server die when it begins its next unit of work or reading, after so many."""
    left = itertools.count(after, -1)

    def or_die(begin: Any) -> Any:
        def begin_or_die(*args: Any, **kwargs: Any) -> Any:
            if next(left) <= 0:
                raise Crash
            return begin(*args, **kwargs)

        return begin_or_die

    begins = [(exchange, "unit_of_work"), (exchange, "showing"), (jobs, "unit_of_work"), (jobs, "reading")]
    patches = [mock.patch.object(module, name, or_die(getattr(module, name))) for module, name in begins]
    with patches[0], patches[1], patches[2], patches[3], suppress(Crash):
        yield


@dataclass
class Network:
    """The way from a phone to the server. `faults` are met one a request; `sent` keeps requests for late duplicates."""

    caller: Caller
    faults: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    dies_after: int = 0

    def send(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lose the request":
            self.sent.append(body)  # it may arrive one day
            raise Cut(fault)
        if fault == "crash the server":
            with dying(self.dies_after):
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
    """A store on a phone that may stop right before any transaction is kept. It does not wait for the disk."""

    until_stop = -1

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file.execute("PRAGMA synchronous = OFF")

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
    clock: Any
    device: Device = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.queue = FragileQueue(self.path)
        self.device = Device(self.queue, self.network.send, clock=self.clock)

    def restart(self) -> None:
        self.queue.close()
        self.start()

    def sync(self, *faults: str, dies_after: int = 0) -> None:
        """Exchange until all is done or the network gives up."""
        self.network.faults, self.network.dies_after = list(faults), dies_after
        with suppress(Cut):
            self.device.sync()
        self.network.faults = []

    def stop_in_the_middle(self, after: int) -> None:
        """Exchange, stop at one of the transactions, and begin again from what is in the file."""
        self.queue.until_stop = after
        self.sync()
        self.restart()

    def lose_token(self) -> None:
        """Come back after so long that the server does not know the token any more."""
        if self.queue.fact("token"):
            with self.queue.transaction():
                self.queue.set_fact("token", "x" + str(self.queue.fact("token")))
