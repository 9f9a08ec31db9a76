"""Journal entries from a phone: no word is lost, whichever device wrote it and however late it comes.

An edit of a version that is not the current one is merged field by field with what stood there then. Words that
clash stay beside the entry as a conflict. An edit of an entry that was deleted meanwhile becomes a new, private draft.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.journal.schemas import JournalEntryDraftSchema, JournalEntryFieldsSchema
from integration_api.journal.use_cases import (
    EntryDraft,
    change_entry,
    delete_entry,
    fields_in,
    fields_of,
    read_entry,
    write_entry,
)
from integration_api.journal.versions import add_conflict, draft_with, fields_at, has_new_words_since, settle
from integration_api.sync.writing import APPLIED, CONFLICT, GONE, LEFT, UNCHANGED, Change, Outcome
from integration_api.web.body import load
from models import JournalEntry

KIND = "journal_entry"


@dataclass(frozen=True, slots=True)
class Merged:
    """What an edit comes to. `clash`: its words, where they cannot simply stand. `kept`: fields that stay."""

    draft: EntryDraft
    clash: str | None = None
    kept: tuple[str, ...] = ()


class Entries:
    """The writer of journal entries."""

    def put(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Write or change an entry."""
        entry = _find(db_session, caller, change.id)
        if entry is None:
            return self._write(db_session, caller, change, at, change.id)
        if entry.deleted_at is not None:
            return self._recover(db_session, caller, change, at)
        entry = read_entry(db_session, caller, change.id, Action.UPDATE)
        sent = _sent(change)
        merged = _merge(db_session, entry, sent, change.base_version or 0)
        return self._change(db_session, caller, entry, change, merged)

    def delete(self, db_session: DbSession, caller: Principal, change: Change) -> Outcome:
        """Delete an entry, unless it has been edited since: words win."""
        entry = _find(db_session, caller, change.id)
        if entry is None or entry.deleted_at is not None:
            reach(caller, Resource.JOURNAL_ENTRY, Action.DELETE)
            return GONE if entry is None else UNCHANGED
        entry = read_entry(db_session, caller, change.id, Action.DELETE)
        waiting = {each.id for each in entry.conflicts}
        if change.base_version != entry.version or waiting - set(change.resolves):
            return LEFT
        delete_entry(db_session, caller, change.id, lambda _: None)
        return APPLIED

    def _write(self, db_session: DbSession, caller: Principal, change: Change, at: datetime, entry_id: UUID) -> Outcome:
        draft: EntryDraft = load(JournalEntryDraftSchema(), change.record)
        if entry_id != change.id:
            draft = replace(draft, visibility="private", is_draft=True)
        write_entry(db_session, caller, replace(draft, id=entry_id), at)
        return APPLIED

    def _recover(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Keep an edit's words when its entry was deleted: as a draft under the change's own id."""
        if change.base_version is None or "text" not in (change.record or {}):
            return GONE
        if _find(db_session, caller, change.change_id) is None:
            self._write(db_session, caller, change, at, change.change_id)
        return Outcome("gone", change.change_id)

    def _change(
        self, db_session: DbSession, caller: Principal, entry: JournalEntry, change: Change, merged: Merged
    ) -> Outcome:
        before = entry.version
        change_entry(db_session, caller, entry.id, lambda _: merged.draft)
        settle(db_session, entry, change.resolves, entry.text)
        if merged.clash is not None:
            if merged.clash not in {each.text for each in entry.conflicts}:
                words = replace(merged.draft, text=merged.clash)
                add_conflict(db_session, entry, words, change.change_id, change.base_version or 0)
            return replace(CONFLICT, kept=merged.kept)
        is_same = entry.version == before and not change.resolves
        return replace(UNCHANGED if is_same else APPLIED, kept=merged.kept)


ENTRIES = Entries()


def _find(db_session: DbSession, caller: Principal, entry_id: UUID) -> JournalEntry | None:
    """Find an entry of the caller's own, also one that was deleted."""
    own = select(JournalEntry).where(
        JournalEntry.id == entry_id,
        JournalEntry.organization_id == caller.organization_id,
        JournalEntry.patient_id == caller.patient_id,
    )
    return db_session.scalars(own).one_or_none()


def _sent(change: Change) -> dict[str, Any]:
    """Read what a change says of an entry; the whole of it where it edits no version."""
    schema = JournalEntryFieldsSchema(partial=True) if change.base_version is not None else JournalEntryFieldsSchema()
    sent: dict[str, Any] = load(schema, change.record)
    return sent


def _merge(db_session: DbSession, entry: JournalEntry, sent: dict[str, Any], base_version: int) -> Merged:
    text = sent.pop("text", entry.text)
    said = fields_in(sent)
    if base_version == entry.version:
        is_tied_here = said.get("session_id") == str(entry.session_id) and not entry.is_session_given
        if is_tied_here:
            said.pop("session_id")
        return Merged(draft_with(entry, text, fields_of(entry) | said))
    current, base = fields_of(entry), fields_at(db_session, entry, base_version)
    taken, kept = _taken(said, current, base)
    draft = draft_with(entry, entry.text, current | taken)
    if text == entry.text:
        return Merged(draft, None, kept)
    # What was written for oneself is not shared because another device has shared what stood there before.
    is_shared_unseen = base is not None and _is_own(base | said) and not _is_own(current | taken)
    if base_version and not is_shared_unseen and not has_new_words_since(db_session, entry, base_version):
        return Merged(replace(draft, text=text), None, kept)
    return Merged(draft, text, kept)


def _is_own(told: Mapping[str, Any]) -> bool:
    """Tell whether an entry that says so is its writer's alone."""
    return bool(told["visibility"] == "private" or told["is_draft"])


def _taken(
    said: dict[str, Any], current: dict[str, Any], base: dict[str, Any] | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Choose by the field: what only the phone changed is taken, what both changed stays, private wins over shared."""
    taken, kept = {}, []
    for name, value in said.items():
        was = current[name] if base is None else base[name]
        makes_private = name == "visibility" and value == "private" != current[name]
        if value in (current[name], was) and not makes_private:
            continue
        if makes_private or (base is not None and current[name] == was):
            taken[name] = value
        else:
            kept.append(name)
    if current["is_draft"] is False:
        taken.pop("is_draft", None)
    return taken, tuple(sorted(kept))
