"""The first screen on the wire."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from marshmallow import fields

from integration_api.home.use_cases import Home
from integration_api.journal.schemas import MoodSchema
from integration_api.measures.due import Due
from integration_api.measures.trend_schemas import DueSchema
from integration_api.measures.use_cases import measure_named
from integration_api.offers.schemas import OfferedPromptSchema, OfferSchema, ReasonSchema
from integration_api.prompts.schemas import GENTLENESS, PURPOSES
from integration_api.reminders.preferences import KINDS
from integration_api.reminders.schemas import ReminderSchema, words_of
from integration_api.safety.schemas import SupportSchema
from integration_api.themes.schemas import ENTRY_ID, SESSION_ID
from integration_api.web.languages import language
from integration_api.web.schema import Answer, Choice, Day, Derived, Id, Moment, WithWords
from models import VISIBILITIES

RESOURCES_SPACE = 1_000  # bytes; what goes over it is at /v1/prompts
LINKS = {
    "prompt": "/v1/prompts",
    "measures_due": "/v1/me/measures-due",
    "reminders": "/v1/me/reminders",
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
    """The next session, or the one that is sat in now, and the last that was held, closed or not."""

    next = fields.Nested(SessionTimesSchema, required=True, allow_none=True)
    last = fields.Nested(SessionTimesSchema, required=True, allow_none=True)


_IS_CUT = {"description": "There is more of it."}


class EntryStartSchema(WithWords):
    """How an entry begins."""

    words_in = "entry"

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


class FirstPromptSchema(Answer):
    """The prompt that fits the patient best now, and why."""

    example: ClassVar[dict[str, Any]] = {
        name: OfferedPromptSchema.example[name] for name in ("id", "text", "purpose", "gentleness")
    } | {"reason": ReasonSchema.example, "support": None}

    id = Id(required=True)
    text = fields.String(required=True)
    purpose = Choice(PURPOSES, required=True)
    gentleness = Choice(GENTLENESS, required=True)
    reason = fields.Nested(ReasonSchema, required=True)
    support = fields.Nested(
        SupportSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What the app shows beside the prompt when something grave was written of late."},
    )


def _prompt(home: Home) -> dict[str, Any] | None:
    offer = home.parts["prompt"]
    if offer is None or not offer.items:
        return None
    told = OfferSchema().dump(offer)
    if told["support"] is not None:
        told["support"]["resources"] = list(_within_space(told["support"]["resources"]))
    first: dict[str, Any] = told["items"][0]
    return first | {"reason": first["reasons"][0], "support": told["support"]}


def _within_space(resources: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Keep whole resources, the first ones first: half a number helps nobody."""
    left = RESOURCES_SPACE
    for each in resources:
        left -= len(json.dumps(each).encode())
        if left < 0:
            return
        yield each


def _title(due: Due) -> str:
    measure = measure_named(due.measure)
    return measure.title.get(language()) or measure.title[measure.languages[0]]


class HomeMeasureSchema(DueSchema):
    """A measure that is to be answered, with its title."""

    example: ClassVar[dict[str, Any]] = {**DueSchema.example, "title": "Patient Health Questionnaire-9"}

    title = fields.Function(
        _title,
        required=True,
        metadata={"type": "string", "description": "In the reader's language, where it is published in it."},
    )


class HomeReminderSchema(Answer):
    """A reminder that comes next; `/v1/me/reminders` has its window."""

    example: ClassVar[dict[str, Any]] = {
        name: ReminderSchema.example[name] for name in ("id", "kind", "due_at", "title", "body", "link")
    }

    id = fields.UUID(required=True)
    kind = Choice(KINDS, required=True, attribute="reminder.kind")
    due_at = Moment(required=True)
    title = fields.Function(lambda each: words_of(each)["title"], required=True, metadata={"type": "string"})
    body = fields.Function(lambda each: words_of(each)["body"], required=True, metadata={"type": "string"})
    link = fields.String(required=True, attribute="reminder.link")


class CountsSchema(Answer):
    """How much there is."""

    journal_entries = fields.Integer(required=True)
    private_entries = fields.Integer(required=True)
    open_commitments = fields.Integer(required=True)


_PART = {"description": "null: the token does not reach so far."}


def _several(schema: type[Answer], attribute: str, which: str) -> fields.List[Any]:
    """A part of the first screen that holds several of a kind."""
    said = {"description": f"{which} {_PART['description']}"}
    return fields.List(fields.Nested(schema), required=True, allow_none=True, attribute=attribute, metadata=said)


class HomeSchema(Answer):
    """What a phone shows first; always under 10 kB."""

    example: ClassVar[dict[str, Any]] = {
        "prompt": FirstPromptSchema.example,
        "measures_due": [HomeMeasureSchema.example],
        "reminders": [HomeReminderSchema.example],
        "sessions": {"next": None, "last": SessionTimesSchema.example},
        "journal_entries": [EntryStartSchema.example],
        "commitments": [CommitmentStartSchema.example],
        "counts": {"journal_entries": 12, "private_entries": 3, "open_commitments": 1},
        "links": LINKS,
    }

    prompt = Derived(
        FirstPromptSchema,
        _prompt,
        allow_none=True,
        metadata={"description": "null: the token does not reach so far, or the clinic has no prompt that fits."},
    )
    measures_due = _several(HomeMeasureSchema, "parts.measures_due", "At most five.")
    reminders = _several(HomeReminderSchema, "parts.reminders", "The next three.")
    sessions = fields.Nested(
        HomeSessionsSchema, required=True, allow_none=True, attribute="parts.sessions", metadata=_PART
    )
    journal_entries = _several(EntryStartSchema, "parts.journal_entries", "The latest five.")
    commitments = _several(CommitmentStartSchema, "parts.commitments", "The latest three that are open.")
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
