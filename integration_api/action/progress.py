"""What later entries say of an intention or commitment, and whether it has gone quiet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.use_cases import STALLS_AFTER
from integration_api.journal.clock import zone_of
from integration_api.themes.gleaned import Listed, OfDocument, OfPatient, Said, gleaned, list_documents
from integration_api.themes.opening import open_documents
from models import Commitment, Page, Reach, Resolve, time_of
from nlp.echoes import echoes_in, read_sentences

SHOWN = 5  # passages of one
Placed = tuple[datetime, Listed]  # a document, and when it was written, as far as clocks can be believed
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
    """An intention or commitment, with what became of it in writing. `entries_since` counts what came after it.

    `spoken_of` counts all sentences that come back to it, `passages` are the latest of them.
    """

    resolve: Any
    entries_since: int
    spoken_of: int
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
    by_patient: dict[UUID, list[Resolve]] = defaultdict(list)
    followed = list(resolves)
    for each in followed:
        by_patient[each.patient_id].append(each)
    found: dict[UUID, Followed] = {}
    limits = reach(caller, Resource.THEME, Action.SEARCH)
    for patient_id, of_patient in by_patient.items():
        since = min(each.created_at for each in of_patient)
        placed = _placed(list_documents(db_session, limits, patient_id), at)
        listed = [each for each in placed if each[0] > since]
        with gleaned(db_session).of(patient_id) as known:
            found |= _follow(db_session, limits, known, of_patient, listed, at)
    return [found[each.id] for each in followed]


def _placed(listed: Iterable[Listed], at: datetime) -> list[Placed]:
    """Put documents in the order in which they were written, as far as clocks can be believed."""
    placed = [(time_of(each.written_at, each.arrived_at, at), each) for each in listed]
    return sorted(placed, key=lambda each: (each[0], each[1].id))


def follow_page(db_session: DbSession, caller: Principal, page: Page[Any], at: datetime) -> Page[Followed]:
    """Do so for a page of them."""
    return Page(follow(db_session, caller, page.items, at), page.next_after)


def _follow(
    db_session: DbSession,
    limits: Reach,
    known: OfPatient,
    resolves: Sequence[Resolve],
    listed: Sequence[Placed],
    at: datetime,
) -> dict[UUID, Followed]:
    """Follow one patient's. What was not looked for before in a document is looked for in one opening of it."""
    known.fill(db_session, limits, [one for _, one in listed])
    said = {each.id: (each.text, frozenset(each.themes)) for each in resolves}
    after = {each.id: [one for one in listed if one[0] > each.created_at] for each in resolves}
    unread: dict[UUID, set[Said]] = defaultdict(set)
    for resolve_id, documents in after.items():
        for _, one in documents:
            if said[resolve_id] not in known.documents[one.id].echoes:
                unread[one.id].add(said[resolve_id])
    for document_id, text in open_documents(db_session, limits, known, sorted(unread)):
        _look(known.documents[document_id], text, unread[document_id])
    here = at.astimezone(zone_of(db_session, resolves[0].patient_id, at))
    return {each.id: _followed(each, known, after[each.id], said[each.id], here) for each in resolves}


def _latest(known: OfPatient, documents: Sequence[Placed], said: Said) -> list[Passage]:
    """Give the latest passages that come back to it, in the order of writing."""
    there = (
        Passage(one.id, one.source, one.written_at, *span, known.documents[one.id].quotes[span])
        for _, one in reversed(documents)
        for span in reversed(known.documents[one.id].echoes[said])
    )
    return list(islice(there, SHOWN))[::-1]


def _look(document: OfDocument, text: str, said: Iterable[Said]) -> None:
    """Look in a document for what comes back to each of these."""
    sentences = read_sentences(text)
    places = [(one.theme, one.start, one.end) for _, one, _ in document.found if one.assertion in _COUNTED]
    for words, about in said:
        spans = echoes_in(words, about, sentences, places)
        document.echoes[words, about] = spans
        document.quotes.update({span: text[slice(*span)] for span in spans})


def _followed(resolve: Resolve, known: OfPatient, after: Sequence[Placed], said: Said, at: datetime) -> Followed:
    """Tell what became of one; `at` is what the clock says where the patient is."""
    spoken_of = sum(len(known.documents[one.id].echoes[said]) for _, one in after)
    last = max((when for when, one in after if known.documents[one.id].echoes[said]), default=None)
    quiet_since = last or resolve.created_at
    is_open = not isinstance(resolve, Commitment) or resolve.status == "open"
    due_on = resolve.due_on if isinstance(resolve, Commitment) else None
    is_stalled = is_open and (at - quiet_since > STALLS_AFTER or _is_past(due_on, at.date()))
    return Followed(resolve, len(after), spoken_of, _latest(known, after, said), last, is_stalled)


def _is_past(due_on: date | None, today: date) -> bool:
    return due_on is not None and due_on < today
