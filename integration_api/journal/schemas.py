"""Journal entries on the wire."""

from typing import Any, ClassVar

from flask import current_app
from marshmallow import fields, post_load

from integration_api.config import Settings
from integration_api.journal.support import support_for
from integration_api.journal.use_cases import EntryDraft, EntryFilter, Mood
from integration_api.safety.schemas import SupportSchema
from integration_api.safety.support import Support
from integration_api.themes.schemas import ENTRY_ID, LANGUAGE, SESSION_ID, MentionSchema, TaggingSchema
from integration_api.web.languages import language
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Choice, Derived, Id, Moment, Schema, Truth, Whole, WithWords, Words
from models import VISIBILITIES, JournalEntry

LONGEST_TEXT = 50_000
ORIGINS = ("typed", "dictated")
PATIENT_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"


class EntryQuery(PageQuery, Span):
    """Which entries to list; `since` and `until` are about `written_at`."""

    patient_id = Id(load_default=None)
    session_id = Id(load_default=None)
    visibility = Choice(VISIBILITIES, load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": EntryFilter(**data), **page}


class MoodSchema(Schema):
    """How the writer felt: pleasantness (valence) and activation (arousal), each from -5 to 5."""

    valence = Whole(-5, 5, allow_none=True, load_default=None)
    arousal = Whole(-5, 5, allow_none=True, load_default=None)

    @post_load
    def to_mood(self, data: dict[str, Any], **_: Any) -> Mood:
        """Make the use case's own value of it."""
        return Mood(**data)


class JournalEntryDraftSchema(Schema):
    """An entry as its writer sends it."""

    example: ClassVar[dict[str, Any]] = {
        "text": "Walked down to the harbour this morning. I still miss him every time the boats come in.",
        "written_at": "2026-03-09T08:12:00-05:00",
        "session_id": None,
        "mood": {"valence": 1, "arousal": -2},
        "visibility": "care_team",
        "is_draft": False,
    }
    patch_example: ClassVar[dict[str, Any]] = {"visibility": "private"}

    id = Id()
    patient_id = Id(allow_none=True, load_default=None, metadata={"description": "The writer; need not be said."})
    session_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "null: the latest session that began before `written_at`."},
    )
    written_at = Moment(
        allow_none=True,
        load_default=None,
        metadata={"description": "With the writer's own offset, which is kept. Left out: the time of arrival."},
    )
    text = Words(LONGEST_TEXT, required=True)
    mood = fields.Nested(MoodSchema, allow_none=True, load_default=None)
    visibility = Choice(
        VISIBILITIES,
        load_default="private",
        metadata={"description": "`private` is the writer's alone, themes and counts included; sharing is a choice."},
    )
    prompt_id = Id(allow_none=True, load_default=None)
    origin = Choice(
        ORIGINS,
        load_default="typed",
        metadata={"description": "`dictated`: the text is a transcript that the phone made; it may have misheard."},
    )
    is_draft = Truth(
        load_default=False,
        metadata={
            "description": "Not finished: the writer's alone whatever `visibility` says, neither tagged nor counted. "
            "Finishing cannot be undone."
        },
    )

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> EntryDraft:
        """Make the use case's own value of it."""
        return EntryDraft(**data)


class JournalEntryFieldsSchema(JournalEntryDraftSchema):
    """An entry, or some of it, as a phone sends it."""

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave what is not said unsaid."""
        return data


class EntryConflictSchema(WithWords):
    """Words of another device of the writer's that came with an edit of an older version."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e31",
        "text": "Walked down to the harbour. The gulls were loud.",
        "written_at": "2026-03-09T13:12:00Z",
        "received_at": "2026-03-09T18:40:12Z",
        "base_version": 1,
    }

    id = Id(required=True)
    text = fields.String(required=True)
    written_at = Moment(required=True, allow_none=True)
    received_at = Moment(required=True, attribute="created_at")
    base_version = fields.Integer(
        required=True, attribute="version", metadata={"description": "The version that was edited; 0: none."}
    )


class EntryVersionSchema(WithWords):
    """What an entry said before, or words that clashed with it."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e32",
        "entry_id": ENTRY_ID,
        "version": 1,
        "reason": "former",
        "text": "Walked down to the harbour.",
        "written_at": "2026-03-09T13:12:00Z",
        "created_at": "2026-03-09T18:40:12Z",
    }

    id = Id(required=True)
    entry_id = Id(required=True, attribute="document_id")
    version = fields.Integer(required=True)
    reason = Choice(
        ("former", "conflict", "settled"),
        required=True,
        metadata={"description": "`conflict` waits for its writer, `settled` did; `former` is what stood there."},
    )
    text = fields.String(required=True)
    written_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True, metadata={"description": "When it became a former version, or arrived."})


class ResolutionSchema(Schema):
    """The writer's choice. Without words the entry stays as it is; with words these become the entry's."""

    example: ClassVar[dict[str, Any]] = {"text": "Walked down to the harbour. The gulls were loud. I miss him."}

    text = Words(LONGEST_TEXT, allow_none=True, load_default=None)


def _support(entry: JournalEntry) -> Support | None:
    """Speak only where there is cause, so that no other entry depends on the language."""
    settings: Settings = current_app.config["SETTINGS"]
    if support_for(entry) is None:
        return None
    return support_for(entry, settings.crisis_resources, language())


class JournalEntrySchema(WithWords):
    """What a patient wrote, and the themes that were found in it."""

    example: ClassVar[dict[str, Any]] = {
        **JournalEntryDraftSchema.example,
        "id": ENTRY_ID,
        "patient_id": PATIENT_ID,
        "session_id": SESSION_ID,
        "prompt_id": None,
        "origin": "typed",
        "themes": [MentionSchema.example | {"start": 49, "end": 68}],
        "tagging": {"state": "done", "pipeline_version": "hybrid-1+0a1b2c3d"},
        "language": "en",
        "safety": None,
        "conflicts": [],
        "version": 1,
        "created_at": "2026-03-09T13:12:04Z",
        "updated_at": "2026-03-09T13:12:04Z",
    }

    id = Id(required=True)
    patient_id = Id(required=True)
    session_id = Id(required=True, allow_none=True)
    written_at = Moment(required=True, attribute="written_local")
    text = fields.String(required=True)
    mood = fields.Nested(MoodSchema, required=True, allow_none=True)
    visibility = Choice(VISIBILITIES, required=True)
    prompt_id = Id(required=True, allow_none=True)
    origin = Choice(ORIGINS, required=True)
    themes = fields.List(fields.Nested(MentionSchema), required=True, attribute="mentions")
    tagging = fields.Nested(TaggingSchema, required=True, attribute="tagging")
    language = fields.String(required=True, allow_none=True, metadata=LANGUAGE)
    is_draft = fields.Boolean(required=True)
    safety = Derived(SupportSchema, _support, allow_none=True)
    conflicts = fields.List(
        fields.Nested(EntryConflictSchema),
        required=True,
        metadata={"description": "Words that wait for the writer to choose; empty for everybody else."},
    )
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
