"""Notes on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.notes.use_cases import NoteDraft, NoteFilter
from integration_api.themes.schemas import LANGUAGE, SESSION_ID, MentionSchema, TaggingSchema
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Choice, Id, Moment, Schema, WithWords, Words

LONGEST_TEXT = 50_000
KINDS = ("progress", "psychotherapy")
PATIENT_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
AUTHOR_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e04"
NOTE_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e0a"


class NoteQuery(PageQuery, Span):
    """Which notes to list; `since` and `until` are about `written_at`."""

    patient_id = Id(load_default=None)
    session_id = Id(load_default=None)
    author_id = Id(load_default=None)
    kind = Choice(KINDS, load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": NoteFilter(**data), **page}


class NoteDraftSchema(Schema):
    """A note as its author sends it."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": PATIENT_ID,
        "session_id": SESSION_ID,
        "kind": "progress",
        "text": "Pt tearful when speaking of father. Denies SI. Sleep improved.",
        "written_at": "2026-03-08T16:40:00Z",
    }
    patch_example: ClassVar[dict[str, Any]] = {"text": "Pt tearful when speaking of her father. Denies SI."}

    id = Id()
    patient_id = Id(required=True)
    session_id = Id(allow_none=True, load_default=None)
    kind = Choice(
        KINDS,
        required=True,
        metadata={"description": "`psychotherapy` (45 CFR 164.501) is its author's alone; it cannot be changed."},
    )
    text = Words(LONGEST_TEXT, required=True)
    written_at = Moment(allow_none=True, load_default=None, metadata={"description": "Left out: the time of arrival."})

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> NoteDraft:
        """Make the use case's own value of it."""
        return NoteDraft(**data)


class NoteSchema(WithWords):
    """What a clinician wrote, and the themes that were found in it."""

    example: ClassVar[dict[str, Any]] = {
        **NoteDraftSchema.example,
        "id": NOTE_ID,
        "author_id": AUTHOR_ID,
        "themes": [
            {
                "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e0b",
                "theme": "emotional_release",
                "facet": "experience",
                "start": 3,
                "end": 10,
                "quote": "tearful",
                "assertion": "affirmed",
                "score": 0.7,
                "source": "lexicon",
                "review": None,
                "severity": None,
            }
        ],
        "tagging": {"state": "done", "pipeline_version": "hybrid-1+0a1b2c3d"},
        "language": "en",
        "version": 1,
        "created_at": "2026-03-08T16:41:10Z",
        "updated_at": "2026-03-08T16:41:10Z",
    }

    id = Id(required=True)
    patient_id = Id(required=True)
    session_id = Id(required=True, allow_none=True)
    author_id = Id(required=True)
    kind = Choice(KINDS, required=True, attribute="note_kind")
    text = fields.String(required=True)
    written_at = Moment(required=True)
    themes = fields.List(fields.Nested(MentionSchema), required=True, attribute="mentions")
    tagging = fields.Nested(TaggingSchema, required=True)
    language = fields.String(required=True, allow_none=True, metadata=LANGUAGE)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class NoteVersionSchema(WithWords):
    """What a note said before its words were changed."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e33",
        "note_id": NOTE_ID,
        "version": 1,
        "text": "Pt tearful when speaking of mother.",
        "written_at": "2026-03-08T16:40:00Z",
        "created_at": "2026-03-08T16:52:31Z",
    }

    id = Id(required=True)
    note_id = Id(required=True, attribute="document_id")
    version = fields.Integer(required=True, metadata={"description": "Of the note, when it said this."})
    text = fields.String(required=True)
    written_at = Moment(required=True)
    created_at = Moment(required=True, metadata={"description": "When it was changed to something else."})
