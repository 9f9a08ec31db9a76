"""Parts: what tests and clinics replace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from flask import current_app

from integration_api.config import Settings
from nlp import Tagger, load_tagger


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The replaceable pieces. `load_tagger` is asked often and must be cheap the second time."""

    load_tagger: Callable[[], Tagger] = field(default=load_tagger)
    now: Callable[[], datetime] = field(default=_utc_now)


def parts_of(settings: Settings) -> Parts:
    """Give the parts that the settings ask for."""
    return Parts() if settings.pipeline is None else Parts(load_tagger=partial(load_tagger, settings.pipeline))


def parts() -> Parts:
    """Give the running application's parts."""
    found: Parts = current_app.extensions["parts"]
    return found
