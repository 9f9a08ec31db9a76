"""/notes."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, showing, unit_of_work
from integration_api.notes import schemas, use_cases, versions
from integration_api.themes.jobs import tag_stored
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once, Put
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint("Notes", __name__, url_prefix="/v1/notes", description="What clinicians write.")


def _tagged(caller: Principal, note_id: UUID) -> object:
    """The words are safe: find themes in them, and read the note back."""
    tag_stored(note_id)
    with reading() as db_session:
        return use_cases.read_note(db_session, caller, note_id)


@blp.route("")
class Notes(MethodView):
    """What clinicians write."""

    @blp.lists("listNotes", schemas.NoteSchema, schemas.NoteQuery, of=Resource.NOTE)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List notes.

        The latest first; of one patient, session, author, kind or stretch of time, if asked for.
        Psychotherapy notes are listed for their author alone.
        """
        with showing() as db_session:
            return use_cases.list_notes(db_session, caller, query["wanted"], page)

    @blp.creates("writeNote", schemas.NoteDraftSchema, schemas.NoteSchema, of=Resource.NOTE)
    def post(self, caller: Principal, draft: use_cases.NoteDraft, once: Once) -> object:
        """Write a note.

        The words are stored first; then themes are found in them within the same request. Should the tagger fail, the
        note is kept all the same, with `tagging.state` as `pending`.
        """
        with unit_of_work() as db_session:
            note = once(
                db_session,
                lambda: use_cases.write_note(db_session, caller, draft, parts().now()),
                lambda note_id: use_cases.read_note(db_session, caller, note_id),
            )
        return _tagged(caller, note.id)


@blp.route("/<uuid:note_id>")
class OneNote(MethodView):
    """One note."""

    @blp.reads("readNote", schemas.NoteSchema, of=Resource.NOTE)
    def get(self, caller: Principal, note_id: UUID) -> object:
        """Read a note.

        With the themes that were found in it, each with its words.
        """
        with reading() as db_session:
            return use_cases.read_note(db_session, caller, note_id)

    @blp.stores(
        "putNote",
        schemas.NoteDraftSchema,
        schemas.NoteSchema,
        of=Resource.NOTE,
        creates="writeNote",
    )
    def put(self, caller: Principal, put: Put, note_id: UUID) -> object:
        """Create or replace a note.

        Creates it with `If-None-Match: *`, replaces it with `If-Match`.
        """
        with unit_of_work() as db_session:
            put(
                db_session,
                lambda draft: use_cases.write_note(db_session, caller, draft, parts().now()),
                lambda _: use_cases.read_note(db_session, caller, note_id),
                lambda merge: use_cases.change_note(db_session, caller, note_id, merge, parts().now()),
            )
        return _tagged(caller, note_id)

    @blp.patches("changeNote", schemas.NoteDraftSchema, schemas.NoteSchema, of=Resource.NOTE)
    def patch(self, caller: Principal, merge: Any, note_id: UUID) -> object:
        """Change a note.

        A merge patch, by its author alone. New words are tagged anew; what clinicians reviewed stays with its words.
        What it said before is kept among its versions.
        """
        with unit_of_work() as db_session:
            use_cases.change_note(db_session, caller, note_id, merge, parts().now())
        return _tagged(caller, note_id)

    @blp.deletes("deleteNote", schemas.NoteSchema, of=Resource.NOTE)
    def delete(self, caller: Principal, match: Any, note_id: UUID) -> None:
        """Delete a note.

        By its author alone. Takes the words back, those of its versions too, and all that was found in them.
        """
        with unit_of_work() as db_session:
            use_cases.delete_note(db_session, caller, note_id, match)


@blp.route("/<uuid:note_id>/versions")
class NoteVersions(MethodView):
    """What a note said before."""

    @blp.lists("listNoteVersions", schemas.NoteVersionSchema, PageQuery, of=Resource.NOTE, missing=True)
    def get(self, caller: Principal, _query: dict[str, Any], page: Any, note_id: UUID) -> object:
        """List a note's former words.

        For those who may read the note, its patient among them, but not for record systems; the latest first.
        """
        with showing() as db_session:
            return versions.list_versions(db_session, caller, note_id, page)


@blp.route("/<uuid:note_id>/versions/<uuid:version_id>")
class OneNoteVersion(MethodView):
    """What a note said at a version."""

    @blp.reads("readNoteVersion", schemas.NoteVersionSchema, of=Resource.NOTE)
    def get(self, caller: Principal, note_id: UUID, version_id: UUID) -> object:
        """Read a note's former words.

        For those who may read the note, but not for record systems.
        """
        with reading() as db_session:
            return versions.read_version(db_session, caller, note_id, version_id)
