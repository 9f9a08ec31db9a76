"""What a document said before: those of a journal entry's former versions that were finished and shared themselves.

They are their writer's alone, as at `/v1`. Of notes the current version alone is told here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from integration_api.fhir.known import Known
from models import Document, DocumentVersion, Reach, Session
from models.facing import facing_former, has_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A journal entry as it was. Its language was not kept, nor a visit that we had tied it to ourselves."""

    id: UUID
    version: int
    updated_at: datetime
    organization_id: UUID
    patient_id: UUID
    author_id: UUID
    session_id: UUID | None
    written_at: datetime
    text: str = field(repr=False)
    source: str = "journal"
    language: str | None = None


def former_versions(known: Known, limits: Reach, row: Document) -> list[Former]:
    """Give what a document was before, the latest first: to its writer alone, who may have taken words back."""
    if row.author_id != known.caller.user_id:
        return []
    kept = facing_former(limits).where(DocumentVersion.document_id == row.id)
    rows = known.db_session.scalars(kept.order_by(DocumentVersion.version.desc())).all()
    made: list[Former] = []
    words = row.text
    for place, each in enumerate(rows):
        words = words if each.text is None else each.text  # without words of its own it had those of the next one
        if has_left(each):
            # It began when the version before it ended.
            since = rows[place + 1].created_at if place + 1 < len(rows) else row.created_at
            made.append(_former(known, row, each, (words, since)))
    return made


def _former(known: Known, row: Document, was: DocumentVersion, of_it: tuple[str, datetime]) -> Former:
    text, since = of_it
    fields: dict[str, Any] = was.fields or {}
    return Former(
        id=row.id,
        version=was.version,
        updated_at=since,
        organization_id=row.organization_id,
        patient_id=row.patient_id,
        author_id=row.author_id,
        session_id=_session(known, row, fields.get("session_id")),
        written_at=datetime.fromisoformat(fields["written_at"][0]),
        text=text,
    )


def _session(known: Known, row: Document, named: str | None) -> UUID | None:
    """Give the visit that its writer named, as long as it is there."""
    if named is None:
        return None
    there = select(Session.id).where(Session.id == UUID(named), Session.patient_id == row.patient_id)
    return known.db_session.scalar(there)
