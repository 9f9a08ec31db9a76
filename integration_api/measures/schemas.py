"""Measures on the wire: the catalogue, responses, trends, and what is due."""

from typing import Any, ClassVar

from flask import current_app
from marshmallow import fields, post_load, validate

from integration_api.config import Settings
from integration_api.measures.catalogue import measures
from integration_api.measures.scoring import Score
from integration_api.measures.support import support_for
from integration_api.measures.use_cases import ResponseDraft, ResponseFilter, score_of
from integration_api.safety.schemas import SupportSchema
from integration_api.safety.support import Support
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Answer, Choice, Derived, Id, Moment, Schema, Text, Whole, WithWords
from models import MeasureResponse

RESPONSE_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e50"
_PATIENT, _USER = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e04"
_MOST_ITEMS, _HIGHEST = 100, 10
_IN_LANGUAGES = {"description": "By language (ISO 639-1); the published words, to be shown unchanged."}
_WHEN = {"description": "null, or left out: the time of arrival; of a correction, when what it replaces was answered."}


def _words(**more: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), required=True, metadata=_IN_LANGUAGES, **more)


class OptionSchema(Answer):
    """One answer that can be given, and what it counts."""

    value = fields.Integer(required=True)
    text = _words()


class ItemSchema(Answer):
    """One question."""

    number = fields.String(required=True)
    text = _words()
    loinc = fields.String(required=True, allow_none=True)


class GateSchema(Answer):
    """A question before the others, answered by 0 (no) or 1 (yes): after a no, none of them is asked."""

    text = _words()


class BandSchema(Answer):
    """A published range of totals, both ends included. It is no diagnosis."""

    example: ClassVar[dict[str, Any]] = {"name": "moderate", "lowest": 10, "highest": 14}

    name = fields.String(required=True)
    lowest = fields.Integer(required=True)
    highest = fields.Integer(required=True)


class ReliableChangeSchema(Answer):
    """From how many points on a change is more than the measure's own unsteadiness."""

    example: ClassVar[dict[str, Any]] = {"points": 6, "source": "Gyani A et al. Behav Res Ther 2013;51:597-606."}

    points = fields.Integer(required=True)
    source = fields.String(required=True)


class SafetyItemSchema(Answer):
    """An answer that raises a safety flag, whatever the total."""

    item = fields.String(required=True)
    at_least = fields.Integer(required=True)
    theme = fields.String(required=True)


class CodesSchema(Answer):
    """LOINC codes, where they are verified."""

    panel = fields.String(required=True)
    score = fields.String(required=True)


class MeasureSchema(Answer):
    """A questionnaire as it was published."""

    example: ClassVar[dict[str, Any]] = {}  # below, once it can be made

    measure = fields.String(required=True, attribute="name")
    version = fields.String(required=True)
    title = _words()
    about = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    recall = fields.String(required=True, metadata={"description": "What time it asks about: an ISO 8601 duration."})
    instruction = _words()
    gate = fields.Nested(GateSchema, required=True, allow_none=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)
    items = fields.List(fields.Nested(ItemSchema), required=True)
    highest = fields.Integer(required=True, metadata={"description": "The highest total; a higher one is worse."})
    bands = fields.List(fields.Nested(BandSchema), required=True)
    missing = Choice(
        ("no_score",), required=True, metadata={"description": "`no_score`: without every answer there is no total."}
    )
    reliable_change = fields.Nested(ReliableChangeSchema, required=True, allow_none=True)
    safety = fields.List(fields.Nested(SafetyItemSchema), required=True)
    loinc = fields.Nested(CodesSchema, required=True, allow_none=True)
    licence = fields.String(required=True)
    notice = fields.String(required=True, metadata={"description": "To be shown with the questionnaire."})
    source = fields.String(required=True)
    limits = fields.String(required=True)


MeasureSchema.example = dict(MeasureSchema().dump(measures()["gad_2"]))


class ResponseQuery(PageQuery, Span):
    """Which responses to list; `since` and `until` are about `answered_at`."""

    patient_id = Id(load_default=None)
    measure = Text(40, load_default=None)
    status = Choice(("final", "entered_in_error"), load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": ResponseFilter(**data), **page}


class MeasureResponseDraftSchema(Schema):
    """A filled-in questionnaire as it is sent."""

    example: ClassVar[dict[str, Any]] = {
        "measure": "phq_9",
        "answers": [1, 2, 1, 1, 0, 2, 1, 0, 1],
        "answered_at": "2026-03-09T08:12:00Z",
        "language": "en",
    }

    id = Id()
    patient_id = Id(allow_none=True, load_default=None, metadata={"description": "A patient need not say it."})
    measure = Text(40, required=True)
    answers = fields.List(
        Whole(0, _HIGHEST, allow_none=True),
        required=True,
        validate=validate.Length(1, _MOST_ITEMS),
        metadata={"description": "One an item, in their order; null: not answered, which is no zero."},
    )
    gate = Whole(
        0, 1, allow_none=True, load_default=None, metadata={"description": "Where the measure has a question before."}
    )
    answered_at = Moment(allow_none=True, load_default=None, metadata=_WHEN)
    language = Text(8, allow_none=True, load_default=None, metadata={"description": "That it was shown in."})
    replaces = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "The response that this one corrects: it is marked as entered in error."},
    )

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> ResponseDraft:
        """Make the use case's own value of it."""
        return ResponseDraft(**data | {"answers": tuple(data["answers"])})


class ScoreSchema(Answer):
    """What the answers come to. `total` and `band` are null where an answer is missing."""

    example: ClassVar[dict[str, Any]] = {"total": 9, "band": "mild", "answered": 9, "items": 9}

    total = fields.Integer(required=True, allow_none=True)
    band = fields.String(required=True, allow_none=True, attribute="band.name", dump_default=None)
    answered = fields.Integer(required=True)
    items = fields.Integer(required=True)


def _support(response: MeasureResponse) -> Support | None:
    settings: Settings = current_app.config["SETTINGS"]
    return support_for(response, settings.crisis_resources)


def _score(response: MeasureResponse) -> Score:
    return score_of(response)


class MeasureResponseSchema(WithWords):
    """What was answered, and what it comes to."""

    example: ClassVar[dict[str, Any]] = {
        **MeasureResponseDraftSchema.example,
        "id": RESPONSE_ID,
        "patient_id": _PATIENT,
        "author_id": _USER,
        "measure_version": "1",
        "gate": None,
        "replaces": None,
        "status": "final",
        "score": ScoreSchema.example,
        "safety": SupportSchema.example,
        "version": 1,
        "created_at": "2026-03-09T08:12:04Z",
        "updated_at": "2026-03-09T08:12:04Z",
    }

    id = Id(required=True)
    patient_id = Id(required=True)
    author_id = Id(required=True, metadata={"description": "Who sent it: the patient, or who wrote it down."})
    measure = fields.String(required=True)
    measure_version = fields.String(required=True)
    answers = fields.List(fields.Integer(allow_none=True), required=True)
    gate = fields.Integer(required=True, allow_none=True)
    answered_at = Moment(required=True)
    language = fields.String(required=True)
    replaces = Id(required=True, allow_none=True, attribute="replaces_id")
    status = Choice(
        ("final", "entered_in_error"), required=True, metadata={"description": "What is in error counts nowhere."}
    )
    score = Derived(ScoreSchema, _score)
    safety = Derived(
        SupportSchema, _support, allow_none=True, metadata={"description": "What the app shows who answered, at once."}
    )
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
