"""Times as phones tell them, and as clocks of our own that were wrong have set them.

What a phone said is kept; of a time that has not come yet, nothing is reckoned.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

CLOCKS_DIFFER = timedelta(minutes=10)  # at most, of machines that do the work together; more is a mistake
EARLY = timedelta(days=1)  # a phone's clock may be fast, and be in another zone than it says; more is a mistake


def is_early(said: datetime, at: datetime) -> bool:
    """Tell whether a time that somebody said cannot have come by `at`."""
    return said > at + EARLY


def time_of(said: datetime, arrived: datetime, at: datetime) -> datetime:
    """Give when something was, as far as clocks can be believed: what cannot have been yet was when it arrived."""
    return arrived if is_early(said, at) else said


def time_in(table: Any, said: Any, at: datetime) -> ColumnElement[datetime]:
    """Give the same in SQL, of a table's rows."""
    return case((said <= at + EARLY, said), else_=table.created_at)


def has_come(planned: Any, at: datetime, longest: timedelta = timedelta()) -> ColumnElement[bool]:
    """Tell in SQL whether a time has come that we set ourselves, `longest` ahead at most.

    What lies further ahead was set by a clock that was wrong, and has been put right since: nothing waits for it.
    """
    return or_(planned <= at, planned > at + longest + CLOCKS_DIFFER)


def is_next_due(row: Any, at: datetime, longest_wait: timedelta) -> ColumnElement[bool]:
    """Tell in SQL whether what has `tries` and `next_at` is to be tried; what was never tried waits for nothing."""
    return or_(has_come(row.next_at, at, longest_wait), and_(row.tries == 0, has_come(row.next_at, at)))
