"""Prompts on the wire."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from integration_api.prompts.library import LANGUAGES, LONGEST, Gentleness, Need, Phase, Prompt, Purpose
from integration_api.prompts.own import PromptDraft
from integration_api.web.languages import language
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Id, Moment, Schema, Truth, Words

PROMPT_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e20"
PHASES, PURPOSES, NEEDS = tuple(map(str, Phase)), tuple(map(str, Purpose)), tuple(map(str, Need))
GENTLENESS = tuple(map(str, Gentleness))
_GENTLENESS = {
    "description": "`grounding`: the here and now; `gentle`: fit for the day of a dosing; `open`: invites to reflect."
}
_NEEDS = {"description": "What must be there for it to be asked: themes that return or went quiet, ..."}
_REVIEWED_BY = {"description": "Which clinician has reviewed it; null: not yet reviewed by a clinician."}


class LibraryQuery(PageQuery):
    """Which prompts to list."""

    phase = Choice(PHASES, load_default=None)
    purpose = Choice(PURPOSES, load_default=None)


class TextsSchema(Schema):
    """The question in each language that there is; one at least."""

    en = Words(LONGEST)
    es = Words(LONGEST)

    @validates_schema
    def has_one(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a question without words."""
        if not data:
            raise ValidationError("Words are needed in one language at least.")


class PromptDraftSchema(Schema):
    """A prompt of a clinic's own, as it is sent. Of the library's, only `is_on` can be changed."""

    example: ClassVar[dict[str, Any]] = {
        "texts": {
            "en": "What did the harbour look like when you walked home?",
            "es": "¿Cómo se veía el puerto cuando volvías a casa?",
        },
        "purpose": "open",
        "gentleness": "gentle",
        "phases": ["24_to_72_hours", "72_hours_to_7_days"],
        "themes": [],
        "needs": None,
        "reviewed_by": "Dr Ines Barros, 2026-03-01",
        "is_on": True,
    }
    patch_example: ClassVar[dict[str, Any]] = {"is_on": False}

    id = Id()
    texts = fields.Nested(TextsSchema, required=True)
    purpose = Choice(PURPOSES, required=True)
    gentleness = Choice(GENTLENESS, required=True, metadata=_GENTLENESS)
    phases = fields.List(Choice(PHASES), required=True, validate=validate.Length(1, len(PHASES)))
    themes = fields.List(
        Words(80),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"description": "Themes that it goes with; the taxonomy's, or the clinic's own."},
    )
    needs = Choice(NEEDS, allow_none=True, load_default=None, metadata=_NEEDS)
    reviewed_by = Words(120, allow_none=True, load_default=None, metadata=_REVIEWED_BY)
    is_on = Truth(load_default=True)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> PromptDraft:
        """Make the use case's own value of it."""
        sets = {name: tuple(dict.fromkeys(data[name])) for name in ("phases", "themes")}
        return PromptDraft(**(data | sets))


def text_of(prompt: Prompt) -> str:
    """Give the question in the language that is asked for, or in one that there is."""
    return prompt.texts[prompt.language_for(language())]


class PromptSchema(Answer):
    """A question to write by: of the library, or a clinic's own."""

    example: ClassVar[dict[str, Any]] = {
        "id": PROMPT_ID,
        "text": PromptDraftSchema.example["texts"]["en"],
        "language": "en",
        **PromptDraftSchema.example,
        "source": None,
        "version": 1,
        "is_own": True,
        "is_retired": False,
    }

    id = Id(required=True)
    text = fields.Function(text_of, required=True, metadata={"type": "string"})
    language = fields.Function(
        lambda prompt: prompt.language_for(language()),
        required=True,
        metadata={"type": "string", "enum": list(LANGUAGES), "description": "Which language `text` is in."},
    )
    texts = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "The question in every language that there is."},
    )
    purpose = Choice(PURPOSES, required=True)
    gentleness = Choice(GENTLENESS, required=True, metadata=_GENTLENESS)
    version = fields.Integer(required=True)
    phases = fields.Function(
        lambda prompt: [str(each) for each in Phase if each in prompt.phases],
        required=True,
        metadata={"type": "array", "items": {"type": "string", "enum": list(PHASES)}},
    )
    themes = fields.Function(
        lambda prompt: sorted(prompt.themes), required=True, metadata={"type": "array", "items": {"type": "string"}}
    )
    needs = Choice(NEEDS, required=True, allow_none=True, metadata=_NEEDS)
    source = fields.String(
        required=True, allow_none=True, metadata={"description": "Where its idea comes from; null: the clinic."}
    )
    reviewed_by = fields.String(required=True, allow_none=True, metadata=_REVIEWED_BY)
    is_on = fields.Boolean(required=True)
    is_own = fields.Boolean(required=True, metadata={"description": "The clinic's own, which it may change."})
    is_retired = fields.Boolean(
        required=True, metadata={"description": "No longer offered; still readable for the entries that answer it."}
    )


class SeenSchema(Schema):
    """The app's word that a prompt was seen. There is nothing to say beside that."""

    example: ClassVar[dict[str, Any]] = {}


class ShowingSchema(Answer):
    """When a prompt was last put to the patient."""

    example: ClassVar[dict[str, Any]] = {
        "prompt_id": PROMPT_ID,
        "offered_at": "2026-03-09T08:00:00Z",
        "shown_at": "2026-03-09T08:01:10Z",
    }

    prompt_id = Id(required=True)
    offered_at = Moment(required=True, allow_none=True)
    shown_at = Moment(required=True, allow_none=True)
