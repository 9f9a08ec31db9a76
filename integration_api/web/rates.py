"""How often somebody may call: per principal at the door, per address where tokens and sign-ins are given.

Counts are kept in this process unless the settings name a store that all processes share.
"""

import hashlib
import math
import time
from threading import Timer
from uuid import UUID

from flask import current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import ConfigurationError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from integration_api.config import Settings
from integration_api.environment import UnsafeSettings
from integration_api.errors import TooMany

SWEPT_EVERY = 60.0  # seconds


class SweptStorage(MemoryStorage):
    """Counts in memory, rid of those that are over once a minute, while there are calls.

    The library's own would start a thread at every call to look for them. Being named for the same scheme, this takes
    its place.
    """

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 -- the library looks for a list

    @property
    def timer(self) -> Timer:
        """What sweeps next: the library starts another where this one has ended."""
        return self._timer

    @timer.setter
    def timer(self, made: Timer) -> None:
        self._timer = Timer(SWEPT_EVERY, made.function)
        self._timer.daemon = True  # it keeps no process from ending


class Rates:
    """The counters of an application."""

    def __init__(self, settings: Settings) -> None:
        try:
            storage = storage_from_string(settings.rate_limit_storage)
        except ConfigurationError:  # its words are left out: the address may hold a password
            raise UnsafeSettings(
                "INTEGRATION_API_RATE_LIMIT_STORAGE names a storage that is unknown, or lacks its driver"
            ) from None
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._calls = RateLimitItemPerMinute(settings.calls_per_minute, namespace="calls")
        self._attempts = RateLimitItemPerMinute(settings.attempts_per_minute, namespace="attempts")

    def count_call(self, user_id: UUID) -> None:
        """Count a call of a principal's; raise `TooMany`."""
        self._count(self._calls, str(user_id))

    def count_spent(self, token: str) -> None:
        """Count a call with a token that was good once; raise `TooMany`. Others at its address are not held up."""
        self._count(self._calls, "spent:" + hashlib.sha256(token.encode()).hexdigest())

    def count_attempt(self, address: str) -> None:
        """Count an attempt, from an address, to be let in; raise `TooMany`."""
        self._count(self._attempts, address)

    def _count(self, rate: RateLimitItem, who: str) -> None:
        if not self._limiter.hit(rate, who):
            reset = self._limiter.get_window_stats(rate, who).reset_time
            raise TooMany(rate.namespace.lower(), rate.amount, max(1, math.ceil(reset - time.time())))


def rates() -> Rates:
    """Give the running application's counters."""
    found: Rates = current_app.extensions["rates"]
    return found


def count_attempt() -> None:
    """Count the request at hand as an attempt to be let in, where it is one; for blueprints to run before a view."""
    if request.method == "POST":
        rates().count_attempt(request.remote_addr or "unknown")
