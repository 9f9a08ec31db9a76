"""Searching a patient's record: by theme, assertion, time, session, source, and by words.

Words are looked for in texts as they are opened, one after the other, and nothing of that is kept: an index of words
would be a copy of what people wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import lazyload

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.people.use_cases import patient_within
from integration_api.themes.own import require_known
from models import (
    Between,
    Document,
    Mention,
    Page,
    PageRequest,
    documents_within,
    narrowed,
    page_in_time,
    time_of,
)
from nlp.word_search import find_words, words_of

OPENED_AT_ONCE = 200  # documents
AROUND = 60  # characters shown on either side of a word
SHOWN = 5  # passages of a document


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Between):
    """What is looked for; None: whichever. Times are those of writing."""

    words: str | None = None
    theme: str | None = None
    facet: str | None = None
    assertion: str | None = None
    source: str | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document around a word that was looked for."""

    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Found:
    """A document, with the passages and mentions for which it was found."""

    document: Document
    passages: Sequence[Passage]
    mentions: Sequence[Mention]

    @property
    def id(self) -> UUID:
        """The document's."""
        return self.document.id

    @property
    def patient_id(self) -> UUID:
        """Whose record it is."""
        return self.document.patient_id

    @property
    def written_at(self) -> datetime:
        """When it was written."""
        return self.document.written_at


def search(
    db_session: DbSession, caller: Principal, patient_id: UUID, question: Question, page: PageRequest, at: datetime
) -> Page[Found]:
    """Search a patient's record as far as the caller may read it, the latest first; raise `NotFound`.

    What a phone wrote in a time that has not come by `at` stands where it came.
    """
    limits = reach(caller, Resource.SEARCH, Action.SEARCH)
    patient_within(db_session, limits, patient_id)
    if question.theme is not None:
        require_known(db_session, caller.organization_id, [question.theme], "/theme")
    query = _narrowed(documents_within(limits).where(Document.patient_id == patient_id), question)
    words = words_of(question.words or "")
    if question.words is not None and not words:
        return Page((), None)
    found: list[Found] = []
    request = PageRequest(OPENED_AT_ONCE, page.after)
    while len(found) <= page.limit:
        batch = page_in_time(db_session, query, Document.written_at, request, at)
        found += [each for document in batch.items if (each := _found(document, words, question))]
        if batch.next_after is None:
            break
        request = PageRequest(OPENED_AT_ONCE, batch.next_after)
    shown = found[: page.limit]
    return Page(shown, _place(shown[-1].document, at) if len(found) > page.limit else None)


def _place(document: Document, at: datetime) -> tuple[datetime, UUID]:
    return time_of(document.written_at, document.created_at, at), document.id


def _narrowed(query: Select[Any], question: Question) -> Select[Any]:
    """Keep the documents that fit, by what the database knows of them."""
    equal = ((Document.source, question.source), (Document.session_id, question.session_id))
    query = narrowed(query, equal, Document.written_at, question)
    about = [column == value for column, value in _about(question) if value is not None]
    if not about:
        return query.options(lazyload(Document.mentions))  # none is shown, and a record has many
    counted = (Mention.document_id == Document.id, Mention.review.is_distinct_from("rejected"))
    return query.where(exists(select(Mention.id).where(*counted, *about)))


def _about(question: Question) -> tuple[tuple[Any, str | None], ...]:
    wanted = (question.theme, question.facet, question.assertion)
    return tuple(zip((Mention.theme, Mention.facet, Mention.assertion), wanted, strict=True))


def _found(document: Document, words: tuple[str, ...], question: Question) -> Found | None:
    places = find_words(document.text, words)
    if words and not places:
        return None
    return Found(document, _passages(document.text, places), _mentions(document, question))


def _mentions(document: Document, question: Question) -> list[Mention]:
    wanted = {name: value for name, value in (("theme", question.theme), ("facet", question.facet)) if value}
    if question.assertion is not None:
        wanted["assertion"] = question.assertion
    if not wanted:
        return []
    return [
        each
        for each in document.mentions
        if each.review != "rejected" and all(getattr(each, name) == value for name, value in wanted.items())
    ]


def _passages(text: str, places: Sequence[tuple[int, int]]) -> list[Passage]:
    """Show the words with what stands around them; stretches that touch are one."""
    stretches: list[list[int]] = []
    for start, end in places:
        first, last = max(0, start - AROUND), min(len(text), end + AROUND)
        if stretches and first <= stretches[-1][1]:
            stretches[-1][1] = last
        else:
            stretches.append([first, last])
    return [Passage(first, last, text[first:last]) for first, last in stretches[:SHOWN]]
