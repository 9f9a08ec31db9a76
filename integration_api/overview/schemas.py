"""The brief and the caseload on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.action.schemas import CommitmentSchema, IntentionSchema
from integration_api.measures.trend_schemas import MeasureAtAGlanceSchema
from integration_api.overview.search import Question
from integration_api.themes.recurrence_schemas import TRAJECTORIES
from integration_api.themes.schemas import ASSERTIONS, SEVERITIES, MentionSchema
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Answer, Choice, Id, Moment, Schema, Text, Words, facet_name

KINDS = ("safety", "unseen", "rising", "resurfaced", "motif", "sleep", "commitment", "returning", "fading")
_PATIENT, _ENTRY = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08"
_SESSION: dict[str, Any] = {
    "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06",
    "kind": "dosing",
    "starts_at": "2026-03-08T15:00:00Z",
    "route": "intramuscular",
    "dose_mg": 60.0,
}


class BriefQuery(Schema):
    """Since when."""

    since = Moment(load_default=None, metadata={"description": "Left out: since the last session that is over began."})


class EvidenceOfBriefSchema(Answer):
    """Somebody's words, and where they stand. A commitment's own words have no document."""

    example: ClassVar[dict[str, Any]] = {
        "quote": "miss him every time",
        "source": "journal",
        "written_at": "2026-03-09T13:12:00Z",
        "document_id": _ENTRY,
        "start": 42,
        "end": 61,
        "mention_id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e09",
        "link": f"/v1/journal-entries/{_ENTRY}",
    }

    quote = fields.String(required=True)
    source = Choice(("journal", "note", "commitment", "measure"), required=True)
    written_at = Moment(required=True)
    document_id = Id(required=True, allow_none=True)
    start = fields.Integer(required=True, allow_none=True)
    end = fields.Integer(required=True, allow_none=True)
    mention_id = Id(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)


class LineSchema(Answer):
    """One statement, and the words that it rests on."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "resurfaced",
        "says": "Grief: spoken of again, after a silence.",
        "theme": "grief",
        "severity": None,
        "commitment_id": None,
        "evidence": [EvidenceOfBriefSchema.example],
    }

    kind = Choice(KINDS, required=True)
    says = fields.String(required=True)
    theme = fields.String(required=True, allow_none=True)
    severity = Choice(SEVERITIES, required=True, allow_none=True)
    commitment_id = Id(required=True, allow_none=True)
    evidence = fields.List(fields.Nested(EvidenceOfBriefSchema), required=True)


class SessionAtAGlanceSchema(Answer):
    """A session, as far as the brief needs it."""

    id = Id(required=True)
    kind = fields.String(required=True)
    starts_at = Moment(required=True)
    route = fields.String(required=True, allow_none=True)
    dose_mg = fields.Float(required=True, allow_none=True)


class FlagAtAGlanceSchema(Answer):
    """A safety flag that waits; `/v1/safety-flags/{id}` has the rest."""

    id = Id(required=True)
    theme = fields.String(required=True)
    severity = Choice(SEVERITIES, required=True, allow_none=True)
    status = Choice(("open", "acknowledged"), required=True)
    raised_at = Moment(required=True)


class FeltSchema(Answer):
    """How the patient felt when writing, or when checking in."""

    at = Moment(required=True)
    source = Choice(("entry", "check_in"), required=True)
    valence = fields.Integer(required=True, allow_none=True)
    arousal = fields.Integer(required=True, allow_none=True)


