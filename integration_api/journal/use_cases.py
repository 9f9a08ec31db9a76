"""What one can do with a journal: write, read, change and delete entries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import defaultload

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
    DocumentVersion,
    JournalEntry,
    Page,
    PageRequest,
    as_shown,
    journal_entries_within,
    latest_session,
    narrowed,
    new_id,
    now,
    offset_minutes_of,
    page_in_time,
    time_of,
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
    is_draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter(Between):
    """Which entries to list, by time of writing; None: whichever."""

    patient_id: UUID | None = None
    session_id: UUID | None = None
    visibility: str | None = None


def list_entries(
    db_session: DbSession, caller: Principal, wanted: EntryFilter, page: PageRequest, at: datetime
) -> Page[JournalEntry]:
    """List the entries that the caller may read, the latest first; one dated far ahead of `at` stands where it came."""
    visible = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, Action.SEARCH))
    equal = (
        (JournalEntry.patient_id, wanted.patient_id),
        (JournalEntry.session_id, wanted.session_id),
        (JournalEntry.visibility, wanted.visibility),
    )
    found = narrowed(visible, equal, JournalEntry.written_at, wanted)
    found = found.options(as_shown(defaultload(JournalEntry.mentions)))
    listed = page_in_time(db_session, found, JournalEntry.written_at, page, at, JournalEntry.text_sealed)
    with_conflicts(db_session, caller, listed.items)
    return listed


def read_entry(db_session: DbSession, caller: Principal, entry_id: UUID, action: Action = Action.READ) -> JournalEntry:
    """Read one entry; raise `NotFound`."""
    visible = journal_entries_within(reach(caller, Resource.JOURNAL_ENTRY, action))
    entry = db_session.scalars(visible.where(JournalEntry.id == entry_id)).one_or_none()
    if entry is None:
        raise NotFound("There is no such journal entry.")
    with_conflicts(db_session, caller, [entry])
    return entry


def with_conflicts(db_session: DbSession, caller: Principal, entries: Iterable[JournalEntry]) -> None:
    """Put to a writer's own entries the words of other devices that clash with them, the oldest first."""
    own = {each.id: each for each in entries if each.author_id == caller.user_id}
    if not own:
        return
    query = select(DocumentVersion).where(DocumentVersion.document_id.in_(own), DocumentVersion.reason == "conflict")
    found: dict[UUID, list[DocumentVersion]] = {}
    for each in db_session.scalars(query.order_by(DocumentVersion.created_at, DocumentVersion.id)):
        found.setdefault(each.document_id, []).append(each)
    for entry_id, entry in own.items():
        entry.show_conflicts(found.get(entry_id, ()))


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
        is_draft=draft.is_draft,
    )
    _set_time(entry, draft.written_at or at)
    _describe(entry, draft)
    _answer(db_session, entry, draft.prompt_id, at)
    _tie(db_session, caller, entry, draft.session_id, time_of(entry.written_at, at, at))
    db_session.add(entry)
    db_session.flush()
    return entry


def change_entry(
    db_session: DbSession, caller: Principal, entry_id: UUID, merge: Callable[[JournalEntry], EntryDraft]
) -> JournalEntry:
    """Change an entry, and keep what it was. New words wait for the tagger; a review stays with its sentence."""
    entry = read_entry(db_session, caller, entry_id, Action.UPDATE)
    draft = merge(entry)
    if draft.patient_id not in (None, entry.patient_id):
        raise Invalid.at("/patient_id", "An entry stays its patient's.")
    if draft.is_draft and not entry.is_draft:
        raise Invalid.at("/is_draft", "An entry that was finished is no draft again.")
    former = _former(entry, draft)
    if draft.text != entry.text:
        move_findings(entry, draft.text)
    entry.is_draft = draft.is_draft
    if draft.written_at is not None:
        _set_time(entry, draft.written_at)
    if draft.prompt_id != entry.prompt_id:
        _answer(db_session, entry, draft.prompt_id, now())
    _describe(entry, draft)
    is_left_to_us = not entry.is_session_given and draft.session_id == entry.session_id
    written_at = time_of(entry.written_at, entry.created_at, now())
    _tie(db_session, caller, entry, None if is_left_to_us else draft.session_id, written_at)
    db_session.flush()
    if entry.version != former.version:
        db_session.add(former)
        db_session.flush()
    return entry


def delete_entry(db_session: DbSession, caller: Principal, entry_id: UUID, match: Callable[[Any], Any]) -> None:
    """Take an entry's words back, and all that was found in them."""
    entry = read_entry(db_session, caller, entry_id, Action.DELETE)
    match(entry)
    withdraw_with(db_session, entry)
    entry.mark_deleted()
    db_session.flush()


def fields_of(entry: JournalEntry) -> dict[str, Any]:
    """Give what a writer said beside the words, as JSON can hold it."""
    given = entry.session_id if entry.is_session_given else None
    return {
        "written_at": [entry.written_at.astimezone(UTC).isoformat(), entry.written_offset_minutes],
        "session_id": None if given is None else str(given),
        "visibility": entry.visibility,
        "origin": entry.origin,
        "mood": None if entry.mood is None else [entry.valence, entry.arousal],
        "prompt_id": None if entry.prompt_id is None else str(entry.prompt_id),
        "is_draft": entry.is_draft,
    }


def fields_in(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Give in the same form what somebody sent of them; a time that is left open is not said."""
    found = {name: sent[name] for name in ("visibility", "origin", "is_draft") if name in sent}
    found |= {name: sent[name] and str(sent[name]) for name in ("session_id", "prompt_id") if name in sent}
    if "mood" in sent:
        mood: Mood = sent["mood"] or Mood()
        found["mood"] = None if mood == Mood() else [mood.valence, mood.arousal]
    if sent.get("written_at") is not None:
        found["written_at"] = [sent["written_at"].astimezone(UTC).isoformat(), offset_minutes_of(sent["written_at"])]
    return found


def draft_of(entry: JournalEntry) -> EntryDraft:
    """Give an entry as its writer could have sent it."""
    return EntryDraft(
        text=entry.text,
        written_at=entry.written_local,
        session_id=entry.session_id,
        visibility=entry.visibility or "private",
        mood=None if entry.mood is None else Mood(entry.valence, entry.arousal),
        prompt_id=entry.prompt_id,
        origin=entry.origin or "typed",
        is_draft=entry.is_draft,
    )


def _former(entry: JournalEntry, draft: EntryDraft) -> DocumentVersion:
    """Describe what an entry was before a change; with its words only where they change."""
    return DocumentVersion(
        id=new_id(),
        organization_id=entry.organization_id,
        patient_id=entry.patient_id,
        document_id=entry.id,
        version=entry.version,
        reason="former",
        text=entry.text if draft.text != entry.text else None,
        fields=fields_of(entry),
        written_at=entry.written_at,
    )


def _set_time(entry: JournalEntry, written_at: datetime) -> None:
    entry.written_at = written_at
    entry.written_offset_minutes = offset_minutes_of(written_at)


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


def _tie(
    db_session: DbSession, caller: Principal, entry: JournalEntry, session_id: UUID | None, written_at: datetime
) -> None:
    """Tie an entry to the session that its writer names, or to the latest one before it was written, as believed."""
    entry.is_session_given = session_id is not None
    if session_id is None:
        entry.session_id = db_session.scalar(select(latest_session(entry.patient_id, written_at)))
        return
    entry.session_id = session_of(db_session, caller, session_id, entry.patient_id)
