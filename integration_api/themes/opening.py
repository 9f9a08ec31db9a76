"""Opening documents' words, for what is read off them and for quotes: each once within a request, as far as one may."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import lazyload

from integration_api.themes.gleaned import Moment, OfPatient, Span
from models import Document, Reach, documents_within
from models.sealing import CannotOpen
from models.stamp import RECKONED
from nlp.motifs import Passage

OPENED_AT_ONCE = 500
_UNREAD = 0  # no revision of any document: it is read again the next time


def open_documents(
    db_session: DbSession, limits: Reach, known: OfPatient, ids: Sequence[UUID]
) -> Iterator[tuple[UUID, str]]:
    """Open some documents' words; within one request each once.

    Words that do not open are none, so that they hide no other document's; nothing that is read off that is kept.
    """
    for document_id, text in _opened(db_session, limits, ids):
        if text is None:
            known.documents[document_id].revision = _UNREAD
        yield document_id, text or ""


def _opened(db_session: DbSession, limits: Reach, ids: Sequence[UUID]) -> Iterator[tuple[UUID, str | None]]:
    moment: Moment | None = db_session.info.get(RECKONED)
    opened = {} if moment is None else moment.opened
    yield from [(each, opened[limits, each]) for each in ids if (limits, each) in opened]
    closed = [each for each in ids if (limits, each) not in opened]
    for start in range(0, len(closed), OPENED_AT_ONCE):
        wanted = documents_within(limits).where(Document.id.in_(closed[start : start + OPENED_AT_ONCE]))
        for document in db_session.scalars(wanted.options(lazyload(Document.mentions))).unique():
            opened[limits, document.id] = words_of(document)
            yield document.id, opened[limits, document.id]


def words_of(document: Document) -> str | None:
    """Give a document's words; None where they do not open."""
    try:
        text = document.text
    except CannotOpen:
        return None
    return None if document.has_gaps else text


def quotes_of(db_session: DbSession, limits: Reach, known: OfPatient, passages: Sequence[Passage]) -> list[str]:
    """Give the words of passages; only documents whose words at these places are not known are opened."""
    by_name = {each.account.document_id: each for each in known.documents.values()}
    wanted = [(by_name[each.document_id], (each.start, each.end)) for each in passages]
    unknown: dict[UUID, set[Span]] = defaultdict(set)
    for passage, (document, span) in zip(passages, wanted, strict=True):
        if span not in document.quotes:
            unknown[UUID(passage.document_id)].add(span)
    for document_id, text in open_documents(db_session, limits, known, sorted(unknown)):
        known.documents[document_id].quotes.update({span: text[slice(*span)] for span in unknown[document_id]})
    return [document.quotes[span] for document, span in wanted]
