"""The worker: does over and over what is to be done, until it is told to stop. Several may run side by side."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask

IDLE = 1.0  # seconds between two looks when there is nothing to do
log = logging.getLogger(__name__)
Task = Callable[[], int]  # does some of what is to be done; tells how much


@dataclass(slots=True)
class Worker:
    """Lines of tasks, each line in a thread of its own, so that a long job holds no message up.

    A line says of each task how many seconds it may rest; 0: it is looked at whenever the line comes by.
    """

    app: Flask
    lines: Sequence[Mapping[Task, float]]
    stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> "Worker":
        """Begin, and return at once."""
        for number, line in enumerate(self.lines):
            thread = threading.Thread(target=self._follow, args=(line,), name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        """Have it end what it is at, and come back then."""
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def _follow(self, line: Mapping[Task, float]) -> None:
        due_at = dict.fromkeys(line, float("-inf"))
        while not self.stopping.is_set():
            started = time.monotonic()
            due = [task for task in line if due_at[task] <= started]
            done = sum(self._try(task) for task in due)
            due_at |= {task: started + line[task] for task in due}
            if not done:
                self.stopping.wait(IDLE)

    def _try(self, task: Task) -> int:
        try:
            with self.app.app_context():
                return task()
        except Exception as error:  # noqa: BLE001  (the next look may go well; only the kind of the error is told)
            log.warning("worker: %s: %s", task.__name__, type(error).__name__)
            return 0


def everything_once(app: Flask, lines: Sequence[Mapping[Task, float]]) -> int:
    """Do what is to be done now, in this thread, until nothing is left; tell how much it was."""
    total = 0
    while True:
        with app.app_context():
            done = sum(task() for line in lines for task in line)
        total += done
        if not done:
            return total
