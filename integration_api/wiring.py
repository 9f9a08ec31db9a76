"""Parts: what tests and clinics replace."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import current_app
from obstore.store import S3Store

from integration_api.config import FileSettings, Settings
from integration_api.environment import UnsafeSettings
from integration_api.file_store import FileStore, LocalFiles, ObjectFiles
from models.key_service import KeyService, LocalKeys
from nlp import Tagger, load_tagger

FILES = Path("instance/attachments")  # where nothing else is said


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """The replaceable pieces. `load_tagger` is asked often and must be cheap the second time."""

    key_service: KeyService
    load_tagger: Callable[[], Tagger] = field(default=load_tagger)
    now: Callable[[], datetime] = field(default=_utc_now)
    file_store: FileStore = field(default_factory=lambda: LocalFiles(FILES))


def parts_of(settings: Settings) -> Parts:
    """Give the parts that the settings ask for."""
    keys = LocalKeys(settings.wrapping_keys) if settings.key_service is None else _outside(settings.key_service)
    tagger = load_tagger if settings.pipeline is None else partial(load_tagger, settings.pipeline)
    return Parts(keys, load_tagger=tagger, file_store=file_store_of(settings.files, settings.database_url))


def file_store_of(files: FileSettings, database_url: str) -> FileStore:
    """Give the store that the settings name; without a name, a folder beside SQLite's file, or in `instance/`."""
    if files.place is None:
        path = database_url.removeprefix("sqlite:///")
        is_file = path != database_url and path and not path.startswith((":memory:", "file:"))
        return LocalFiles(Path(path).parent / "attachments" if is_file else FILES)
    if not files.place.startswith("s3://"):
        return LocalFiles(Path(files.place))
    options = {"endpoint": files.endpoint, "region": files.region}
    options |= {"access_key_id": files.key_id, "secret_access_key": files.secret}
    given: Any = {name: value for name, value in options.items() if value is not None}
    is_plain = (files.endpoint or "").startswith("http://")
    return ObjectFiles(S3Store.from_url(files.place, client_options={"allow_http": is_plain}, config=given))


def _outside(factory: str) -> KeyService:
    """Make a clinic's own key service, named as `package.module:function`."""
    module, _, name = factory.partition(":")
    try:
        made = getattr(import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError):
        made = None
    if not isinstance(made, KeyService):
        raise UnsafeSettings(
            "INTEGRATION_API_KEY_SERVICE must name a function as package.module:function, which gives a key service"
        )
    return made


def parts() -> Parts:
    """Give the running application's parts."""
    found: Parts = current_app.extensions["parts"]
    return found
