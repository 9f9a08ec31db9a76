"""A patient's motifs: images and phrases of their own that return across sessions, each with its passages."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import defer, lazyload

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Fault, Invalid
from integration_api.people.use_cases import patient_within
from integration_api.themes.gleaned import Listed, OfPatient, gleaned
from integration_api.themes.opening import open_documents, quotes_of
from integration_api.themes.use_cases import RecurrenceFilter, listed_for, windows_for
from models import Document, Page, PageRequest, Reach, documents_within, page_of_list
from nlp.motifs import Motif, Passage, ReadDocument, Standing, may_have_motifs, read_document, standing_motifs
from nlp.recurrence import Window, sequences_for

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
        return self.document.link


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
    return motifs_within(db_session, limits, patient_id, source, page)


def motifs_within(
    db_session: DbSession, limits: Reach, patient_id: UUID, source: str, page: PageRequest
) -> Page[ShownMotif]:
    """Do so for a patient who is known to be within reach."""
    wanted = RecurrenceFilter(source=None if source == BOTH else source)
    # Of what waits for the tagger the language is not yet known.
    listed = [each for each in listed_for(db_session, limits, patient_id, wanted) if each.language == ENGLISH]
    windows = windows_for(db_session, limits, patient_id)
    stand = _stand_of(listed, windows)
    if page.after is not None and page.after[1:] != (stand,):
        # Other motifs may be first by now; naming those that were shown would put the patient's words into addresses.
        raise Invalid(
            Fault("This cursor is not for this list. Please read the list from its beginning.", parameter="cursor")
        )
    with gleaned(db_session).of(patient_id) as known:
        found = _found(db_session, limits, known, listed, windows)
        asked = page_of_list([(each, stand) for each in range(len(found.chosen))], lambda place: place, page)
        motifs = found.described(
            [place for place, _ in asked.items], lambda passages: quotes_of(db_session, limits, known, passages)
        )
        times = {str(each.id): each.written_at for each in listed}
        chosen = [_chosen(motif, times, windows) for motif in motifs]
        passages = [passage for there in chosen for passage in there]
        words = iter(quotes_of(db_session, limits, known, passages))
    documents = _documents(db_session, limits, {UUID(each.document_id) for each in passages})
    shown = [
        _shown(motif, [_quoted(each, documents[each.document_id], next(words)) for each in there])
        for motif, there in zip(motifs, chosen, strict=True)
    ]
    return Page(shown, asked.next_after)


def _stand_of(listed: Sequence[Listed], windows: Sequence[Window]) -> str:
    """Name the state of the documents and sessions that motifs are found in."""
    told = repr([[(each.id, each.revision) for each in listed], windows])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _found(
    db_session: DbSession, limits: Reach, known: OfPatient, listed: Sequence[Listed], windows: Sequence[Window]
) -> Standing:
    """Find motifs; only documents that have come or changed since somebody last asked are opened and read."""
    if not may_have_motifs((each.written_at for each in listed), windows):
        return Standing((), (), ())
    known.fill(db_session, limits, listed)
    read: list[ReadDocument] = []
    unread = [each.id for each in listed if known.documents[each.id].reading is None]
    for document_id, text in open_documents(db_session, limits, known, unread):
        known.documents[document_id].reading = read_document(text, known.vocabulary)
    for each in listed:
        reading = known.documents[each.id].reading
        if reading is not None:
            read.append(ReadDocument(str(each.id), each.written_at, reading))
    return standing_motifs(read, windows, known.vocabulary)


def _documents(db_session: DbSession, limits: Reach, ids: set[UUID]) -> dict[str, Document]:
    """Read documents that are to be named; their words are known already."""
    wanted = documents_within(limits).where(Document.id.in_(ids))
    wanted = wanted.options(lazyload(Document.mentions), lazyload(Document.data_key), defer(Document.text_sealed))
    return {str(document.id): document for document in db_session.scalars(wanted).unique()}


def _shown(motif: Motif, passages: Sequence[ShownPassage]) -> ShownMotif:
    return ShownMotif(
        label=motif.label,
        wordings=motif.wordings,
        session_count=motif.session_count,
        document_count=motif.document_count,
        score=motif.score,
        first_seen=motif.first_seen,
        last_seen=motif.last_seen,
        passages=passages,
    )


def _chosen(motif: Motif, times: dict[str, datetime], windows: Sequence[Window]) -> list[Passage]:
    """Choose passages: the sessions in turn, the latest passage of each first; told in the order of writing."""
    by_session: dict[int, list[Passage]] = defaultdict(list)
    latest_first = motif.passages[::-1]
    sequences = sequences_for(windows, [times[each.document_id] for each in latest_first])
    for sequence, passage in zip(sequences, latest_first, strict=True):
        by_session[sequence].append(passage)
    turns = sorted(
        (turn, -sequence, passage.document_id, passage.start)
        for sequence, passages in by_session.items()
        for turn, passage in enumerate(passages)
    )
    chosen = {(document_id, start) for _, _, document_id, start in turns[:SHOWN]}
    return [passage for passage in motif.passages if (passage.document_id, passage.start) in chosen]


def _quoted(passage: Passage, document: Document, words: str) -> ShownPassage:
    return ShownPassage(document, passage.start, passage.end, words)