class BriefSchema(Answer):
    """What to know of a patient before the next session. Descriptive: it says what was written, not what it means."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": _PATIENT,
        "patient_name": "Maya Lindqvist",
        "since": "2026-03-08T15:00:00Z",
        "last_session": _SESSION,
        "last_dosing": _SESSION,
        "next_session": None,
        "entries": 4,
        "notes": 1,
        "words": 612,
        "last_written_at": "2026-03-14T20:11:00Z",
        "moods": [{"at": "2026-03-09T13:12:00Z", "source": "entry", "valence": 1, "arousal": -2}],
        "flags": [
            {
                "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e40",
                "theme": "suicidality",
                "severity": "thoughts",
                "status": "open",
                "raised_at": "2026-03-09T13:12:04Z",
            }
        ],
        "measures": [MeasureAtAGlanceSchema.example],
        "lines": [LineSchema.example],
        "intentions": [IntentionSchema.example],
        "commitments": [CommitmentSchema.example],
    }

    patient_id = Id(required=True)
    patient_name = fields.String(required=True, attribute="patient.name")
    since = Moment(required=True)
    last_session = fields.Nested(SessionAtAGlanceSchema, required=True, allow_none=True)
    last_dosing = fields.Nested(SessionAtAGlanceSchema, required=True, allow_none=True)
    next_session = fields.Nested(SessionAtAGlanceSchema, required=True, allow_none=True)
    entries = fields.Integer(required=True)
    notes = fields.Integer(required=True)
    words = fields.Integer(required=True)
    last_written_at = Moment(required=True, allow_none=True)
    moods = fields.List(fields.Nested(FeltSchema), required=True)
    flags = fields.List(fields.Nested(FlagAtAGlanceSchema), required=True)
    measures = fields.List(fields.Nested(MeasureAtAGlanceSchema), required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)
    intentions = fields.List(fields.Nested(IntentionSchema), required=True)
    commitments = fields.List(fields.Nested(CommitmentSchema), required=True)


class RisenSchema(Answer):
    """A theme that rose, and was spoken of this week."""

    theme = fields.String(required=True, attribute="theme.name")
    label = fields.String(required=True, attribute="theme.label")
    trajectory = Choice(TRAJECTORIES, required=True)
    probability_rising = fields.Float(required=True, allow_none=True)


class GlanceSchema(Answer):
    """One patient of the caseload."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": _PATIENT,
        "patient_name": "Maya Lindqvist",
        "entries_this_week": 3,
        "last_entry_at": "2026-03-14T20:11:00Z",
        "is_silent": False,
        "waiting_flags": 1,
        "next_session": _SESSION,
        "risen": [{"theme": "grief", "label": "Grief", "trajectory": "emerging", "probability_rising": 0.98}],
    }

    patient_id = Id(required=True)
    patient_name = fields.String(required=True, attribute="patient.name")
    entries_this_week = fields.Integer(required=True)
    last_entry_at = Moment(required=True, allow_none=True)
    is_silent = fields.Boolean(
        required=True, metadata={"description": "Wrote before, and has shared nothing for two weeks."}
    )
    waiting_flags = fields.Integer(required=True, metadata={"description": "Safety flags that nobody acknowledged."})
    next_session = fields.Nested(SessionAtAGlanceSchema, required=True, allow_none=True)
    risen = fields.List(fields.Nested(RisenSchema), required=True)


class QuestionSchema(PageQuery, Span):
    """What to look for. Every part narrows it further; words are found in all their forms, each somewhere in it."""

    example: ClassVar[dict[str, Any]] = {"words": "father letter", "theme": "grief", "since": "2026-01-01T00:00:00Z"}

    words = Words(200, allow_none=True, load_default=None)
    theme = Text(80, allow_none=True, load_default=None)
    facet = facet_name(allow_none=True, load_default=None)
    assertion = Choice(ASSERTIONS, allow_none=True, load_default=None)
    source = Choice(("journal", "note"), allow_none=True, load_default=None)
    session_id = Id(allow_none=True, load_default=None)

    @post_load
    def to_question(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": Question(**data), **page}


class FoundPassageSchema(Answer):
    """A stretch of the text around what was looked for."""

    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    quote = fields.String(required=True)


class FoundSchema(Answer):
    """A document that was found, and by what."""

    example: ClassVar[dict[str, Any]] = {
        "document_id": _ENTRY,
        "source": "journal",
        "session_id": _SESSION["id"],
        "written_at": "2026-03-09T13:12:00Z",
        "passages": [{"start": 0, "end": 41, "quote": "I read my father's letter again, twice."}],
        "mentions": [MentionSchema.example],
    }

    document_id = Id(required=True, attribute="id")
    source = Choice(("journal", "note"), required=True, attribute="document.source")
    session_id = Id(required=True, allow_none=True, attribute="document.session_id")
    written_at = Moment(required=True)
    passages = fields.List(fields.Nested(FoundPassageSchema), required=True)
    mentions = fields.List(fields.Nested(MentionSchema), required=True)
