"""A clock that tests turn by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flask import Flask

from models import now

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(days: float) -> str:
    """Give a time so many days before the tests began."""
    return (NOW - timedelta(days=days)).isoformat()


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
