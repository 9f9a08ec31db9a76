"""A patient's motifs: images and phrases of their own that return across sessions, each with its passages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import lazyload

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.people.use_cases import patient_within
from integration_api.themes.use_cases import RecurrenceFilter, counted, windows_for
from models import Document, Page, PageRequest, Reach, documents_within, page_of_list
from nlp.motifs import Motif, MotifDocument, Passage, find_motifs
from nlp.recurrence import Window, window_for

BOTH = "both"
SHOWN = 5
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage with the document that it stands in, and its words."""

    document: Document
    start: int
    end: int
    quote: str

    @property
    def link(self) -> str:
        """Where the document is read."""
        folder = {"journal": "journal-entries", "note": "notes"}[self.document.source]
        return f"/v1/{folder}/{self.document.id}"


@dataclass(frozen=True, slots=True)
class ShownMotif:
    """A motif as it is answered: with a few of its passages, from as many sessions as possible."""

    label: str
    wordings: Sequence[str]
    session_count: int
    document_count: int
    score: float
    first_seen: datetime
    last_seen: datetime
    passages: Sequence[ShownPassage]


def list_motifs(
    db_session: DbSession, caller: Principal, patient_id: UUID, source: str, page: PageRequest
) -> Page[ShownMotif]:
    """List a patient's motifs, those most their own first, as far as the caller may read. `source` may be `both`."""
    limits = reach(caller, Resource.THEME, Action.SEARCH)
    patient_within(db_session, limits, patient_id)
    documents = _documents(db_session, limits, patient_id, None if source == BOTH else source)
    windows = windows_for(db_session, limits, patient_id)
    texts = [MotifDocument(each, document.text, document.written_at) for each, document in documents.items()]
    asked = page_of_list(list(enumerate(find_motifs(texts, windows))), lambda place: (place[0],), page)
    return Page([_shown(motif, documents, windows) for _, motif in asked.items], asked.next_after)


def _documents(db_session: DbSession, limits: Reach, patient_id: UUID, source: str | None) -> dict[str, Document]:
    """Read what was written in English. Of what waits for the tagger the language is not yet known."""
    query = counted(documents_within(limits), patient_id, RecurrenceFilter(source=source))
    query = query.where(Document.language == ENGLISH).options(lazyload(Document.mentions))
    return {str(document.id): document for document in db_session.scalars(query).unique()}


def _shown(motif: Motif, documents: dict[str, Document], windows: Sequence[Window]) -> ShownMotif:
    return ShownMotif(
        label=motif.label,
        wordings=motif.wordings,
        session_count=motif.session_count,
        document_count=motif.document_count,
        score=motif.score,
        first_seen=motif.first_seen,
        last_seen=motif.last_seen,
        passages=[_quoted(each, documents[each.document_id]) for each in _chosen(motif, documents, windows)],
    )


def _chosen(motif: Motif, documents: dict[str, Document], windows: Sequence[Window]) -> list[Passage]:
    """Choose passages: the sessions in turn, the latest passage of each first; told in the order of writing."""
    by_session: dict[int, list[Passage]] = defaultdict(list)
    for passage in reversed(motif.passages):
        by_session[window_for(windows, documents[passage.document_id].written_at).sequence].append(passage)
    turns = sorted(
        (turn, -sequence, passage.document_id, passage.start)
        for sequence, passages in by_session.items()
        for turn, passage in enumerate(passages)
    )
    chosen = {(document_id, start) for _, _, document_id, start in turns[:SHOWN]}
    return [passage for passage in motif.passages if (passage.document_id, passage.start) in chosen]


def _quoted(passage: Passage, document: Document) -> ShownPassage:
    return ShownPassage(document, passage.start, passage.end, document.text[passage.start : passage.end])
