"""Intentions and commitments on the wire."""

from typing import Any, ClassVar

from flask import current_app
from marshmallow import fields, post_load, validate

from integration_api.action.use_cases import CommitmentDraft, ResolveDraft
from integration_api.config import Settings
from integration_api.journal.support import support_for_resolve
from integration_api.safety.schemas import SupportSchema
from integration_api.safety.support import Support
from integration_api.web.languages import language
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Day, Derived, Id, Moment, Schema, Text, WithWords, Words
from models import VISIBILITIES, Resolve

STATUSES = ("open", "kept", "let_go")
_PATIENT, _SESSION = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06"
_ENTRY, _INTENTION = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e0c"
_COMMITMENT, _USER = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e0d", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e04"
_LONGEST = 1_000
_THEMES = {"description": "Names of themes that it is about; left out: those that are found in its words."}
_VISIBILITY = {"description": "Left out: `private` when a patient writes it, `care_team` when a clinician does."}


class ResolveQuery(PageQuery):
    """Which to list."""

    patient_id = Id(load_default=None)
    session_id = Id(load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside what must be equal."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"equal": tuple(sorted(data.items())), **page}


class CommitmentQuery(ResolveQuery):
    """Which commitments to list."""

    status = Choice(STATUSES, load_default=None)
    intention_id = Id(load_default=None)


class IntentionDraftSchema(Schema):
    """What a session is entered with, as it is sent."""

    example: ClassVar[dict[str, Any]] = {
        "text": "To meet my father without running away.",
        "session_id": _SESSION,
        "visibility": "care_team",
    }
    patch_example: ClassVar[dict[str, Any]] = {"visibility": "care_team"}

    id = Id()
    patient_id = Id(allow_none=True, load_default=None, metadata={"description": "A patient need not say it."})
    session_id = Id(allow_none=True, load_default=None)
    text = Words(_LONGEST, required=True)
    themes = fields.List(
        Text(80), allow_none=True, load_default=None, validate=validate.Length(max=20), metadata=_THEMES
    )
    visibility = Choice(VISIBILITIES, allow_none=True, load_default=None, metadata=_VISIBILITY)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> ResolveDraft:
        """Make the use case's own value of it."""
        return ResolveDraft(**_own(data))


class CommitmentDraftSchema(IntentionDraftSchema):
    """What insight is turned into, as it is sent."""

    example: ClassVar[dict[str, Any]] = {
        "text": "Call my sister on Sundays.",
        "session_id": _SESSION,
        "intention_id": None,
        "due_on": "2026-03-22",
        "visibility": "care_team",
    }
    patch_example: ClassVar[dict[str, Any]] = {"status": "kept"}

    intention_id = Id(allow_none=True, load_default=None)
    due_on = Day(allow_none=True, load_default=None)
    status = Choice(STATUSES, load_default="open")

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> CommitmentDraft:
        """Make the use case's own value of it."""
        return CommitmentDraft(**_own(data))


def _own(data: dict[str, Any]) -> dict[str, Any]:
    themes = data["themes"]
    return data | {"themes": None if themes is None else tuple(dict.fromkeys(themes))}


class EchoSchema(Answer):
    """A sentence of a later document that comes back to it: spoken of again, which need not mean done."""

    example: ClassVar[dict[str, Any]] = {
        "document_id": _ENTRY,
        "source": "journal",
        "written_at": "2026-03-15T18:02:00Z",
        "start": 0,
        "end": 37,
        "quote": "I called my sister, and we both cried.",
    }

    document_id = Id(required=True)
    source = Choice(("journal", "note"), required=True)
    written_at = Moment(required=True)
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    quote = fields.String(required=True)


_FOLLOWED: dict[str, Any] = {
    "entries_since": 3,
    "passages": [EchoSchema.example],
    "last_spoken_of": "2026-03-15T18:02:00Z",
    "is_stalled": False,
}
_STORED: dict[str, Any] = {
    "patient_id": _PATIENT,
    "author_id": _USER,
    "themes": ["family"],
    "safety": None,
    "version": 1,
    "created_at": "2026-03-09T09:00:00Z",
    "updated_at": "2026-03-09T09:00:00Z",
}


def support_of(resolve: Resolve) -> Support | None:
    """Speak only where there is cause, so that no other answer depends on the language."""
    settings: Settings = current_app.config["SETTINGS"]
    if support_for_resolve(resolve) is None:
        return None
    return support_for_resolve(resolve, settings.crisis_resources, language())


class IntentionSchema(WithWords):
    """What a session is entered with, and what later writing says of it."""

    words_in = "resolve"
    example: ClassVar[dict[str, Any]] = {"id": _INTENTION, **IntentionDraftSchema.example, **_STORED, **_FOLLOWED}

    id = Id(required=True)
    patient_id = Id(required=True)
    author_id = Id(required=True, attribute="resolve.author_id")
    session_id = Id(required=True, allow_none=True, attribute="resolve.session_id")
    text = fields.String(required=True, attribute="resolve.text")
    themes = fields.List(fields.String(), required=True, attribute="resolve.themes")
    visibility = Choice(VISIBILITIES, required=True, attribute="resolve.visibility")
    safety = Derived(SupportSchema, lambda followed: support_of(followed.resolve), allow_none=True)
    entries_since = fields.Integer(required=True, metadata={"description": "How much was written after it."})
    passages = fields.List(fields.Nested(EchoSchema), required=True, metadata={"description": "The latest five."})
    last_spoken_of = Moment(required=True, allow_none=True)
    is_stalled = fields.Boolean(
        required=True, metadata={"description": "Open, and past its day, or for two weeks without a word of it."}
    )
    version = fields.Integer(required=True, attribute="resolve.version")
    created_at = Moment(required=True, attribute="resolve.created_at")
    updated_at = Moment(required=True, attribute="resolve.updated_at")


class CommitmentSchema(IntentionSchema):
    """What insight is turned into, and what later writing says of it."""

    example: ClassVar[dict[str, Any]] = {
        "id": _COMMITMENT,
        **CommitmentDraftSchema.example,
        "status": "open",
        "status_at": None,
        **_STORED,
        **_FOLLOWED,
    }

    intention_id = Id(required=True, allow_none=True, attribute="resolve.intention_id")
    due_on = Day(required=True, allow_none=True, attribute="resolve.due_on")
    status = Choice(STATUSES, required=True, attribute="resolve.status")
    status_at = Moment(required=True, allow_none=True, attribute="resolve.status_at")
