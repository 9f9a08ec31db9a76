"""An entry to attach files to, and the folder where they lie."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration_api.config import FileSettings


@pytest.fixture
def entry(clinic: Any) -> Any:
    return clinic.write("The door was blue.")


@pytest.fixture
def path(entry: Any) -> str:
    return f"/v1/journal-entries/{entry['id']}/attachments"


@pytest.fixture
def folder(clinic: Any) -> Path:
    """Where the files lie; whatever another test has left there is gone."""
    found = Path(clinic.app.config["SETTINGS"].files.place)
    for each in found.glob("*/*"):
        each.unlink()
    return found


@pytest.fixture
def limits(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Other limits than the usual ones."""

    def put(**more: int) -> None:
        settings = clinic.app.config["SETTINGS"]
        changed: FileSettings = replace(settings.files, **more)
        monkeypatch.setitem(clinic.app.config, "SETTINGS", replace(settings, files=changed))

    return put
