"""What was read off documents before, in this process's memory: so one more entry is one more to read, not all of them.

It is kept by document and revision, never by reader. Whoever asks finds out first, by the scoped selects, which
documents may be read; only of these anything is counted. Nothing of it goes to disk, and of a patient whom nobody has
asked about for an hour nothing stays.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session as DbSession

from models import Document, Mention, Reach, documents_within, mentions_within
from models.stamp import RECKONED
from nlp import Assertion, DocumentKind
from nlp.motifs import Reading, Vocabulary
from nlp.recurrence import Account, Ledger, Sighting, Window, Writing, account_of
from nlp.recurrence.counts import Tally

KEPT = 20_000  # documents in one process, whosesoever; docs/operation.md tells what that takes
SECONDS = 3600
LEDGERS = 4  # of one patient: the patient's own, the team's, an author's of psychotherapy notes, another
FEW = 200  # documents that are asked for one by one
READ = "en"  # in other languages nothing is looked for, so that their silence says nothing
Span = tuple[int, int]
Said = tuple[str, frozenset[str]]  # an intention or commitment: its words and themes


class Listed(NamedTuple):
    """A document that may be read, and in which revision."""

    id: UUID
    revision: int
    written_at: datetime
    words: int
    source: DocumentKind
    tagging_state: str
    language: str | None
    arrived_at: datetime

    @property
    def is_looked_through(self) -> bool:
        """Tell, of one that is tagged, whether anything was looked for in it. In the beginning all was taken for it."""
        return self.language in (None, READ)


LISTED = (
    Document.id, Document.revision, Document.written_at, Document.word_count, Document.source, Document.tagging_state,
    Document.language, Document.created_at,
)  # fmt: skip


def listed_of(row: Any) -> Listed:
    """Take what `LISTED` selects."""
    return Listed(row[0], row[1], row[2], row[3], voice_of(row[4]), row[5], row[6], row[7])


class Found(NamedTuple):
    """A mention that counts, with what recurrence does not ask of it."""

    facet: str
    sighting: Sighting
    severity: str | None


@dataclass(slots=True)
class OfDocument:
    """What was read off one document. `found` are its mentions, but for rejected ones.

    `reading`, `echoes` and `quotes` are filled where somebody asks.
    """

    revision: int
    found: Sequence[Found]
    account: Account
    reading: Reading | None = None
    echoes: dict[Said, tuple[Span, ...]] = field(default_factory=dict)
    quotes: dict[Span, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Counted:
    """A choice of documents, added up."""

    ledger: Ledger
    accounts: dict[UUID, Account]
    revisions: dict[UUID, int]

    def follow(self, documents: Mapping[UUID, OfDocument], revisions: dict[UUID, int]) -> None:
        """Take out what has gone or changed, and put in what has come."""
        for document_id in {each for each, _ in self.revisions.items() ^ revisions.items()}:
            if document_id in self.accounts:
                self.ledger.remove(self.accounts.pop(document_id))
            if document_id in revisions:
                self.accounts[document_id] = documents[document_id].account
                self.ledger.add(self.accounts[document_id])
        self.revisions = revisions


class OfPatient:
    """What was read off one patient's documents. Used by one thread at a time."""

    def __init__(self, patient_id: UUID) -> None:
        self.patient_id = patient_id
        self.lock = Lock()
        self.documents: dict[UUID, OfDocument] = {}
        self.vocabulary = Vocabulary()
        self.used_at = monotonic()
        self._counted: list[_Counted] = []

    def fill(self, db_session: DbSession, limits: Reach, listed: Sequence[Listed]) -> None:
        """Read what is not known of these documents, or known in another revision only; forget what is gone."""
        known = self.documents
        missing = {each.id: each for each in listed if each.id not in known or known[each.id].revision != each.revision}
        if not missing:
            return
        found: dict[UUID, list[Found]] = {document_id: [] for document_id in missing}
        for document_id, one in _mentions(db_session, limits, self.patient_id, missing):
            found[document_id].append(one)
        for document_id, each in missing.items():
            affirmed = (one.sighting for one in found[document_id] if one.sighting.assertion == Assertion.AFFIRMED)
            account = account_of(Writing(str(document_id), each.written_at, each.words, each.source), affirmed)
            self.documents[document_id] = OfDocument(each.revision, tuple(found[document_id]), account)
        self._forget(db_session, limits)

    def _forget(self, db_session: DbSession, limits: Reach) -> None:
        """Let documents go that were deleted. What this reader may not read, another may."""
        others = self.documents.keys() - {each.id for each in list_documents(db_session, limits, self.patient_id)}
        if not others:
            return
        live = select(Document.id).where(Document.id.in_(others), Document.deleted_at.is_(None))
        self.drop(others - set(db_session.scalars(live)))

    def drop(self, gone: AbstractSet[UUID]) -> None:
        """Let documents go, with every word that stood in them alone."""
        if gone.isdisjoint(self.documents):
            return
        self.documents = {each: found for each, found in self.documents.items() if each not in gone}
        for each in self._counted:
            each.follow(self.documents, {one: number for one, number in each.revisions.items() if one not in gone})
        self.vocabulary.keep(each.reading for each in self.documents.values() if each.reading is not None)

    def count(self, windows: tuple[Window, ...], listed: Sequence[Listed]) -> Ledger:
        """Add documents up, beginning from whatever choice of documents was added up before and is nearest."""
        revisions = {each.id: each.revision for each in listed}
        self._counted = [each for each in self._counted if each.ledger.windows == windows]
        apart = {id(each): len(each.revisions.items() ^ revisions.items()) for each in self._counted}
        nearest = min(self._counted, key=lambda each: apart[id(each)], default=None)
        if nearest is None or apart[id(nearest)] > len(revisions) // 4:
            nearest = _Counted(Ledger(windows), {}, {})
        else:
            self._counted = [each for each in self._counted if each is not nearest]
        nearest.follow(self.documents, revisions)
        self._counted = [*self._counted, nearest][-LEDGERS:]
        return nearest.ledger


