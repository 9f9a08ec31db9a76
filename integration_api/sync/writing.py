"""What a phone asks for with one change, what comes of it, and how a kind of record takes part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal

# applied: done. unchanged: it was so already, or this very change was done before. conflict: the record has changed
# since `base_version`; words are kept beside it, or left to the phone. gone: the record was deleted elsewhere; words
# of an edit are kept as a new draft. invalid, refused: not done, and never will be as it is.
OUTCOMES = ("applied", "unchanged", "conflict", "gone", "invalid", "refused")


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `record` holds what shall change, or, without a `base_version`, a whole new record."""

    change_id: UUID
    kind: str
    id: UUID
    op: str
    base_version: int | None = None
    record: dict[str, Any] | None = None
    resolves: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one change. `record_id`: of another record that the words went to. `kept`: fields that stay.

    `is_stored`: what was sent is safe here, or was asked to go; if not, the phone must keep it.
    """

    outcome: str
    record_id: UUID | None = None
    kept: Sequence[str] = ()
    is_stored: bool = True


APPLIED, UNCHANGED, CONFLICT, GONE = (Outcome(each) for each in OUTCOMES[:4])
LEFT = Outcome("conflict", is_stored=False)  # nothing was done


class Writer(Protocol):
    """How changes of one kind are carried out, by the same use cases as at the other doors."""

    def put(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Create or change a record."""

    def delete(self, db_session: DbSession, caller: Principal, change: Change) -> Outcome:
        """Delete a record."""
