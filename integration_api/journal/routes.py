"""/journal-entries."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, showing, unit_of_work
from integration_api.journal import schemas, use_cases, versions
from integration_api.themes.jobs import tag_stored
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once, Put
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint("Journal", __name__, url_prefix="/v1/journal-entries", description="What patients write.")


def _tagged(caller: Principal, entry_id: UUID) -> object:
    """The words are safe: find themes in them, and read the entry back."""
    tag_stored(entry_id)
    with reading() as db_session:
        return use_cases.read_entry(db_session, caller, entry_id)


@blp.route("")
class JournalEntries(MethodView):
    """What patients write."""

    @blp.lists("listJournalEntries", schemas.JournalEntrySchema, schemas.EntryQuery, of=Resource.JOURNAL_ENTRY)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List journal entries.

        The latest first; of one patient, session, visibility or stretch of time, if asked for.
        """
        with showing() as db_session:
            return use_cases.list_entries(db_session, caller, query["wanted"], page, parts().now())

    @blp.creates(
        "writeJournalEntry",
        schemas.JournalEntryDraftSchema,
        schemas.JournalEntrySchema,
        of=Resource.JOURNAL_ENTRY,
    )
    def post(self, caller: Principal, draft: use_cases.EntryDraft, once: Once) -> object:
        """Write a journal entry.

        The words are stored first; then themes are found in them within the same request. Should the tagger fail, the
        entry is kept all the same, with `tagging.state` as `pending`.
        """
        with unit_of_work() as db_session:
            entry = once(
                db_session,
                lambda: use_cases.write_entry(db_session, caller, draft, parts().now()),
                lambda entry_id: use_cases.read_entry(db_session, caller, entry_id),
            )
        return _tagged(caller, entry.id)


@blp.route("/<uuid:entry_id>")
class OneJournalEntry(MethodView):
    """One journal entry."""

    @blp.reads("readJournalEntry", schemas.JournalEntrySchema, of=Resource.JOURNAL_ENTRY)
    def get(self, caller: Principal, entry_id: UUID) -> object:
        """Read a journal entry.

        With the themes that were found in it, each with its words.
        """
        with reading() as db_session:
            return use_cases.read_entry(db_session, caller, entry_id)

    @blp.stores(
        "putJournalEntry",
        schemas.JournalEntryDraftSchema,
        schemas.JournalEntrySchema,
        of=Resource.JOURNAL_ENTRY,
        creates="writeJournalEntry",
    )
    def put(self, caller: Principal, put: Put, entry_id: UUID) -> object:
        """Create or replace a journal entry.

        Creates it with `If-None-Match: *`, replaces it with `If-Match`.
        """
        with unit_of_work() as db_session:
            put(
                db_session,
                lambda draft: use_cases.write_entry(db_session, caller, draft, parts().now()),
                lambda _: use_cases.read_entry(db_session, caller, entry_id),
                lambda merge: use_cases.change_entry(db_session, caller, entry_id, merge),
            )
        return _tagged(caller, entry_id)

    @blp.patches(
        "changeJournalEntry",
        schemas.JournalEntryDraftSchema,
        schemas.JournalEntrySchema,
        of=Resource.JOURNAL_ENTRY,
    )
    def patch(self, caller: Principal, merge: Any, entry_id: UUID) -> object:
        """Change a journal entry.

        A merge patch. New words are tagged anew; what clinicians reviewed stays with its words.
        """
        with unit_of_work() as db_session:
            use_cases.change_entry(db_session, caller, entry_id, merge)
        return _tagged(caller, entry_id)

    @blp.deletes("deleteJournalEntry", schemas.JournalEntrySchema, of=Resource.JOURNAL_ENTRY)
    def delete(self, caller: Principal, match: Any, entry_id: UUID) -> None:
        """Delete a journal entry.

        Takes the words back, and all that was found in them.
        """
        with unit_of_work() as db_session:
            use_cases.delete_entry(db_session, caller, entry_id, match)


@blp.route("/<uuid:entry_id>/versions")
class EntryVersions(MethodView):
    """What an entry said before."""

    @blp.lists("listEntryVersions", schemas.EntryVersionSchema, PageQuery, of=Resource.JOURNAL_ENTRY, missing=True)
    def get(self, caller: Principal, _query: dict[str, Any], page: Any, entry_id: UUID) -> object:
        """List an entry's former words.

        For its writer alone, the latest first; with words of other devices that clashed with it.
        """
        with showing() as db_session:
            return versions.list_versions(db_session, caller, entry_id, page)


@blp.route("/<uuid:entry_id>/versions/<uuid:version_id>")
class OneEntryVersion(MethodView):
    """What an entry said at a version."""

    @blp.reads("readEntryVersion", schemas.EntryVersionSchema, of=Resource.JOURNAL_ENTRY)
    def get(self, caller: Principal, entry_id: UUID, version_id: UUID) -> object:
        """Read an entry's former words.

        For its writer alone.
        """
        with reading() as db_session:
            return versions.read_version(db_session, caller, entry_id, version_id)


@blp.route("/<uuid:entry_id>/conflicts/<uuid:conflict_id>/resolve")
class EntryConflict(MethodView):
    """Words of two devices that clash."""

    @blp.acts("resolveEntryConflict", schemas.ResolutionSchema, schemas.JournalEntrySchema, of=Resource.JOURNAL_ENTRY)
    def post(self, caller: Principal, resolution: dict[str, Any], entry_id: UUID, conflict_id: UUID) -> object:
        """Resolve a conflict.

        With the words that shall stand, or with none to keep the entry's. Both stay among its versions.
        """
        with unit_of_work() as db_session:
            versions.settle_conflict(db_session, caller, entry_id, conflict_id, resolution["text"])
        return _tagged(caller, entry_id)
