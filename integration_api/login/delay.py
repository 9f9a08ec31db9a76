"""The delay after failures, per account: it makes guessing slow, and nobody is shut out for good."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import Delayed

FREE_FAILURES = 3
LONGEST_DELAY = 900  # seconds
# So far ahead no delay reaches: it was counted by a clock that was wrong, and has been put right. Not less, or two
# servers whose clocks differ a little would take attempts in turn.
NOT_TO_BE_BELIEVED = timedelta(seconds=2 * LONGEST_DELAY)
FORGOTTEN_AFTER = timedelta(days=1)  # a day without an attempt, and the count begins anew


class TooSoon(Exception):
    """The next attempt is not taken yet, right or wrong."""

    def __init__(self, seconds: int) -> None:
        super().__init__("The next attempt is not taken yet.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it was counted."""

    failed_attempts: int
    next_attempt_at: datetime


def count_attempt(row: Delayed, at: datetime) -> Attempt:
    """Count an attempt as failed before its outcome is known; raise `TooSoon` within the delay.

    Were it counted afterwards, many attempts sent at once would all slip through before the first was counted.
    """
    before, failed = row.next_attempt_at, row.failed_attempts or 0
    if before is not None and at < before <= at + NOT_TO_BE_BELIEVED:
        raise TooSoon(math.ceil((before - at).total_seconds()))
    if before is not None and before <= at - FORGOTTEN_AFTER:
        failed = 0
    row.failed_attempts = failed + 1
    row.next_attempt_at = at + timedelta(seconds=_delay_after(row.failed_attempts))
    return Attempt(row.failed_attempts, row.next_attempt_at)


def take_back(row: Delayed, attempt: Attempt, at: datetime) -> None:
    """Take a count back after half a success: it is no failure, and the failures before it stay counted."""
    if (row.failed_attempts, row.next_attempt_at) == (attempt.failed_attempts, attempt.next_attempt_at):
        row.failed_attempts, row.next_attempt_at = attempt.failed_attempts - 1, at


def forget(row: Delayed) -> None:
    """Forget all failures, after a success."""
    row.failed_attempts, row.next_attempt_at = 0, None


def _delay_after(failures: int) -> int:
    if failures < FREE_FAILURES:
        return 0
    return min(1 << min(failures - FREE_FAILURES + 1, 30), LONGEST_DELAY)
