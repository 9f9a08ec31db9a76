"""What one can do with the files of an entry: add them, read them, describe them, take them back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.config import FileSettings
from integration_api.errors import Conflict, Invalid, NotFound
from integration_api.wording import Sentence
from models import (
    Attachment,
    JournalEntry,
    Order,
    Page,
    PageRequest,
    Patient,
    attachments_within,
    journal_entries_within,
    new_id,
    page_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the writer says of a file. The transcript of a voice note is the entry's text."""

    description: str | None = None
    transcript_language: str | None = None
    is_transcript_corrected: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the file itself says: a picture or a voice note, and how large."""

    kind: str
    media_type: str
    byte_count: int
    width: int | None = None
    height: int | None = None


def list_attachments(db_session: DbSession, caller: Principal, entry_id: UUID, page: PageRequest) -> Page[Attachment]:
    """List an entry's files, the first first."""
    entry_for(db_session, caller, entry_id, Action.SEARCH)
    visible = attachments_within(reach(caller, Resource.ATTACHMENT, Action.SEARCH))
    own = visible.where(Attachment.document_id == entry_id)
    return page_of(db_session, own, Order((Attachment.created_at, Attachment.id)), page)


def list_all(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[Attachment]:
    """List the files of all entries that the caller may read."""
    visible = attachments_within(reach(caller, Resource.ATTACHMENT, Action.SEARCH))
    return page_of(db_session, visible, Order((Attachment.created_at, Attachment.id)), page)


def read_attachment(
    db_session: DbSession, caller: Principal, entry_id: UUID, attachment_id: UUID, action: Action = Action.READ
) -> Attachment:
    """Read one; raise `NotFound`."""
    visible = attachments_within(reach(caller, Resource.ATTACHMENT, action))
    wanted = visible.where(Attachment.id == attachment_id, Attachment.document_id == entry_id)
    found = db_session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("There is no such attachment.")
    return found


def make_room(db_session: DbSession, caller: Principal, entry_id: UUID, limits: FileSettings) -> JournalEntry:
    """Find the entry that a file is for; raise `Conflict` where it, or its patient, has as much as one may have."""
    entry = entry_for(db_session, caller, entry_id, Action.CREATE)
    of_entry = select(func.count()).select_from(Attachment).where(Attachment.document_id == entry.id)
    if (db_session.scalar(of_entry) or 0) >= limits.per_entry:
        raise Conflict(
            Sentence.counted(
                "The entry has {n} attachment, and may not have more.",
                "The entry has {n} attachments, and may not have more.",
                limits.per_entry,
            )
        )
    of_patient = select(func.sum(Attachment.byte_count)).where(Attachment.patient_id == entry.patient_id)
    if (db_session.scalar(of_patient) or 0) >= limits.bytes_per_patient:
        raise Conflict("Your attachments take up all the room that there is for them.")
    return entry


def prepare(caller: Principal, entry: JournalEntry, attachment_id: UUID | None, found: Found, said: Said) -> Attachment:
    """Make an attachment that is not stored yet: its file is to be stored first."""
    made = Attachment.made(
        id=attachment_id or new_id(),
        organization_id=caller.organization_id,
        patient_id=entry.patient_id,
        document_id=entry.id,
        kind=found.kind,
        media_type=found.media_type,
        byte_count=found.byte_count,
        width=found.width,
        height=found.height,
    )
    _describe(made, said)
    return made


def attach(db_session: DbSession, caller: Principal, made: Attachment, limits: FileSettings) -> Attachment:
    """Keep an attachment whose file is stored. The entry may have gone meanwhile, or have been filled by another."""
    # One after another; only among themselves, since others refer to the patient while they have their turn.
    db_session.scalar(select(Patient.id).where(Patient.id == made.patient_id).with_for_update(key_share=True))
    make_room(db_session, caller, made.document_id, limits)
    db_session.add(made)
    db_session.flush()
    return made


def change_attachment(
    db_session: DbSession,
    caller: Principal,
    entry_id: UUID,
    attachment_id: UUID,
    merge: Callable[[Attachment], Said],
) -> Attachment:
    """Change what is said of a file."""
    found = read_attachment(db_session, caller, entry_id, attachment_id, Action.UPDATE)
    _describe(found, merge(found))
    db_session.flush()
    return found


def remove_attachment(
    db_session: DbSession, caller: Principal, entry_id: UUID, attachment_id: UUID, match: Callable[[Any], Any]
) -> None:
    """Take a file back; it is deleted once the row is gone for good."""
    found = read_attachment(db_session, caller, entry_id, attachment_id, Action.DELETE)
    match(found)
    db_session.delete(found)
    db_session.flush()


def entry_for(db_session: DbSession, caller: Principal, entry_id: UUID, action: Action) -> JournalEntry:
    """Find the entry that files belong to; raise `NotFound`."""
    visible = journal_entries_within(reach(caller, Resource.ATTACHMENT, action))
    found = db_session.scalars(visible.where(JournalEntry.id == entry_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such journal entry.")
    return found


def _describe(made: Attachment, said: Said) -> None:
    if made.kind != "voice_note" and (said.transcript_language or said.is_transcript_corrected is not None):
        raise Invalid.at("", "Only a voice note has a transcript.")
    made.description = said.description
    made.transcript_language = said.transcript_language
    made.is_transcript_corrected = said.is_transcript_corrected
