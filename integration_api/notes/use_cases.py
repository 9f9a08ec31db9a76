"""What one can do with clinicians' notes. A note is changed and deleted by its author alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import defaultload

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.use_cases import session_of
from integration_api.errors import Invalid, NotAllowed, NotFound
from integration_api.safety.raising import withdraw_with
from integration_api.themes.tagging import move_findings
from models import (
    Between,
    DocumentVersion,
    Note,
    Order,
    Page,
    PageRequest,
    Patient,
    as_shown,
    is_early,
    narrowed,
    new_id,
    notes_within,
    page_of,
    patients_within,
)


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A note as its author sends it. `written_at` is when it was written; None: now, or as it was."""

    patient_id: UUID
    kind: str
    text: str
    session_id: UUID | None = None
    written_at: datetime | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFilter(Between):
    """Which notes to list, by time of writing; None: whichever."""

    patient_id: UUID | None = None
    session_id: UUID | None = None
    author_id: UUID | None = None
    kind: str | None = None


def list_notes(db_session: DbSession, caller: Principal, wanted: NoteFilter, page: PageRequest) -> Page[Note]:
    """List the notes that the caller may read, the latest first."""
    visible = notes_within(reach(caller, Resource.NOTE, Action.SEARCH))
    equal = (
        (Note.patient_id, wanted.patient_id),
        (Note.session_id, wanted.session_id),
        (Note.author_id, wanted.author_id),
        (Note.note_kind, wanted.kind),
    )
    found = narrowed(visible, equal, Note.written_at, wanted)
    found = found.options(as_shown(defaultload(Note.mentions)))
    order = Order((Note.written_at, Note.id), is_descending=True)
    return page_of(db_session, found, order, page, Note.text_sealed)


def read_note(db_session: DbSession, caller: Principal, note_id: UUID, action: Action = Action.READ) -> Note:
    """Read one note; raise `NotFound`."""
    visible = notes_within(reach(caller, Resource.NOTE, action))
    note = db_session.scalars(visible.where(Note.id == note_id)).one_or_none()
    if note is None:
        raise NotFound("There is no such note.")
    return note


def write_note(db_session: DbSession, caller: Principal, draft: NoteDraft, at: datetime) -> Note:
    """Keep a clinician's note on a patient in their care. `at` is when it arrived."""
    visible = patients_within(reach(caller, Resource.NOTE, Action.CREATE))
    if db_session.scalars(visible.where(Patient.id == draft.patient_id)).one_or_none() is None:
        raise Invalid.at("/patient_id", "There is no such patient.")
    note = Note(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        patient_id=draft.patient_id,
        author_id=caller.user_id,
        text=draft.text,
        note_kind=draft.kind,
        written_at=_time_of(draft, at),
    )
    _tie(db_session, caller, note, draft.session_id)
    db_session.add(note)
    db_session.flush()
    return note


def change_note(
    db_session: DbSession, caller: Principal, note_id: UUID, merge: Callable[[Note], NoteDraft], at: datetime
) -> Note:
    """Change a note of one's own. New words wait for the tagger; what it said before is kept."""
    note = _read_own(db_session, caller, note_id, Action.UPDATE)
    draft = merge(note)
    if draft.patient_id != note.patient_id:
        raise Invalid.at("/patient_id", "A note stays its patient's.")
    if draft.kind != note.note_kind:
        # A psychotherapy note is under stricter rules than the record; it does not slip over by an edit.
        raise Invalid.at("/kind", "A note stays of its kind.")
    if draft.text != note.text:
        db_session.add(_former(note))
        move_findings(note, draft.text)
    if draft.written_at not in (None, note.written_at):
        note.written_at = _time_of(draft, at)
    _tie(db_session, caller, note, draft.session_id)
    db_session.flush()
    return note


def delete_note(db_session: DbSession, caller: Principal, note_id: UUID, match: Callable[[Any], Any]) -> None:
    """Take a note of one's own back, and all that was found in it."""
    note = _read_own(db_session, caller, note_id, Action.DELETE)
    match(note)
    withdraw_with(db_session, note)
    note.mark_deleted()
    db_session.flush()


def _time_of(draft: NoteDraft, at: datetime) -> datetime:
    written_at = draft.written_at or at
    if is_early(written_at, at):
        raise Invalid.at("/written_at", "This time has not come yet.")
    return written_at


def _former(note: Note) -> DocumentVersion:
    """Describe what a note said before its words change."""
    return DocumentVersion(
        id=new_id(),
        organization_id=note.organization_id,
        patient_id=note.patient_id,
        document_id=note.id,
        author_id=note.author_id if note.note_kind == "psychotherapy" else None,
        version=note.version,
        reason="former",
        text=note.text,
        written_at=note.written_at,
    )


def _read_own(db_session: DbSession, caller: Principal, note_id: UUID, action: Action) -> Note:
    note = read_note(db_session, caller, note_id, action)
    if note.author_id != caller.user_id:
        raise NotAllowed("Only its author changes a note.")
    return note


def _tie(db_session: DbSession, caller: Principal, note: Note, session_id: UUID | None) -> None:
    note.is_session_given = session_id is not None
    note.session_id = session_id and session_of(db_session, caller, session_id, note.patient_id)
