"""The first screen on the wire."""

from typing import Any, ClassVar

from marshmallow import fields

from integration_api.home.use_cases import Home
from integration_api.journal.schemas import VISIBILITIES, MoodSchema
from integration_api.themes.schemas import ENTRY_ID, SESSION_ID
from integration_api.web.schema import Answer, Choice, Day, Id, Moment

LINKS = {
    "sessions": "/v1/sessions",
    "journal_entries": "/v1/journal-entries",
    "commitments": "/v1/commitments?status=open",
}


def _links(_home: Home) -> dict[str, str]:
    return LINKS


class SessionTimesSchema(Answer):
    """When a session is or was."""

    example: ClassVar[dict[str, Any]] = {"id": SESSION_ID, "starts_at": "2026-03-08T15:00:00Z", "ends_at": None}

    id = Id(required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True, allow_none=True)


class HomeSessionsSchema(Answer):
    """The next session that is planned, and the last that was held."""

    next = fields.Nested(SessionTimesSchema, required=True, allow_none=True)
    last = fields.Nested(SessionTimesSchema, required=True, allow_none=True)


_IS_CUT = {"description": "There is more of it."}


class EntryStartSchema(Answer):
    """How an entry begins."""

    example: ClassVar[dict[str, Any]] = {
        "id": ENTRY_ID,
        "written_at": "2026-03-09T08:12:00-05:00",
        "start": "Walked down to the harbour this morning.",
        "is_cut": True,
        "visibility": "care_team",
        "mood": {"valence": 1, "arousal": -2},
        "tagging": "done",
    }

    id = Id(required=True, attribute="entry.id")
    written_at = Moment(required=True, attribute="entry.written_local")
    start = fields.String(required=True, attribute="start.text", metadata={"description": "Cut between words."})
    is_cut = fields.Boolean(required=True, attribute="start.is_cut", metadata=_IS_CUT)
    visibility = Choice(VISIBILITIES, required=True, attribute="entry.visibility")
    mood = fields.Nested(MoodSchema, required=True, allow_none=True, attribute="entry.mood")
    tagging = Choice(("done", "pending"), required=True, attribute="entry.tagging_state")


class CommitmentStartSchema(Answer):
    """How an open commitment begins."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e71",
        "start": "Call my brother on Sunday.",
        "is_cut": False,
        "due_on": "2026-03-15",
    }

    id = Id(required=True)
    start = fields.String(required=True, attribute="start.text")
    is_cut = fields.Boolean(required=True, attribute="start.is_cut", metadata=_IS_CUT)
    due_on = Day(required=True, allow_none=True)


class CountsSchema(Answer):
    """How much there is."""

    journal_entries = fields.Integer(required=True)
    private_entries = fields.Integer(required=True)
    open_commitments = fields.Integer(required=True)


_PART = {"description": "null: the token does not reach so far."}


class HomeSchema(Answer):
    """What a phone shows first; always under 10 kB."""

    example: ClassVar[dict[str, Any]] = {
        "sessions": {"next": None, "last": SessionTimesSchema.example},
        "journal_entries": [EntryStartSchema.example],
        "commitments": [CommitmentStartSchema.example],
        "counts": {"journal_entries": 12, "private_entries": 3, "open_commitments": 1},
        "links": LINKS,
    }

    sessions = fields.Nested(
        HomeSessionsSchema, required=True, allow_none=True, attribute="parts.sessions", metadata=_PART
    )
    journal_entries = fields.List(
        fields.Nested(EntryStartSchema),
        required=True,
        allow_none=True,
        attribute="parts.journal_entries",
        metadata={"description": "The latest five. null: the token does not reach so far."},
    )
    commitments = fields.List(
        fields.Nested(CommitmentStartSchema),
        required=True,
        allow_none=True,
        attribute="parts.commitments",
        metadata={"description": "The latest three that are open. null: the token does not reach so far."},
    )
    counts = fields.Nested(CountsSchema, required=True, allow_none=True, attribute="parts.counts", metadata=_PART)
    links = fields.Function(
        _links,
        required=True,
        metadata={
            "description": "Where there is more of a part, by its name.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
    )
