"""Attachments on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load, validate

from integration_api.attachments.cleaning import MEDIA_TYPES
from integration_api.attachments.use_cases import Said
from integration_api.web.schema import Choice, Id, Moment, Pattern, Schema, Truth, WithWords, Words

KINDS = ("picture", "voice_note")
LONGEST_DESCRIPTION = 2_000
_LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"  # RFC 5646, roughly
_ID, _ENTRY = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e50", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08"
_PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_SPOKEN = {"description": "Of a voice note: the language of the transcript, which is the entry's text; RFC 5646."}
_CORRECTED = {"description": "Of a voice note: whether its writer has read the transcript and put it right."}
_IS_LANGUAGE = [validate.Length(max=35), Pattern(_LANGUAGE)]


class UploadQuery(Schema):
    """What the address says of a file that is sent."""

    id = Id(load_default=None, metadata={"description": "The client's own id for it."})
    transcript_language = fields.String(
        load_default=None,
        validate=_IS_LANGUAGE,
        metadata=_SPOKEN,
    )
    is_transcript_corrected = fields.Boolean(load_default=None, truthy={"true"}, falsy={"false"}, metadata=_CORRECTED)


class AttachmentDraftSchema(Schema):
    """What its writer says of a file."""

    example: ClassVar[dict[str, Any]] = {"description": "The door, as I drew it that evening."}
    patch_example: ClassVar[dict[str, Any]] = {"description": "The door, as I drew it that evening."}

    description = Words(
        LONGEST_DESCRIPTION,
        allow_none=True,
        load_default=None,
        metadata={"description": "What is to be seen or heard, for who cannot see or hear it."},
    )
    transcript_language = fields.String(
        allow_none=True,
        load_default=None,
        validate=_IS_LANGUAGE,
        metadata=_SPOKEN,
    )
    is_transcript_corrected = Truth(allow_none=True, load_default=None, metadata=_CORRECTED)

    @post_load
    def to_said(self, data: dict[str, Any], **_: Any) -> Said:
        """Make the use case's own value of it."""
        return Said(**data)


class AttachmentSchema(WithWords):
    """A picture or voice note of an entry, as it is kept: without place, time and device. `content` has the file."""

    example: ClassVar[dict[str, Any]] = {
        "id": _ID,
        "entry_id": _ENTRY,
        "patient_id": _PATIENT,
        "kind": "picture",
        "media_type": "image/jpeg",
        "byte_count": 2_481_033,
        "width": 3024,
        "height": 4032,
        "description": "The door, as I drew it that evening.",
        "transcript_language": None,
        "is_transcript_corrected": None,
        "version": 1,
        "created_at": "2026-03-09T13:12:04Z",
        "updated_at": "2026-03-09T13:12:04Z",
    }

    id = Id(required=True)
    entry_id = Id(required=True, attribute="document_id")
    patient_id = Id(required=True)
    kind = Choice(KINDS, required=True)
    media_type = Choice(MEDIA_TYPES, required=True, metadata={"description": "What it is by its content."})
    byte_count = fields.Integer(required=True, metadata={"description": "Of the file as it is kept."})
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    transcript_language = fields.String(required=True, allow_none=True)
    is_transcript_corrected = fields.Boolean(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
