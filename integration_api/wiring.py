"""Parts: what tests and clinics replace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import current_app

from nlp import Tagger, load_tagger


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The replaceable pieces. `load_tagger` is asked often and must be cheap the second time."""

    load_tagger: Callable[[], Tagger] = field(default=load_tagger)
    now: Callable[[], datetime] = field(default=_utc_now)


def parts() -> Parts:
    """Give the running application's parts."""
    found: Parts = current_app.extensions["parts"]
    return found
