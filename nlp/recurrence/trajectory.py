"""The name of a theme's course over the windows, given only where the evidence carries it."""

from collections.abc import Sequence
from enum import StrEnum

from nlp.recurrence.comparison import Prior, probability_higher
from nlp.recurrence.counts import Voices

# How probable a change must be before it is named. Set so that, of themes whose rate never changes, at most one in
# twenty is given any name of change, all four names taken together (the simulations in the tests).
CONFIDENT = 0.975


class Trajectory(StrEnum):
    """How a theme goes over a patient's windows; windows in which nothing was written do not count.

    The latest is the last window that has words. "Shown" is a probability of at least `CONFIDENT`. In this order:

    - `new`: spoken of in the latest window only, and a rise over all earlier ones is shown.
    - `resurfaced`: spoken of in the latest window and in older ones, silent between; that the silence was a real low
      against all else is shown.
    - `emerging`: spoken of in the latest window and before, and a rise over all earlier windows is shown.
    - `fading`: a fall is shown, of the latest window against all earlier ones, or, where the theme has fallen silent,
      of the whole silence since it was last spoken of.
    - `once`: spoken of in one window, and none of the above: nothing to say about its course yet.
    - `persistent`: spoken of in two windows or more, and no change is shown. It returns; it need not be in each.
    """

    NEW = "new"
    EMERGING = "emerging"
    PERSISTENT = "persistent"
    FADING = "fading"
    RESURFACED = "resurfaced"
    ONCE = "once"


def probability_rising(history: Sequence[Voices], prior: Prior) -> float | None:
    """Tell how probable it is that the latest window's rate lies above that of all earlier ones together.

    `history` holds the windows that have words, in time order. None where there are fewer than two.
    """
    return probability_higher(history[-1:], history[:-1], prior) if len(history) > 1 else None


def trajectory_of(history: Sequence[Voices], rising: float | None, prior: Prior, session_count: int) -> Trajectory:
    """Name the course, by the rules of `Trajectory`; `rising` as `probability_rising` gave it."""
    calm = Trajectory.PERSISTENT if session_count > 1 else Trajectory.ONCE
    spoken = [place for place, window in enumerate(history) if any(tally.mentions for tally in window.values())]
    if rising is None or not spoken:
        return calm
    latest = len(history) - 1
    if spoken[-1] < latest:
        return Trajectory.FADING if _was_low(history, spoken[-1] + 1, len(history), prior) else calm
    if len(spoken) > 1 and _was_low(history, spoken[-2] + 1, latest, prior):
        return Trajectory.RESURFACED
    if rising >= CONFIDENT:
        return Trajectory.EMERGING if len(spoken) > 1 else Trajectory.NEW
    return Trajectory.FADING if rising <= 1 - CONFIDENT else calm


def _was_low(history: Sequence[Voices], start: int, stop: int, prior: Prior) -> bool:
    """Whether it is shown that the rate in the windows from start up to stop lay below that of all the others."""
    others = [*history[:start], *history[stop:]]
    return start < stop and probability_higher(history[start:stop], others, prior) <= 1 - CONFIDENT
