"""Recurring themes on the wire: what returns for a patient, and one theme's timeline."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.themes.schemas import ASSERTIONS, SESSION_ID, EvidenceSchema, label_for
from integration_api.themes.use_cases import ANY, RecurrenceFilter
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Answer, Choice, Id, Moment, facet_name

TRAJECTORIES = ("new", "emerging", "persistent", "fading", "resurfaced", "once")


class RecurrenceQuery(PageQuery, Span):
    """Which documents and mentions count. `since` and `until` are about the time of writing."""

    source = Choice(("journal", "note"), load_default=None)
    facet = facet_name(load_default=None)
    assertion = Choice((*ASSERTIONS, ANY), load_default="affirmed")

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": RecurrenceFilter(**data), **page}


class TimelineQuery(RecurrenceQuery):
    """Which documents and mentions of the theme count."""

    class Meta(RecurrenceQuery.Meta):
        """A theme has one facet."""

        exclude = ("facet",)


class SessionRateSchema(Answer):
    """What was written from one dosing session to the next. Sequence 0 is what came before the first."""

    session_id = Id(required=True, allow_none=True)
    sequence = fields.Integer(required=True)
    mentions = fields.Integer(required=True)
    words = fields.Integer(required=True)
    rate_per_100_words = fields.Float(required=True)
    rate_low = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Lower end of the rate's 90 % credible interval; null: nothing to reckon from."},
    )
    rate_high = fields.Float(required=True, allow_none=True, metadata={"description": "Its upper end."})


class BySourceSchema(Answer):
    """Mentions by who wrote."""

    journal = fields.Integer(required=True, dump_default=0)
    note = fields.Integer(required=True, dump_default=0)


class RecurringThemeSchema(Answer):
    """A theme across a patient's dosing sessions. What was found in the words, not what they mean."""

    example: ClassVar[dict[str, Any]] = {
        "theme": "grief",
        "label": "Grief",
        "facet": "emotion",
        "sessions": [
            {
                "session_id": None,
                "sequence": 0,
                "mentions": 1,
                "words": 240,
                "rate_per_100_words": 0.42,
                "rate_low": 0.2,
                "rate_high": 1.4,
            },
            {
                "session_id": SESSION_ID,
                "sequence": 1,
                "mentions": 5,
                "words": 610,
                "rate_per_100_words": 0.82,
                "rate_low": 0.4,
                "rate_high": 1.5,
            },
        ],
        "session_count": 2,
        "first_seen": "2026-02-20T19:30:00Z",
        "last_seen": "2026-03-09T13:12:00Z",
        "trajectory": "emerging",
        "probability_rising": 0.81,
        "by_source": {"journal": 5, "note": 1},
        "evidence": [EvidenceSchema.example],
    }

    theme = fields.String(required=True, attribute="theme.name")
    label = label_for(lambda found: found.theme)
    facet = fields.String(required=True, attribute="theme.facet")
    sessions = fields.List(fields.Nested(SessionRateSchema), required=True)
    session_count = fields.Integer(required=True)
    first_seen = Moment(required=True, allow_none=True)
    last_seen = Moment(required=True, allow_none=True)
    trajectory = Choice(
        TRAJECTORIES, required=True, allow_none=True, metadata={"description": "See docs/recurrence.md."}
    )
    probability_rising = fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "That the latest stretch's rate lies above the earlier ones'; null: too little written."
        },
    )
    by_source = fields.Nested(BySourceSchema, required=True)
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)


class ThemeTimelineSchema(RecurringThemeSchema):
    """One theme's recurrence with a page of its mentions, in the order of writing."""

    example: ClassVar[dict[str, Any]] = {
        **RecurringThemeSchema.example,
        "mentions": [EvidenceSchema.example],
        "next_cursor": None,
    }

    mentions = fields.List(fields.Nested(EvidenceSchema), required=True, attribute="mentions.items")
    next_cursor = fields.String(required=True, allow_none=True)
