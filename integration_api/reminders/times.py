"""When a reminder is due where the patient is: times of day, quiet hours, changes of the clock. Pure functions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nobody is reminded, local; over midnight where they begin later than they end."""

    since: time = time(21)
    until: time = time(8)

    def holds(self, at: time) -> bool:
        """Tell whether a time of day lies in them."""
        if self.since <= self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when a reminder makes sense."""

    opens_at: datetime
    closes_at: datetime


def on_day(day: date, at: time, zone: tzinfo) -> datetime:
    """Give a time of day on a day, as the clock there has it.

    Where the clock is put forward over it, as much later as was left out; where it is put back, the first of the two.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone)


def local_day(at: datetime, zone: tzinfo) -> date:
    """Give the day that it is where the patient is."""
    return at.astimezone(zone).date()


def out_of_quiet(due_at: datetime, window: Window, quiet: Quiet, zone: tzinfo) -> datetime | None:
    """Move a reminder out of the quiet hours, to their end; None where that is past its window."""
    local = due_at.astimezone(zone)
    if not quiet.holds(local.time()):
        return local
    is_evening = quiet.since > quiet.until and local.time() >= quiet.since
    moved = on_day(local.date() + timedelta(days=is_evening), quiet.until, zone)
    return moved if moved <= window.closes_at else None
