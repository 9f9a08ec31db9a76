"""/journal-entries/{id}/attachments."""

from typing import Any
from uuid import UUID

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.attachments import schemas, use_cases
from integration_api.attachments.cleaning import ENDINGS, MEDIA_TYPES
from integration_api.attachments.jobs import discard
from integration_api.attachments.receiving import Receiving, opened
from integration_api.db import reading, showing, unit_of_work
from integration_api.web.files import FileBlueprint, Told
from integration_api.web.pages import PageQuery
from integration_api.web.preconditions import etag_of
from integration_api.wiring import parts

blp = FileBlueprint(
    "Attachments",
    __name__,
    url_prefix="/v1/journal-entries/<uuid:entry_id>/attachments",
    description="Pictures and voice notes of journal entries.",
)


@blp.route("")
class Attachments(MethodView):
    """Pictures and voice notes of an entry."""

    @blp.lists("listAttachments", schemas.AttachmentSchema, PageQuery, of=Resource.ATTACHMENT, missing=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any, entry_id: UUID) -> object:
        """List an entry's attachments.

        The first first. Who may read the entry may read its attachments.
        """
        with showing() as db_session:
            return use_cases.list_attachments(db_session, caller, entry_id, page)

    @blp.uploads("addAttachment", MEDIA_TYPES, schemas.UploadQuery, schemas.AttachmentSchema, of=Resource.ATTACHMENT)
    def post(self, caller: Principal, query: dict[str, Any], sent: Any, entry_id: UUID) -> object:
        """Add a picture or voice note.

        The body is the file itself. Its content decides what it is: JPEG, PNG or WebP; M4A, MP3,
        WAV, or Opus in WebM or Ogg. It is kept
        without what is no picture or sound (place, time, device, names), save which way is up; sealed, and outside the
        database. By the entry's writer alone. The same file under the same id again is answered as before.
        """
        said = use_cases.Said(**{name: value for name, value in query.items() if name != "id"})
        receiving = Receiving(parts().file_store, current_app.config["SETTINGS"].files, discard)
        return receiving.receive(caller, entry_id, query["id"], said, sent)


@blp.route("/<uuid:attachment_id>")
class OneAttachment(MethodView):
    """One picture or voice note."""

    @blp.reads("readAttachment", schemas.AttachmentSchema, of=Resource.ATTACHMENT)
    def get(self, caller: Principal, entry_id: UUID, attachment_id: UUID) -> object:
        """Read what is known of an attachment.

        What it is, how large, and what its writer says of it.
        """
        with reading() as db_session:
            return use_cases.read_attachment(db_session, caller, entry_id, attachment_id)

    @blp.patches("describeAttachment", schemas.AttachmentDraftSchema, schemas.AttachmentSchema, of=Resource.ATTACHMENT)
    def patch(self, caller: Principal, merge: Any, entry_id: UUID, attachment_id: UUID) -> object:
        """Describe an attachment.

        A merge patch: in words, for who cannot see or hear it; and what is known of a voice note's transcript.
        """
        with unit_of_work() as db_session:
            return use_cases.change_attachment(db_session, caller, entry_id, attachment_id, merge)

    @blp.deletes("deleteAttachment", schemas.AttachmentSchema, of=Resource.ATTACHMENT)
    def delete(self, caller: Principal, match: Any, entry_id: UUID, attachment_id: UUID) -> None:
        """Take an attachment back.

        The file is deleted, and the key that opens it.
        """
        with unit_of_work() as db_session:
            use_cases.remove_attachment(db_session, caller, entry_id, attachment_id, match)


@blp.route("/<uuid:attachment_id>/content")
class AttachmentContent(MethodView):
    """The file itself."""

    @blp.gives("readAttachmentContent", MEDIA_TYPES, of=Resource.ATTACHMENT)
    def get(self, caller: Principal, entry_id: UUID, attachment_id: UUID) -> Told:
        """Read the file.

        As it is kept, with its true media type. It never changes: its ETag is good for as long as it is there.
        """
        with reading() as db_session:
            found = use_cases.read_attachment(db_session, caller, entry_id, attachment_id)
        return Told(
            record=found,
            media_type=found.media_type,
            size=found.byte_count,
            name=f"{found.id}.{ENDINGS[found.media_type]}",
            etag=etag_of([str(found.id), found.storage_name]),
            parts=lambda: opened(parts().file_store, found),
        )
