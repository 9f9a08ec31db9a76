"""Clinicians' reviews as training examples, of patients who have agreed to that."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.themes.opening import words_of
from models import Deed, Document, Mention, append_deeds, consents_to
from nlp import DocumentKind, load_taxonomy
from nlp.review_examples import Judgement, review_examples

PURPOSE = "research_export"
_RIGHT = {"confirmed": True, "rejected": False, None: None}


def export_reviews(db_session: DbSession, at: datetime) -> Iterator[str]:
    """Give one JSON line for each sentence whose mentions clinicians have all judged.

    Only of patients whose latest word on `research_export` is yes, never of private entries or psychotherapy notes, and
    under names drawn by lot. The words themselves are the writers' own and may hold names: they stay narrative data.
    """
    query = (
        select(Document)
        .join(Mention, Mention.document_id == Document.id)
        .where(
            Mention.review.is_not(None),
            Document.deleted_at.is_(None),
            Document.tagging_state == "done",  # else what nobody has judged is not yet known
            Document.visibility.is_distinct_from("private"),
            Document.note_kind.is_distinct_from("psychotherapy"),
            consents_to(Document.patient_id, PURPOSE),
        )
        .order_by(Document.id)
        .distinct()
    )
    documents = db_session.scalars(query).all()
    _tell(db_session, documents, at)
    known = load_taxonomy().themes  # a clinic's own are nobody else's, and no reader knows them
    for document in documents:
        text = words_of(document)
        if text is None:  # it keeps no other from leaving; the worker and `integration-api check` tell of it
            continue
        kind = cast("DocumentKind", document.source)
        judgements = [
            Judgement(each.theme, each.start, each.end, each.assertion, _RIGHT[each.review])
            for each in document.mentions
            if each.theme in known
        ]
        yield from review_examples(secrets.token_hex(6), kind, text, judgements)


def _tell(db_session: DbSession, documents: Sequence[Document], at: datetime) -> None:
    """Tell each patient's trail that words of theirs have left by the command line."""
    taken: dict[UUID, set[UUID]] = {}
    for document in documents:
        taken.setdefault(document.organization_id, set()).add(document.patient_id)
    for organization_id, patients in taken.items():
        deeds = [Deed.by_command_line("exportReviews", "Document", "read", each) for each in sorted(patients)]
        append_deeds(db_session, organization_id, at, deeds)
