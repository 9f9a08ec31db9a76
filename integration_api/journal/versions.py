"""What an entry said before, and words that clash with it: kept for its writer, and shown to nobody else."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotFound
from integration_api.journal import use_cases
from integration_api.journal.use_cases import EntryDraft
from models import (
    LATEST_VERSION_FIRST,
    DocumentVersion,
    JournalEntry,
    Page,
    PageRequest,
    journal_entries_within,
    on_clock,
    page_of,
    wordings_of,
)


def list_versions(db_session: DbSession, caller: Principal, entry_id: UUID, page: PageRequest) -> Page[DocumentVersion]:
    """List what an entry said before, and what clashed with it, the latest first."""
    visible = wordings_of([own_entry(db_session, caller, entry_id, Action.SEARCH).id])
    return page_of(db_session, visible, LATEST_VERSION_FIRST, page, DocumentVersion.text_sealed)


def list_own_versions(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[DocumentVersion]:
    """List the former words of all entries of the caller's own writing, the latest first."""
    visible = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, Action.SEARCH))
    own = visible.where(JournalEntry.author_id == caller.user_id).with_only_columns(JournalEntry.id)
    return page_of(db_session, wordings_of(own), LATEST_VERSION_FIRST, page)


def read_version(db_session: DbSession, caller: Principal, entry_id: UUID, version_id: UUID) -> DocumentVersion:
    """Read one of them; raise `NotFound`."""
    visible = wordings_of([own_entry(db_session, caller, entry_id, Action.READ).id])
    found = db_session.scalars(visible.where(DocumentVersion.id == version_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such version.")
    return found


def settle_conflict(
    db_session: DbSession, caller: Principal, entry_id: UUID, conflict_id: UUID, text: str | None
) -> JournalEntry:
    """Take the writer's word on words that clash: `text` becomes the entry's, or, if None, the entry stays.

    The words that clashed stay among the entry's versions, so that nothing is lost by choosing.
    """
    entry = own_entry(db_session, caller, entry_id, Action.UPDATE)
    settle(db_session, entry, [conflict_id], text, is_strict=True)
    if text is not None and text != entry.text:
        changed = replace(use_cases.draft_of(entry), text=text)
        use_cases.change_entry(db_session, caller, entry_id, lambda _: changed)
    db_session.flush()
    return use_cases.read_entry(db_session, caller, entry_id)


def settle(
    db_session: DbSession,
    entry: JournalEntry,
    conflict_ids: Iterable[UUID],
    text: str | None = None,
    *,
    is_strict: bool = False,
) -> None:
    """Mark words that clashed as settled; with `is_strict` raise `NotFound` for any that are not there.

    Those that become the entry's own `text` are kept there, and not twice.
    """
    wanted = set(conflict_ids)
    query = select(DocumentVersion).where(
        DocumentVersion.document_id == entry.id, DocumentVersion.id.in_(wanted), DocumentVersion.reason == "conflict"
    )
    found = db_session.scalars(query).all()
    if is_strict and len(found) < len(wanted):
        raise NotFound("There are no such words waiting.")
    if found:
        _read_anew(db_session, entry)
    for each in found:
        if each.text == text:
            db_session.delete(each)
        else:
            each.reason = "settled"
    db_session.flush()


def own_entry(db_session: DbSession, caller: Principal, entry_id: UUID, action: Action) -> JournalEntry:
    """Read an entry of the caller's own writing; raise `NotFound`."""
    visible = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, action))
    own = visible.where(JournalEntry.id == entry_id, JournalEntry.author_id == caller.user_id)
    entry = db_session.scalars(own).one_or_none()
    if entry is None:
        raise NotFound("There is no such journal entry.")
    return entry


def add_conflict(
    db_session: DbSession, entry: JournalEntry, draft: EntryDraft, conflict_id: UUID, base_version: int
) -> None:
    """Keep words that clash with an entry's, until their writer chooses."""
    _read_anew(db_session, entry)
    db_session.add(
        DocumentVersion(
            id=conflict_id,
            organization_id=entry.organization_id,
            patient_id=entry.patient_id,
            document_id=entry.id,
            version=base_version,
            reason="conflict",
            text=draft.text,
            written_at=draft.written_at,
        )
    )
    db_session.flush()


def _read_anew(db_session: DbSession, entry: JournalEntry) -> None:
    """Have the tagger read an entry with the words that wait beside it; that is no edit of the entry.

    The entry's row is locked before its patient's stamp, as by everybody, so that nobody waits for each other.
    """
    values = {
        "tagging_state": "pending",
        "revision": JournalEntry.revision + 1,
        "updated_at": JournalEntry.updated_at,
    }
    anew = update(JournalEntry).where(JournalEntry.id == entry.id).values(values)
    db_session.execute(anew.execution_options(synchronize_session=False))


def fields_at(db_session: DbSession, entry: JournalEntry, version: int) -> dict[str, Any] | None:
    """Give what an entry said at a version, but for its words; None where that is not known."""
    if version == entry.version:
        return use_cases.fields_of(entry)
    former = _former(entry).where(DocumentVersion.version == version)
    found = db_session.scalars(former).one_or_none()
    return None if found is None else found.fields


def has_new_words_since(db_session: DbSession, entry: JournalEntry, version: int) -> bool:
    """Tell whether an entry's words have changed since a version; also of a version that never was."""
    if version > entry.version:
        return True
    later = _former(entry).where(DocumentVersion.version >= version, DocumentVersion.text_sealed.is_not(None))
    return db_session.scalar(later.with_only_columns(DocumentVersion.id).limit(1)) is not None


def _former(entry: JournalEntry) -> Select[DocumentVersion]:
    return select(DocumentVersion).where(DocumentVersion.document_id == entry.id, DocumentVersion.reason == "former")


def draft_with(entry: JournalEntry, text: str, told: dict[str, Any]) -> EntryDraft:
    """Make the draft of an entry out of words and fields as `fields_of` gives them."""
    mood = told["mood"]
    return EntryDraft(
        text=text,
        written_at=moment_of(told["written_at"]),
        session_id=None if told["session_id"] is None else UUID(told["session_id"]),
        visibility=told["visibility"],
        mood=None if mood is None else use_cases.Mood(*mood),
        prompt_id=None if told["prompt_id"] is None else UUID(told["prompt_id"]),
        origin=told["origin"],
        is_draft=told["is_draft"],
        patient_id=entry.patient_id,
    )


def moment_of(told: Sequence[Any]) -> datetime:
    """Read a time and its offset in minutes."""
    at, minutes = told
    return on_clock(datetime.fromisoformat(at), minutes)
