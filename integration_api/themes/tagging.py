"""What happens to a document's mentions: found, kept, and carried through edits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.safety.raising import settle
from integration_api.safety.routing import Timing
from integration_api.themes.own import KnownTheme, held_themes, wanted_of
from models import FACET, Document, DocumentVersion, Mention, note_all, stamp_all, stamp_records, touch_mentions
from nlp import Analysis, OwnTheme
from nlp import Mention as Finding
from nlp.edits import moves


@dataclass(frozen=True, slots=True)
class Untagged:
    """A stored document as the tagger needs it. `version` says of which state of it the findings will be true."""

    document_id: UUID
    organization_id: UUID
    version: int
    text: str
    kind: Literal["journal", "note"]
    own: tuple[OwnTheme, ...] = ()
    clashing: tuple[tuple[UUID, str], ...] = ()  # words that wait beside an entry for its writer to choose


def read_untagged(db_session: DbSession, document_id: UUID) -> Untagged | None:
    """Read a document that waits for the tagger; None where nothing waits under this id (any longer)."""
    query = select(Document).where(
        Document.id == document_id,
        Document.tagging_state == "pending",
        Document.deleted_at.is_(None),
        ~Document.is_draft,
    )
    document = db_session.scalars(query).one_or_none()
    if document is None:
        return None
    kind = cast("Literal['journal', 'note']", document.source)
    own = wanted_of(db_session, document.organization_id)
    clashing = tuple((each.id, each.text or "") for each in _clashing(db_session, document.id))
    return Untagged(document.id, document.organization_id, document.version, document.text, kind, own, clashing)


def _clashing(db_session: DbSession, document_id: UUID) -> Sequence[DocumentVersion]:
    query = select(DocumentVersion).where(DocumentVersion.document_id == document_id)
    return db_session.scalars(query.where(DocumentVersion.reason == "conflict")).all()


def list_untagged(db_session: DbSession) -> list[UUID]:
    """List the documents that wait for the tagger, the oldest first, in all organizations."""
    query = select(Document.id).where(
        Document.tagging_state == "pending", Document.deleted_at.is_(None), ~Document.is_draft
    )
    return list(db_session.scalars(query.order_by(Document.created_at, Document.id)))


def await_newer(db_session: DbSession, pipeline_version: str | None) -> int:
    """Let what another version of the pipeline has tagged wait for this one; None: every document. Counts them."""
    outdated: list[ColumnElement[bool]] = [Document.deleted_at.is_(None)]
    if pipeline_version is not None:
        outdated.append(Document.pipeline_version != pipeline_version)
    found = db_session.execute(
        update(Document)
        .where(*outdated)
        .values(tagging_state="pending", revision=Document.revision + 1, updated_at=Document.updated_at)
        .execution_options(synchronize_session=False)
    )
    stamp_all(db_session)  # after the documents, as whoever changes one of them has it
    note_all(db_session.connection(), ("journal_entry", "note"))
    return int(found.rowcount)  # type: ignore[attr-defined]


def keep_findings(
    db_session: DbSession,
    untagged: Untagged,
    analysis: Analysis,
    timing: Timing,
    beside: Mapping[UUID, Analysis] | None = None,
) -> None:
    """Keep what the pipeline found in a document, and raise its safety flags, unless it has changed since.

    `beside` is what it found in the words that clash with an entry's: they raise flags, and are nothing else yet.

    What clinicians have reviewed stays as they left it, and the pipeline's own view of the same words does not
    come back beside it. Tagging is no edit: the document's version and time of change stay.
    """
    themes = held_themes(db_session, untagged.organization_id)
    kept = db_session.execute(
        update(Document)
        .where(
            Document.id == untagged.document_id,
            Document.version == untagged.version,
            Document.tagging_state == "pending",  # else another has been quicker, and its mentions are known by now
            ~Document.is_draft,
        )
        .values(
            tagging_state="done",
            pipeline_version=analysis.pipeline_version,
            word_count=analysis.words,
            language=analysis.language,
            revision=Document.revision + 1,
            updated_at=Document.updated_at,
        )
        .execution_options(synchronize_session=False)
    )
    if kept.rowcount == 0:  # type: ignore[attr-defined]
        return
    document = db_session.get_one(Document, untagged.document_id, populate_existing=True)
    stamp_records(db_session, document.organization_id, document.patient_id, [document.id])
    reviewed = [mention for mention in document.mentions if mention.reviews]
    fresh = [finding for finding in analysis.mentions if not _is_reviewed(finding, reviewed)]
    document.mentions = [*reviewed, *_mentions(document, fresh, themes)]
    _keep_signals(db_session, document, beside or {}, themes)
    db_session.flush()
    touch_mentions(db_session, [document.id] if reviewed else [])  # which pipeline read the document is told with them
    settle(db_session, document, timing)


def _keep_signals(
    db_session: DbSession, document: Document, beside: Mapping[UUID, Analysis], themes: dict[str, KnownTheme]
) -> None:
    for each in _clashing(db_session, document.id):
        if each.id in beside:
            found = [finding for finding in beside[each.id].mentions if finding.theme in themes]
            each.signals = [
                (finding.theme, finding.assertion, finding.severity)
                for finding in found
                if themes[finding.theme].facet == FACET
            ]
        else:  # they came while the tagger was reading
            waits = update(Document).where(Document.id == document.id)
            values = {"tagging_state": "pending", "updated_at": Document.updated_at}
            db_session.execute(waits.values(values).execution_options(synchronize_session=False))


def move_findings(document: Document, text: str) -> None:
    """Give a document new words. Reviewed mentions move with their whole sentence, or go with it.

    The same words in another sentence may mean something else. Nobody has spoken of that, so the tagger has its say.
    """
    reviewed = [mention for mention in document.mentions if mention.reviews]
    kept = []
    places = [(mention.start, mention.end) for mention in reviewed]
    for mention, moved in zip(reviewed, moves(document.text, text, places), strict=True):
        if moved is not None:
            mention.start, mention.end = mention.start + moved, mention.end + moved
            kept.append(mention)
    document.mentions = kept
    document.text = text
    document.tagging_state = "pending"


def _is_reviewed(finding: Finding, reviewed: Iterable[Mention]) -> bool:
    """Tell whether clinicians have spoken of this theme in these words."""
    return any(
        finding.theme in {mention.theme, *(review.theme_before for review in mention.reviews)}
        and finding.start < mention.end
        and mention.start < finding.end
        for mention in reviewed
    )


def _mentions(document: Document, findings: Iterable[Finding], themes: dict[str, KnownTheme]) -> list[Mention]:
    return [
        Mention(
            organization_id=document.organization_id,
            patient_id=document.patient_id,
            theme=finding.theme,
            facet=themes[finding.theme].facet,
            start=finding.start,
            end=finding.end,
            assertion=finding.assertion,
            score=finding.score,
            source=finding.source,
            because=finding.because[:500],
            severity_found=finding.severity,
        )
        for finding in findings
        if finding.theme in themes
    ]
