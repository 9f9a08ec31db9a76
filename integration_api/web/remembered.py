"""Answers that took long to reckon, kept in this process's memory for some minutes while their record stays the same.

They are kept for one caller, with one scope, asking one question; never on disk, and never for a record that was opened
by break-glass, whose time runs out without any change.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import Any
from uuid import UUID

from cachetools import TTLCache
from flask import Response, current_app, g, request

from integration_api.access.principals import Principal
from integration_api.db import reading
from integration_api.web.languages import mark, preferred
from integration_api.web.preconditions import unless_known
from models.stamp import stamp_of, stamp_of_organization

KEPT = 1_000  # answers
SECONDS = 300  # then they are forgotten, since some of what they tell depends on the time
_HEADERS = ("Content-Language", "ETag", "Link", "Content-Type", "Content-Security-Policy")
View = Callable[..., Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and whose records it tells of. `about`: whose was asked for; None: a clinic's."""

    body: bytes
    headers: tuple[tuple[str, str], ...]
    subjects: tuple[UUID, ...]
    about: UUID | None


class Memory:
    """The answers of an application, for a while; those that were used longest ago go first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._answers: TTLCache[Key, Kept] = TTLCache(kept, SECONDS)
        self._lock = Lock()

    def get(self, key: Key) -> Kept | None:
        """Give an answer, if there is one to this very question."""
        with self._lock:
            return self._answers.get(key)

    def put(self, key: Key, answer: Kept) -> None:
        """Keep an answer."""
        with self._lock:
            self._answers[key] = answer

    def forget(self, named: Iterable[tuple[UUID, UUID | None]]) -> None:
        """Forget every answer that tells of these patients or of whole clinics, whoever asked."""
        gone = {None, *(patient_id for patient_id, _ in named)}
        with self._lock:
            for key in [each for each, kept in self._answers.items() if kept.about in gone]:
                self._answers.pop(key, None)


def remembered(view: View) -> View:
    """Answer from memory where nothing has changed. The view gets `(self, caller, ...)`."""

    @wraps(view)
    def answer(resource: Any, caller: Principal, *asked: Any, **path: Any) -> Response:
        patient_id = path.get("patient_id")
        if patient_id in caller.opened or (patient_id is None and caller.opened):
            made: Response = view(resource, caller, *asked, **path)
            return made
        memory: Memory = current_app.extensions["memory"]
        key = _key(caller, patient_id)
        kept = memory.get(key)
        if kept is not None:
            return _again(kept)
        made = view(resource, caller, *asked, **path)
        if made.status_code == 200:  # noqa: PLR2004
            subjects = tuple(each for each in g.trace.subjects if each is not None)
            mark(made)
            headers = tuple((name, made.headers[name]) for name in _HEADERS if name in made.headers)
            memory.put(key, Kept(made.get_data(), headers, subjects, patient_id))
        return made

    return answer


def _key(caller: Principal, patient_id: UUID | None) -> Key:
    """Name the question: who asks with which scope, what, and of which state of the record."""
    with reading() as db_session:
        stamp = (
            stamp_of_organization(db_session, caller.organization_id)
            if patient_id is None
            else stamp_of(db_session, patient_id)
        )
    scopes = ",".join(sorted(str(each) for each in caller.scopes))
    question = hashlib.sha256(f"{request.full_path}|{scopes}".encode()).digest()
    return (caller.user_id, caller.role, question, preferred(), stamp)


def _again(kept: Kept) -> Response:
    for patient_id in kept.subjects:
        g.trace.subjects.setdefault(patient_id, None)
    answer = Response(kept.body)
    answer.headers.update(dict(kept.headers))
    return unless_known(answer)
