"""Themes, mentions and recurrence on the wire."""

from collections.abc import Callable
from typing import Any, ClassVar

from marshmallow import fields, post_load, validate

from integration_api.themes.labels import facet_label, label_of
from integration_api.themes.own import KnownTheme, ThemeDraft
from integration_api.themes.reviews import Review
from integration_api.web.languages import language
from integration_api.web.pages import PageQuery
from integration_api.web.schema import (
    Answer,
    Choice,
    Derived,
    Id,
    Moment,
    Pattern,
    Schema,
    Words,
    facet_name,
)
from integration_api.wording import Sentence

ASSERTIONS = ("affirmed", "negated", "hypothetical", "historical", "other_person")
SOURCES = ("lexicon", "model", "clinician")
SEVERITIES = ("wish_to_be_dead", "thoughts", "method", "intent", "plan", "act")
OWN_NAME = "^[a-z][a-z0-9_]{1,59}$"
_NAME = Pattern(OWN_NAME, error=Sentence("A name is two to sixty small letters, digits and underscores."))
VERDICTS = ("confirmed", "rejected", "corrected", "withdrawn")
LANGUAGE = {"description": "ISO 639-1, or und. Nothing is looked for in other languages than English (en)."}

MENTION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08"
ENTRY_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e09"
SESSION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06"


class ThemeQuery(PageQuery):
    """Which themes to list."""

    facet = facet_name(load_default=None)


class ThemeDraftSchema(Schema):
    """A theme of a clinic's own as the clinic describes it."""

    example: ClassVar[dict[str, Any]] = {
        "theme": "our_mountain",
        "label": "The mountain",
        "facet": "meaning",
        "definition": "The climb that our patients speak of when a course begins.",
        "phrases": ["my mountain", "the long climb"],
        "examples": ["Another day's walk and the top no nearer."],
    }
    patch_example: ClassVar[dict[str, Any]] = {"phrases": ["my mountain", "the climb"]}

    theme = fields.String(
        required=True,
        attribute="name",
        validate=_NAME,
        metadata={"description": "Its name in the API; it stays."},
    )
    label = Words(80, required=True)
    facet = facet_name(required=True)
    definition = Words(1000, required=True)
    phrases = fields.List(Words(200), load_default=list, validate=validate.Length(max=200))
    examples = fields.List(Words(1000), load_default=list, validate=validate.Length(max=100))

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> ThemeDraft:
        """Make the use case's own value of it."""
        return ThemeDraft(**(data | {"phrases": tuple(data["phrases"]), "examples": tuple(data["examples"])}))


def label_for(theme_of: Callable[[Any], KnownTheme]) -> fields.Function:
    """Build a field that holds a theme's label in the reader's language."""
    return fields.Function(
        lambda shown: label_of(theme_of(shown), language()).label, required=True, metadata={"type": "string"}
    )


class ThemeSchema(Answer):
    """A theme of the taxonomy or the clinic's own: what it covers, what it does not, and whence it comes."""

    example: ClassVar[dict[str, Any]] = {
        "theme": "grief",
        "label": "Grief",
        "facet": "emotion",
        "facet_label": "What was felt",
        "definition": "Mourning of a person, a time or a part of oneself that is gone.",
        "includes": ["missing the dead"],
        "excludes": ["low mood without a loss"],
        "source": "clinical practice",
        "is_topical": False,
        "is_own": False,
        "phrases": [],
        "examples": [],
    }

    theme = fields.String(required=True, attribute="name")
    label = label_for(lambda theme: theme)
    facet = facet_name(required=True)
    facet_label = fields.Function(
        lambda theme: facet_label(theme.facet, language()), required=True, metadata={"type": "string"}
    )
    definition = fields.Function(
        lambda theme: label_of(theme, language()).definition, required=True, metadata={"type": "string"}
    )
    includes = fields.List(fields.String(), required=True)
    excludes = fields.List(fields.String(), required=True)
    source = fields.String(required=True, metadata={"description": "The instrument or literature it is drawn from."})
    is_topical = fields.Boolean(
        required=True, metadata={"description": "A matter that is spoken of, rather than a state one is in."}
    )
    is_own = fields.Boolean(required=True, metadata={"description": "Added by the clinic, which may change it."})
    phrases = fields.List(fields.String(), required=True)
    examples = fields.List(fields.String(), required=True)


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
        "severity": None,
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
    severity = Choice(
        SEVERITIES,
        required=True,
        allow_none=True,
        metadata={"description": "Of suicidality: how far the words go, after the levels of the C-SSRS. No rating."},
    )


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
    return {"mention": f"/v1/mentions/{mention.id}", "document": mention.document.link}


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
        required=True,
        metadata={
            "description": "The pattern, or the words and sentences around that spoke most; and the rule of context."
        },
    )
    reviews = fields.List(fields.Nested(MentionReviewSchema), required=True)


class ReviewSchema(Schema):
    """A clinician's word on a mention. `theme` and `assertion` say what is right, with `corrected` only."""

    example: ClassVar[dict[str, Any]] = {"verdict": "corrected", "assertion": "historical"}

    verdict = Choice(VERDICTS, required=True)
    theme = fields.String(
        load_default=None,
        allow_none=True,
        validate=_NAME,
        metadata={"description": "Of the taxonomy, or of the clinic's own."},
    )
    assertion = Choice(ASSERTIONS, load_default=None, allow_none=True)

    @post_load
    def to_review(self, data: dict[str, Any], **_: Any) -> Review:
        """Make the use case's own value of it."""
        return Review(**data)
