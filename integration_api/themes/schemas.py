"""Themes, mentions and recurrence on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.themes.reviews import Review
from integration_api.themes.use_cases import ANY, RecurrenceFilter
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Answer, Choice, Derived, Id, Moment, Schema, facet_name, theme_name

ASSERTIONS = ("affirmed", "negated", "hypothetical", "historical", "other_person")
SOURCES = ("lexicon", "model", "clinician")
VERDICTS = ("confirmed", "rejected", "corrected", "withdrawn")
TRAJECTORIES = ("new", "emerging", "persistent", "fading", "resurfaced", "once")

MENTION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08"
ENTRY_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e09"
SESSION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06"


class ThemeQuery(PageQuery):
    """Which themes to list."""

    facet = facet_name(load_default=None)


class ThemeSchema(Answer):
    """A theme of the taxonomy: what it covers, what it does not, and whence it comes."""

    example: ClassVar[dict[str, Any]] = {
        "theme": "grief",
        "label": "Grief",
        "facet": "emotion",
        "definition": "Mourning of a person, a time or a part of oneself that is gone.",
        "includes": ["missing the dead"],
        "excludes": ["low mood without a loss"],
        "source": "clinical practice",
        "is_topical": False,
    }

    theme = fields.String(required=True, attribute="name")
    label = fields.String(required=True)
    facet = facet_name(required=True)
    definition = fields.String(required=True)
    includes = fields.List(fields.String(), required=True)
    excludes = fields.List(fields.String(), required=True)
    source = fields.String(required=True, metadata={"description": "The instrument or literature it is drawn from."})
    is_topical = fields.Boolean(
        required=True, metadata={"description": "A matter that is spoken of, rather than a state one is in."}
    )


class MentionSchema(Answer):
    """A theme found in a document, with the very words. Offsets are Unicode code points of `text`."""

    example: ClassVar[dict[str, Any]] = {
        "id": MENTION_ID,
        "theme": "grief",
        "facet": "emotion",
        "start": 42,
        "end": 61,
        "quote": "miss him every time",
        "assertion": "affirmed",
        "score": 0.9,
        "source": "lexicon",
        "review": None,
    }

    id = Id(required=True)
    theme = fields.String(required=True)
    facet = fields.String(required=True)
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    quote = fields.String(required=True)
    assertion = Choice(ASSERTIONS, required=True)
    score = fields.Float(required=True)
    source = Choice(SOURCES, required=True)
    review = Choice(("confirmed", "rejected"), required=True, allow_none=True)


class TaggingSchema(Answer):
    """Whether a document has been tagged, and by which version of the pipeline. `pending` is not "nothing found"."""

    state = Choice(("done", "pending"), required=True, attribute="tagging_state")
    pipeline_version = fields.String(required=True, allow_none=True)


class EvidenceLinksSchema(Answer):
    """Where to read on."""

    mention = fields.String(required=True)
    document = fields.String(required=True)


def links_of(mention: Any) -> dict[str, str]:
    """Say where a mention and its document are read."""
    documents = {"journal": "journal-entries", "note": "notes"}[mention.document.source]
    return {"mention": f"/v1/mentions/{mention.id}", "document": f"/v1/{documents}/{mention.document_id}"}


class EvidenceSchema(MentionSchema):
    """A mention with the document it stands in."""

    example: ClassVar[dict[str, Any]] = {
        **MentionSchema.example,
        "document_id": ENTRY_ID,
        "document_source": "journal",
        "session_id": SESSION_ID,
        "written_at": "2026-03-09T08:12:00-05:00",
        "links": {"mention": f"/v1/mentions/{MENTION_ID}", "document": f"/v1/journal-entries/{ENTRY_ID}"},
    }

    document_id = Id(required=True)
    document_source = Choice(("journal", "note"), required=True, attribute="document.source")
    session_id = Id(required=True, allow_none=True, attribute="document.session_id")
    written_at = Moment(required=True, attribute="document.written_local")
    links = Derived(EvidenceLinksSchema, links_of)


class MentionReviewSchema(Answer):
    """One word of a clinician's on a mention."""

    verdict = Choice(VERDICTS, required=True)
    reviewer_id = Id(required=True)
    at = Moment(required=True)


class ReviewedMentionSchema(EvidenceSchema):
    """A mention in full: why it was given, and what clinicians said of it."""

    example: ClassVar[dict[str, Any]] = {
        **EvidenceSchema.example,
        "because": "miss~ him|her|them",
        "reviews": [{"verdict": "confirmed", "reviewer_id": SESSION_ID, "at": "2026-03-10T10:00:00Z"}],
        "review": "confirmed",
    }

    because = fields.String(
        required=True, metadata={"description": "The pattern and the rule of context that decided."}
    )
    reviews = fields.List(fields.Nested(MentionReviewSchema), required=True)


class ReviewSchema(Schema):
    """A clinician's word on a mention. `theme` and `assertion` say what is right, with `corrected` only."""

    example: ClassVar[dict[str, Any]] = {"verdict": "corrected", "assertion": "historical"}

    verdict = Choice(VERDICTS, required=True)
    theme = theme_name(load_default=None, allow_none=True)
    assertion = Choice(ASSERTIONS, load_default=None, allow_none=True)

    @post_load
    def to_review(self, data: dict[str, Any], **_: Any) -> Review:
        """Make the use case's own value of it."""
        return Review(**data)


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
    label = fields.String(required=True, attribute="theme.label")
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
