"""Sending files, and looking where they lie."""

from pathlib import Path
from typing import Any

from files import picture
from sqlalchemy import select

from integration_api.db import unit_of_work
from models import Attachment

JPEG = picture()


def send(caller: Any, path: str, file: bytes, kind: str = "image/jpeg", **query: Any) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return caller.call("POST", f"{path}?{asked}", data=file, content_type=kind)


def add(caller: Any, path: str, file: bytes = JPEG, **more: Any) -> Any:
    answer = send(caller, path, file, **more)
    assert answer.status_code == 201, answer.text
    return answer.json


def lying_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*"))


def rows(clinic: Any) -> list[Attachment]:
    with clinic.app.app_context(), unit_of_work() as db_session:
        return list(db_session.scalars(select(Attachment).order_by(Attachment.id)))
