"""Windows of time: from each dosing session to the next, and what lies before the first."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The time from a dosing session (included) to the next one (excluded).

    `sequence` counts a patient's dosing sessions from 1. The leading window is 0 and has no session; it has no start,
    and the last window no end.
    """

    session_id: str | None
    sequence: int
    starts_at: datetime | None
    ends_at: datetime | None


def windows_of(sessions: Iterable[tuple[str, datetime]]) -> tuple[Window, ...]:
    """Lay the windows of the dosing sessions, given as (id, starts_at) in any order, times zoned.

    The windows touch and cover all time. Of sessions that start at the same moment the one with the higher id comes
    later, as in the numbering of a course's sessions; the window of the other is empty.
    """
    held = sorted(sessions, key=lambda session: (session[1], session[0]))
    starts: list[datetime | None] = [None, *(starts_at for _, starts_at in held), None]
    ids = [None, *(session_id for session_id, _ in held)]
    return tuple(Window(each, place, starts[place], starts[place + 1]) for place, each in enumerate(ids))


def window_for(windows: Sequence[Window], at: datetime) -> Window:
    """Find the window that holds a moment; `windows` as `windows_of` lays them."""
    return windows[bisect_right(windows, at, lo=1, key=_start) - 1]


def sequences_for(windows: Sequence[Window], times: Iterable[datetime]) -> list[int]:
    """Find the windows of many moments, by sequence."""
    starts = [_start(each) for each in windows[1:]]
    return [bisect_right(starts, at) for at in times]


def _start(window: Window) -> datetime:
    if window.starts_at is None:
        raise ValueError("Only the leading window has no start.")
    return window.starts_at
