"""The worker: does over and over what is to be done, until it is told to stop. Several may run side by side."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask

from integration_api.jobs.health import note_well

IDLE = 1.0  # seconds between two looks when there is nothing to do
NOTED_EVERY = 60.0  # seconds: how often a line writes down which of its tasks went well
log = logging.getLogger(__name__)
Task = Callable[[], int]  # does some of what is to be done; tells how much


@dataclass(slots=True)
class Worker:
    """Lines of tasks, each line in a thread of its own, so that a long job holds no message up.

    A line says of each task how many seconds it may rest; 0: it is looked at whenever the line comes by. Which tasks
    went well is written down, so that it shows when nobody does them any more.
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
        well: set[str] = set()
        note_at = float("-inf")
        while not self.stopping.is_set():
            started = time.monotonic()
            due = [task for task in line if due_at[task] <= started]
            done = {task: self._try(task) for task in due}
            due_at |= {task: started + line[task] for task in due}
            well |= {task.__name__ for task, count in done.items() if count is not None}
            if well and note_at <= started:
                self._note(well)
                note_at = started + NOTED_EVERY
            if not any(done.values()):
                self.stopping.wait(IDLE)

    def _try(self, task: Task) -> int | None:
        """Tell how much a task did; None: it failed."""
        try:
            with self.app.app_context():
                return task()
        except Exception as error:  # noqa: BLE001  (the next look may go well; only the kind of the error is told)
            log.warning("worker: %s: %s", task.__name__, type(error).__name__)
            return None

    def _note(self, well: set[str]) -> None:
        def note_what_went_well() -> int:
            note_well(well)
            well.clear()
            return 0

        self._try(note_what_went_well)


def everything_once(app: Flask, lines: Sequence[Mapping[Task, float]]) -> int:
    """Do what is to be done now, in this thread, until nothing is left; tell how much it was.

    A task that fails is not tried again, and keeps no other from being done and noted; its error is raised at the end.
    """
    total = 0
    failed: dict[Task, Exception] = {}
    while True:
        done = 0
        for task in (task for line in lines for task in line if task not in failed):
            try:
                with app.app_context():
                    done += task()
            except Exception as error:  # noqa: BLE001  (raised below, when the others are done)
                failed[task] = error
        total += done
        if not done:
            break
    with app.app_context():
        note_well(task.__name__ for line in lines for task in line if task not in failed)
    if failed:
        raise next(iter(failed.values()))
    return total
