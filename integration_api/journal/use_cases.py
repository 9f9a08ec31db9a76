"""What one can do with a journal: write, read, change and delete entries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.use_cases import session_of
from integration_api.errors import Invalid, NotFound
from integration_api.prompts.own import is_known
from integration_api.prompts.showings import note_shown
from integration_api.safety.raising import withdraw_with
from integration_api.themes.tagging import move_findings
from models import (
    Between,
    JournalEntry,
    Order,
    Page,
    PageRequest,
    journal_entries_within,
    latest_session,
    narrowed,
    new_id,
    now,
    page_of,
)


@dataclass(frozen=True, slots=True)
class Mood:
    """How the writer felt: pleasantness and activation, each from -5 to 5."""

    valence: int | None = None
    arousal: int | None = None


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry as its writer sends it. Without a session it is tied to the latest one before it was written."""

    text: str
    written_at: datetime | None = None
    session_id: UUID | None = None
    visibility: str = "private"
    mood: Mood | None = None
    prompt_id: UUID | None = None
    patient_id: UUID | None = None
    id: UUID | None = None
    origin: str = "typed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter(Between):
    """Which entries to list, by time of writing; None: whichever."""

    patient_id: UUID | None = None
    session_id: UUID | None = None
    visibility: str | None = None


def list_entries(
    db_session: DbSession, caller: Principal, wanted: EntryFilter, page: PageRequest
) -> Page[JournalEntry]:
    """List the entries that the caller may read, the latest first."""
    visible = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, Action.SEARCH))
    equal = (
        (JournalEntry.patient_id, wanted.patient_id),
        (JournalEntry.session_id, wanted.session_id),
        (JournalEntry.visibility, wanted.visibility),
    )
    found = narrowed(visible, equal, JournalEntry.written_at, wanted)
    return page_of(db_session, found, Order((JournalEntry.written_at, JournalEntry.id), is_descending=True), page)


def read_entry(db_session: DbSession, caller: Principal, entry_id: UUID, action: Action = Action.READ) -> JournalEntry:
    """Read one entry; raise `NotFound`."""
    visible = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, action))
    entry = db_session.scalars(visible.where(JournalEntry.id == entry_id)).one_or_none()
    if entry is None:
        raise NotFound("There is no such journal entry.")
    return entry


def write_entry(db_session: DbSession, caller: Principal, draft: EntryDraft, at: datetime) -> JournalEntry:
    """Keep a patient's words. `at` is when they arrived, for a writer who gives no time."""
    limits = reach(caller, Resource.JOURNAL_ENTRY, Action.CREATE)
    if limits.patient_id is None or draft.patient_id not in (None, limits.patient_id):
        raise Invalid.at("/patient_id", "There is no such patient.")
    entry = JournalEntry(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        patient_id=limits.patient_id,
        author_id=caller.user_id,
        text=draft.text,
    )
    _set_time(entry, draft.written_at or at)
    _describe(entry, draft)
    _answer(db_session, entry, draft.prompt_id, at)
    _tie(db_session, caller, entry, draft.session_id)
    db_session.add(entry)
    db_session.flush()
    return entry


def change_entry(
    db_session: DbSession, caller: Principal, entry_id: UUID, merge: Callable[[JournalEntry], EntryDraft]
) -> JournalEntry:
    """Change an entry. New words wait for the tagger; what clinicians reviewed stays with its words."""
    entry = read_entry(db_session, caller, entry_id, Action.UPDATE)
    draft = merge(entry)
    if draft.patient_id not in (None, entry.patient_id):
        raise Invalid.at("/patient_id", "An entry stays its patient's.")
    if draft.text != entry.text:
        move_findings(entry, draft.text)
    if draft.written_at is not None:
        _set_time(entry, draft.written_at)
    if draft.prompt_id != entry.prompt_id:
        _answer(db_session, entry, draft.prompt_id, now())
    _describe(entry, draft)
    is_left_to_us = not entry.is_session_given and draft.session_id == entry.session_id
    _tie(db_session, caller, entry, None if is_left_to_us else draft.session_id)
    db_session.flush()
    return entry


def delete_entry(db_session: DbSession, caller: Principal, entry_id: UUID, match: Callable[[Any], Any]) -> None:
    """Take an entry's words back, and all that was found in them."""
    entry = read_entry(db_session, caller, entry_id, Action.DELETE)
    match(entry)
    withdraw_with(db_session, entry)
    entry.mark_deleted()
    db_session.flush()


def _set_time(entry: JournalEntry, written_at: datetime) -> None:
    offset = written_at.utcoffset()
    entry.written_at = written_at
    entry.written_offset_minutes = int(offset.total_seconds() // 60) if offset else 0


def _describe(entry: JournalEntry, draft: EntryDraft) -> None:
    mood = draft.mood or Mood()
    entry.visibility, entry.prompt_id, entry.origin = draft.visibility, draft.prompt_id, draft.origin
    entry.valence, entry.arousal = mood.valence, mood.arousal


def _answer(db_session: DbSession, entry: JournalEntry, prompt_id: UUID | None, at: datetime) -> None:
    """Keep which question an entry answers: the patient has seen it. One that was taken out since is still known."""
    if prompt_id is None:
        return
    if not is_known(db_session, entry.organization_id, prompt_id):
        raise Invalid.at("/prompt_id", "There is no such prompt.")
    note_shown(db_session, entry.organization_id, entry.patient_id, prompt_id, at)


def _tie(db_session: DbSession, caller: Principal, entry: JournalEntry, session_id: UUID | None) -> None:
    """Tie an entry to the session that its writer names, or to the latest one that began before it."""
    entry.is_session_given = session_id is not None
    if session_id is None:
        entry.session_id = db_session.scalar(select(latest_session(entry.patient_id, entry.written_at)))
        return
    entry.session_id = session_of(db_session, caller, session_id, entry.patient_id)
