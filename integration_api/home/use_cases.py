"""What a phone shows first, in one small answer: each part as far as the token reaches, and all of it bounded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.use_cases import COMMITMENTS, list_resolves
from integration_api.errors import NotAllowed, NotFound
from integration_api.home.starts import Start, start_of
from integration_api.journal.use_cases import EntryFilter, list_entries
from models import (
    Commitment,
    Document,
    JournalEntry,
    PageRequest,
    Session,
    journal_entries_within,
    resolves_within,
    sessions_within,
)

# How many, and how much of each: with four bytes a character all of it stays under 7 kB, which leaves 3 kB of the ten
# to parts that come. A part that is added here has its field in schemas.py, and tests/home holds the sum.
ENTRIES, ENTRY_START = 5, 140
COMMITMENTS_SHOWN, COMMITMENT_START = 3, 100


@dataclass(frozen=True, slots=True)
class EntryStart:
    """An entry, and how it begins."""

    entry: JournalEntry
    start: Start


@dataclass(frozen=True, slots=True)
class CommitmentStart:
    """An open commitment, and how it begins."""

    id: UUID
    due_on: date | None
    start: Start


@dataclass(frozen=True, slots=True)
class Sessions:
    """The next session that is planned, and the last that was held."""

    next: Session | None
    last: Session | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    journal_entries: int
    private_entries: int
    open_commitments: int


@dataclass(frozen=True, slots=True)
class Home:
    """The first screen of a patient's; a part is None where the token does not reach."""

    patient_id: UUID
    parts: Mapping[str, Any]


Part = Callable[[DbSession, Principal, datetime], Any]


def read_home(db_session: DbSession, caller: Principal, at: datetime) -> Home:
    """Put the first screen together; raise `NotFound` for an account without a patient."""
    patient_id = reach(caller, Resource.HOME, Action.READ).patient_id
    if patient_id is None:
        raise NotFound("The account belongs to no patient.")
    return Home(patient_id, {name: _if_allowed(part, db_session, caller, at) for name, part in PARTS.items()})


def _if_allowed(part: Part, db_session: DbSession, caller: Principal, at: datetime) -> Any:
    try:
        return part(db_session, caller, at)
    except NotAllowed:
        return None


def _sessions(db_session: DbSession, caller: Principal, at: datetime) -> Sessions:
    visible = sessions_within(reach(caller, Resource.SESSION, Action.SEARCH))
    ahead = visible.where(Session.status == "planned", Session.starts_at >= at).order_by(Session.starts_at, Session.id)
    held = visible.where(Session.status == "completed", Session.starts_at < at)
    held = held.order_by(Session.starts_at.desc(), Session.id.desc())
    return Sessions(db_session.scalars(ahead.limit(1)).first(), db_session.scalars(held.limit(1)).first())


def _entries(db_session: DbSession, caller: Principal, _at: datetime) -> Sequence[EntryStart]:
    latest = list_entries(db_session, caller, EntryFilter(), PageRequest(ENTRIES)).items
    return [EntryStart(each, start_of(each.text, ENTRY_START)) for each in latest]


def _commitments(db_session: DbSession, caller: Principal, _at: datetime) -> Sequence[CommitmentStart]:
    latest = list_resolves(db_session, caller, COMMITMENTS, (("status", "open"),), PageRequest(COMMITMENTS_SHOWN)).items
    return [CommitmentStart(each.id, each.due_on, start_of(each.text, COMMITMENT_START)) for each in latest]


def _counts(db_session: DbSession, caller: Principal, _at: datetime) -> Counts:
    entries = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, Action.SEARCH))
    commitments = resolves_within(Commitment, reach(caller, Resource.COMMITMENT, Action.SEARCH))
    return Counts(
        _count(db_session, entries, Document.id),
        _count(db_session, entries.where(JournalEntry.visibility == "private"), Document.id),
        _count(db_session, commitments.where(Commitment.status == "open"), Commitment.id),
    )


def _count(db_session: DbSession, query: Select[Any], column: Any) -> int:
    within = query.with_only_columns(column).order_by(None).subquery()
    return db_session.scalar(select(func.count()).select_from(within)) or 0


PARTS: dict[str, Part] = {
    "sessions": _sessions,
    "journal_entries": _entries,
    "commitments": _commitments,
    "counts": _counts,
}
