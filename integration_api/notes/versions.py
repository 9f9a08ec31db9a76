"""What a note said before. Whoever may read the note may read that; nobody can change it or take it out by itself."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotAllowed, NotFound
from integration_api.notes.use_cases import read_note
from models import (
    LATEST_VERSION_FIRST,
    DocumentVersion,
    Note,
    Page,
    PageRequest,
    Role,
    notes_within,
    page_of,
    wordings_of,
)


def list_versions(db_session: DbSession, caller: Principal, note_id: UUID, page: PageRequest) -> Page[DocumentVersion]:
    """List what a note said before, the latest first; raise `NotFound`, or `NotAllowed` for a record system."""
    found = wordings_of([_read(db_session, caller, note_id, Action.SEARCH).id])
    return page_of(db_session, found, LATEST_VERSION_FIRST, page, DocumentVersion.text_sealed)


def list_all_versions(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[DocumentVersion]:
    """List what all notes that the caller may read said before, the latest first."""
    readable = notes_within(reach(caller, Resource.NOTE, Action.SEARCH)).with_only_columns(Note.id)
    return page_of(db_session, wordings_of(readable), LATEST_VERSION_FIRST, page)


def read_version(db_session: DbSession, caller: Principal, note_id: UUID, version_id: UUID) -> DocumentVersion:
    """Read one of them; raise as `list_versions`."""
    kept = wordings_of([_read(db_session, caller, note_id, Action.READ).id])
    found = db_session.scalars(kept.where(DocumentVersion.id == version_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such version.")
    return found


def _read(db_session: DbSession, caller: Principal, note_id: UUID, action: Action) -> Note:
    note = read_note(db_session, caller, note_id, action)
    if caller.role == Role.SYSTEM:
        # What was put right is not to live on elsewhere; FHIR shows record systems the current version alone, too.
        raise NotAllowed("A record system reads a note as it stands.")
    return note