class Gleaned:
    """What was read off the documents of an application; of patients asked about longest ago it goes first."""

    def __init__(self, kept: int = KEPT, seconds: float = SECONDS) -> None:
        self._kept, self._seconds = kept, seconds
        self._patients: OrderedDict[UUID, OfPatient] = OrderedDict()
        self._lock = Lock()

    def moment(self) -> "Moment":
        """Give it to a database session, all of whose reading is of one moment."""
        return Moment(self)

    @contextmanager
    def of(self, patient_id: UUID) -> Iterator[OfPatient]:
        """Give what is known of a patient, for one thread at a time."""
        with self._lock:
            self._let_go()
            known = self._patients.setdefault(patient_id, OfPatient(patient_id))
            self._patients.move_to_end(patient_id)
        with known.lock:
            known.used_at = monotonic()
            yield known

    def forget(self, named: Iterable[tuple[UUID, UUID | None]]) -> None:
        """Forget documents, or with None all that is known of a patient. Who is reckoning now finishes first."""
        by_patient: dict[UUID, set[UUID | None]] = defaultdict(set)
        for patient_id, document_id in named:
            by_patient[patient_id].add(document_id)
        for patient_id, gone in by_patient.items():
            with self._lock:
                known = self._patients.pop(patient_id, None) if None in gone else self._patients.get(patient_id)
            if known is not None and None not in gone:
                with known.lock:
                    known.drop({each for each in gone if each is not None})

    def _let_go(self) -> None:
        held = sum(len(each.documents) for each in self._patients.values())
        for patient_id, each in list(self._patients.items()):
            is_old = monotonic() - each.used_at > self._seconds
            if not is_old and held <= self._kept:
                return
            held -= len(each.documents)
            del self._patients[patient_id]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a database session may use again. All that it reads is of one moment, so it asks once."""

    gleaned: Gleaned
    listed: dict[tuple[Reach, UUID], list[Listed]] = field(default_factory=dict)
    windows: dict[tuple[Reach, UUID], tuple[Window, ...]] = field(default_factory=dict)
    rates: dict[UUID, dict[str, Tally]] = field(default_factory=dict)
    opened: dict[tuple[Reach, UUID], str | None] = field(default_factory=dict)  # gone with the request


def gleaned(db_session: DbSession) -> Gleaned:
    """Give what a database session may use again; within a change that is nothing, since it may yet be undone."""
    moment: Moment | None = db_session.info.get(RECKONED)
    return Gleaned() if moment is None else moment.gleaned


def list_documents(db_session: DbSession, limits: Reach, patient_id: UUID) -> list[Listed]:
    """List what a caller may read of a patient's, in the order of writing, without the words."""
    moment: Moment | None = db_session.info.get(RECKONED)
    listed = None if moment is None else moment.listed.get((limits, patient_id))
    if listed is None:
        query: Any = documents_within(limits).where(Document.patient_id == patient_id)
        query = query.order_by(Document.written_at, Document.id).with_only_columns(*LISTED)
        listed = [listed_of(row) for row in db_session.execute(query)]
        if moment is not None:
            moment.listed[limits, patient_id] = listed
    return listed


def looked_through() -> ColumnElement[bool]:
    """Tell the same of a row of `Document`."""
    return or_(Document.language.is_(None), Document.language == READ)


def voice_of(source: str) -> DocumentKind:
    """Say whose voice a document is."""
    return "journal" if source == "journal" else "note"


def _mentions(
    db_session: DbSession, limits: Reach, patient_id: UUID, wanted: Mapping[UUID, Listed]
) -> Iterator[tuple[UUID, Found]]:
    """Read every mention of some documents but for rejected ones."""
    counted = (Mention.patient_id == patient_id, Mention.review.is_distinct_from("rejected"))
    query: Any = mentions_within(limits).where(*counted)
    if len(wanted) <= FEW:
        query = query.where(Mention.document_id.in_(wanted))
    columns: tuple[Any, ...] = (Mention.document_id, Mention.id, Mention.theme, Mention.facet, Mention.assertion)
    columns += (Mention.score, Mention.review, Mention.start, Mention.end, Mention.severity)
    query = query.with_only_columns(*columns).order_by(Mention.start, Mention.id)
    names = {document_id: str(document_id) for document_id in wanted}  # one string each, for all of its mentions
    for document_id, mention_id, theme, facet, assertion, score, review, start, end, severity in db_session.execute(
        query
    ):
        listed = wanted.get(document_id)
        if listed is None:
            continue
        sighting = Sighting(
            str(mention_id),
            names[document_id],
            intern(theme),
            Assertion(assertion),
            score,
            listed.written_at,
            listed.source,
            review == "confirmed",
            start,
            end,
        )
        yield document_id, Found(intern(facet), sighting, severity)
