"""What later entries say of an intention or commitment, and whether it has gone quiet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.use_cases import STALLS_AFTER
from models import Commitment, Document, Page, Resolve, documents_within
from nlp.echoes import Later, find_echoes

SHOWN = 5  # passages of one
_COUNTED = ("affirmed", "hypothetical")


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of a later document that comes back to it."""

    document_id: UUID
    source: str
    written_at: datetime
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Followed:
    """An intention or commitment, with what became of it in writing. `entries_since` counts what came after it."""

    resolve: Any
    entries_since: int
    passages: Sequence[Passage]
    last_spoken_of: datetime | None
    is_stalled: bool

    @property
    def id(self) -> UUID:
        """The id of what is followed."""
        return UUID(str(self.resolve.id))

    @property
    def patient_id(self) -> UUID:
        """Whose it is."""
        return UUID(str(self.resolve.patient_id))


def follow(db_session: DbSession, caller: Principal, resolves: Iterable[Resolve], at: datetime) -> list[Followed]:
    """Look for what later entries and notes, as far as the caller may read them, say of each."""
    followed = list(resolves)
    later: dict[UUID, list[Document]] = {}
    for patient_id in {each.patient_id for each in followed}:
        since = min(each.created_at for each in followed if each.patient_id == patient_id)
        later[patient_id] = _written_since(db_session, caller, patient_id, since)
    return [_followed(each, later[each.patient_id], at) for each in followed]


def follow_page(db_session: DbSession, caller: Principal, page: Page[Any], at: datetime) -> Page[Followed]:
    """Do so for a page of them."""
    return Page(follow(db_session, caller, page.items, at), page.next_after)


def _written_since(db_session: DbSession, caller: Principal, patient_id: UUID, since: datetime) -> list[Document]:
    visible = documents_within(reach(caller, Resource.THEME, Action.SEARCH))
    wanted = visible.where(Document.patient_id == patient_id, Document.written_at > since)
    return list(db_session.scalars(wanted.order_by(Document.written_at, Document.id)).unique())


def _followed(resolve: Resolve, documents: Sequence[Document], at: datetime) -> Followed:
    after = {str(each.id): each for each in documents if each.written_at > resolve.created_at}
    echoes = find_echoes(resolve.text, resolve.themes, (_later(each) for each in after.values()))
    passages = [_passage(after[each.document_id], each.start, each.end) for each in echoes]
    last = passages[-1].written_at if passages else None
    quiet_since = last or resolve.created_at
    is_open = not isinstance(resolve, Commitment) or resolve.status == "open"
    due_on = resolve.due_on if isinstance(resolve, Commitment) else None
    is_stalled = is_open and (at - quiet_since > STALLS_AFTER or _is_past(due_on, at.date()))
    return Followed(resolve, len(after), passages[-SHOWN:], last, is_stalled)


def _is_past(due_on: date | None, today: date) -> bool:
    return due_on is not None and due_on < today


def _later(document: Document) -> Later:
    places = [
        (each.theme, each.start, each.end)
        for each in document.mentions
        if each.assertion in _COUNTED and each.review != "rejected"
    ]
    return Later(str(document.id), document.text, places)


def _passage(document: Document, start: int, end: int) -> Passage:
    return Passage(document.id, document.source, document.written_at, start, end, document.text[start:end])
