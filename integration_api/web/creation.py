"""Creating once: the same id or `Idempotency-Key` with the same body is answered again, not done again."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from flask import current_app, g, request
from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.db import unit_of_work
from integration_api.errors import Conflict, Fault, Invalid, NotFound
from integration_api.web.body import JSON, read_json
from integration_api.wiring import parts
from integration_api.wording import Sentence
from models import Creation

LONGEST_KEY = 255
# Twice as long as a phone may be away and still go on where it was (`sync/tokens.py`): no request is on its way longer.
KEPT = timedelta(days=180)
_AT_ONCE = 1000
_NAMED_BY = (Creation.user_id, Creation.operation, Creation.key)


class Record(Protocol):
    """Anything with an id."""

    id: UUID


R = TypeVar("R", bound=Any)


@dataclass(frozen=True, slots=True)
class Once:
    """One create request. Without a key of the client's it is carried out each time it comes."""

    caller: Principal
    operation: str
    key: str | None
    body_digest: str

    def __call__(self, db_session: DbSession, write: Callable[[], R], read: Callable[[UUID], R]) -> R:
        """Write the record, or read the one that this very request has written before."""
        if self.key is None:
            return write()
        before = db_session.get(Creation, (self.caller.user_id, self.operation, self.key))
        if before is not None:
            return self._again(before, read)
        record = write()
        db_session.add(
            Creation(
                organization_id=self.caller.organization_id,
                user_id=self.caller.user_id,
                operation=self.operation,
                key=self.key,
                body_digest=self.body_digest,
                record_id=record.id,
            )
        )
        db_session.flush()
        return record

    def is_done(self, db_session: DbSession) -> bool:
        """Tell whether there is nothing left to write: it came before, rightly or with another body."""
        of_caller = (self.caller.user_id, self.operation, self.key)
        return self.key is not None and db_session.get(Creation, of_caller) is not None

    def _again(self, before: Creation, read: Callable[[UUID], R]) -> R:
        if not hmac.compare_digest(before.body_digest, self.body_digest):
            raise other_content()
        g.is_replay = True
        try:
            return read(before.record_id)
        except NotFound:
            raise Conflict("What this created has been deleted since.") from None


@dataclass(frozen=True, slots=True)
class Put:
    """One PUT: a creation where it said `If-None-Match: *`, else a replacement of the version it names."""

    draft: Any
    match: Callable[[Any], Any]
    once: Once | None = None

    def __call__(
        self,
        db_session: DbSession,
        create: Callable[[Any], R],
        read: Callable[[UUID], R],
        change: Callable[[Callable[[Any], Any]], R],
    ) -> R:
        """Carry out what was meant: `create(draft)`, or `change(merge)` as a patch would."""
        if self.once is None:
            return change(self._merge)
        return self.once(db_session, lambda: create(self.draft), read)

    def _merge(self, record: Any) -> Any:
        self.match(record)
        return self.draft


def other_content() -> Conflict:
    """Say that the client's id is taken by something else of its own."""
    return Conflict(
        "This id or Idempotency-Key was used before with other content. What was saved first is kept as it was."
    )


def once_for(
    caller: Principal,
    operation: str,
    record_id: UUID | None,
    path: dict[str, Any] | None = None,
    file: bytes | None = None,
) -> Once:
    """Describe the create request at hand: keyed by the client's id for the record, else its Idempotency-Key.

    `path` holds what the address says beyond the record's own id; the same key with another address is a clash. `file`:
    the body, where it is no JSON.
    """
    digest = _digest(path or {}) if file is None else _digest_of_file(path or {}, file)
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable() and key.isascii()):
        raise Invalid(
            Fault(Sentence("1 to {most} printable ASCII characters.", most=LONGEST_KEY), parameter="Idempotency-Key")
        )
    if record_id is not None:
        return Once(caller, operation, f"id:{record_id}", digest)
    return Once(caller, operation, None if key is None else f"key:{key}", digest)


def _digest(path: dict[str, Any]) -> str:
    """Seal the request, so that another one is noticed and none is kept."""
    body = read_json(JSON, or_nothing=True)  # whether there may be none was decided before
    if isinstance(body, dict):
        body.pop("id", None)
    return _mac(current_app.json.dumps([path, body], sort_keys=True).encode("utf-8", "surrogatepass"))


def _digest_of_file(path: dict[str, Any], file: bytes) -> str:
    said = current_app.json.dumps([path, hashlib.sha256(file).hexdigest()], sort_keys=True)
    return _mac(said.encode("utf-8", "surrogatepass"))


def _mac(canonical: bytes) -> str:
    return hmac.new(current_app.config["SECRET_KEY"].encode(), canonical, hashlib.sha256).hexdigest()


def forget_creations() -> int:
    """Forget which requests were carried out long ago; tell how many. What they made stays, and keeps its id."""
    forgotten = 0
    while True:
        with unit_of_work() as db_session:
            count = _forget_some(db_session)
        forgotten += count
        if count < _AT_ONCE:
            return forgotten


def _forget_some(db_session: DbSession) -> int:
    old = select(*_NAMED_BY).where(Creation.created_at < parts().now() - KEPT)
    found = db_session.execute(old.order_by(Creation.created_at).limit(_AT_ONCE)).all()
    those = delete(Creation).where(tuple_(*_NAMED_BY).in_([tuple(each) for each in found]))
    db_session.execute(those.execution_options(synchronize_session=False))
    return len(found)
