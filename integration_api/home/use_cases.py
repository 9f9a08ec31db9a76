"""What a phone shows first, in one small answer: each part as far as the token reaches, and all of it bounded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.use_cases import COMMITMENTS, list_resolves
from integration_api.care.times import is_over
from integration_api.errors import NotAllowed, NotFound
from integration_api.home.starts import Start, start_of
from integration_api.journal.use_cases import EntryFilter, list_entries
from integration_api.measures.due import Due, Plan
from integration_api.measures.use_cases import list_due
from integration_api.offers.use_cases import Offer, offer_prompts
from integration_api.reminders.use_cases import Scheduled, Wish, list_reminders
from models import (
    Commitment,
    Course,
    Document,
    JournalEntry,
    PageRequest,
    Session,
    journal_entries_within,
    resolves_within,
    sessions_within,
)

# How many, and how much of each: with four bytes a character all of it stays under 10 kB. A part that is added here
# has its field in schemas.py, and tests/home holds the sum.
ENTRIES, ENTRY_START = 5, 140
COMMITMENTS_SHOWN, COMMITMENT_START = 3, 100
PROMPTS, MEASURES, REMINDERS = 1, 5, 3


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
    """The next session, or the one that is sat in now, and the last that was held, closed or not."""

    next: Session | None
    last: Session | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    journal_entries: int
    private_entries: int
    open_commitments: int


@dataclass(frozen=True, slots=True)
class Asked:
    """When and in which language the first screen is asked for, and the clinic's schedule of measures."""

    at: datetime
    language: str
    schedule: Sequence[Plan] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """The first screen of a patient's; a part is None where the token does not reach."""

    patient_id: UUID
    parts: Mapping[str, Any]

    @property
    def new_offer(self) -> Offer | None:
        """The prompt that is put first now and was not before: to be kept, so that another is the next time."""
        offer: Offer | None = self.parts["prompt"]
        return offer if offer is not None and offer.is_new else None


Part = Callable[[DbSession, Principal, Asked], Any]


def read_home(db_session: DbSession, caller: Principal, asked: Asked) -> Home:
    """Put the first screen together; raise `NotFound` for an account without a patient."""
    patient_id = reach(caller, Resource.HOME, Action.READ).patient_id
    if patient_id is None:
        raise NotFound("The account belongs to no patient.")
    return Home(patient_id, {name: _if_allowed(part, db_session, caller, asked) for name, part in PARTS.items()})


def _if_allowed(part: Part, db_session: DbSession, caller: Principal, asked: Asked) -> Any:
    try:
        return part(db_session, caller, asked)
    except NotAllowed:
        return None


def _sessions(db_session: DbSession, caller: Principal, asked: Asked) -> Sessions:
    # What a cancelled course had planned and nobody closed was hardly held.
    is_meant = or_(Session.status != "planned", Session.course.has(Course.status != "cancelled"))
    visible = sessions_within(reach(caller, Resource.SESSION, Action.SEARCH))
    visible = visible.where(Session.status != "cancelled", is_meant)
    ahead = visible.where(Session.status != "completed", ~is_over(asked.at)).order_by(Session.starts_at, Session.id)
    held = visible.where(is_over(asked.at)).order_by(Session.starts_at.desc(), Session.id.desc())
    return Sessions(db_session.scalars(ahead.limit(1)).first(), db_session.scalars(held.limit(1)).first())


def _entries(db_session: DbSession, caller: Principal, asked: Asked) -> Sequence[EntryStart]:
    latest = list_entries(db_session, caller, EntryFilter(), PageRequest(ENTRIES), asked.at).items
    return [EntryStart(each, start_of(each.text, ENTRY_START)) for each in latest]


def _commitments(db_session: DbSession, caller: Principal, _asked: Asked) -> Sequence[CommitmentStart]:
    latest = list_resolves(db_session, caller, COMMITMENTS, (("status", "open"),), PageRequest(COMMITMENTS_SHOWN)).items
    return [CommitmentStart(each.id, each.due_on, start_of(each.text, COMMITMENT_START)) for each in latest]


def _counts(db_session: DbSession, caller: Principal, _asked: Asked) -> Counts:
    entries = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, Action.SEARCH)).where(~JournalEntry.is_draft)
    commitments = resolves_within(Commitment, reach(caller, Resource.COMMITMENT, Action.SEARCH))
    return Counts(
        _count(db_session, entries, Document.id),
        _count(db_session, entries.where(JournalEntry.visibility == "private"), Document.id),
        _count(db_session, commitments.where(Commitment.status == "open"), Commitment.id),
    )


def _count(db_session: DbSession, query: Select[Any], column: Any) -> int:
    within = query.with_only_columns(column).order_by(None).subquery()
    return db_session.scalar(select(func.count()).select_from(within)) or 0


def _prompt(db_session: DbSession, caller: Principal, asked: Asked) -> Offer:
    return offer_prompts(db_session, caller, PROMPTS, asked.language, asked.at)


def _measures_due(db_session: DbSession, caller: Principal, asked: Asked) -> Sequence[Due]:
    return list_due(db_session, caller, asked.schedule, PageRequest(MEASURES), asked.at).items


def _reminders(db_session: DbSession, caller: Principal, asked: Asked) -> Sequence[Scheduled]:
    wish = Wish(timezone=None, schedule=asked.schedule)
    return list_reminders(db_session, caller, wish, PageRequest(REMINDERS), asked.at).items


PARTS: dict[str, Part] = {
    "prompt": _prompt,
    "measures_due": _measures_due,
    "reminders": _reminders,
    "sessions": _sessions,
    "journal_entries": _entries,
    "commitments": _commitments,
    "counts": _counts,
}
