"""Parts: what tests and clinics replace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import import_module

from flask import current_app

from integration_api.config import Settings, UnsafeSettings
from models.key_service import KeyService, LocalKeys
from nlp import Tagger, load_tagger


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The replaceable pieces. `load_tagger` is asked often and must be cheap the second time."""

    key_service: KeyService
    load_tagger: Callable[[], Tagger] = field(default=load_tagger)
    now: Callable[[], datetime] = field(default=_utc_now)


def parts_of(settings: Settings) -> Parts:
    """Give the parts that the settings ask for."""
    keys = LocalKeys(settings.wrapping_keys) if settings.key_service is None else _outside(settings.key_service)
    if settings.pipeline is None:
        return Parts(keys)
    return Parts(keys, load_tagger=partial(load_tagger, settings.pipeline))


def _outside(factory: str) -> KeyService:
    """Make a clinic's own key service, named as `package.module:function`."""
    module, _, name = factory.partition(":")
    try:
        made: KeyService = getattr(import_module(module), name)()
    except (ImportError, AttributeError, ValueError):
        raise UnsafeSettings("INTEGRATION_API_KEY_SERVICE must name a function as package.module:function") from None
    return made


def parts() -> Parts:
    """Give the running application's parts."""
    found: Parts = current_app.extensions["parts"]
    return found
