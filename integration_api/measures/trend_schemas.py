"""How measures change, and what is due, on the wire."""

from typing import Any, ClassVar

from marshmallow import fields

from integration_api.measures.schemas import RESPONSE_ID, ReliableChangeSchema, ScoreSchema
from integration_api.web.schema import Answer, Choice, Id, Moment
from nlp.relations import Since

_PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_SINCE = tuple(each.value for each in Since)
_N = {"description": "Responses with a total."}
_CHANGE = {"description": "null: fewer than two totals."}


class PointSchema(Answer):
    """One response of the series; `/v1/measure-responses/{id}` has its answers."""

    example: ClassVar[dict[str, Any]] = {
        "response_id": RESPONSE_ID,
        "answered_at": "2026-03-09T08:12:00Z",
        "score": ScoreSchema.example,
        "since_dosing": "within_24_hours",
    }

    response_id = Id(required=True)
    answered_at = Moment(required=True)
    score = fields.Nested(ScoreSchema, required=True)
    since_dosing = Choice(_SINCE, required=True)


class ChangeSchema(Answer):
    """A difference of two totals; below zero is less."""

    example: ClassVar[dict[str, Any]] = {"points": -7, "exceeds": True}

    points = fields.Integer(required=True)
    exceeds = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={"description": "At least the published reliable change; null: none is published."},
    )


class AroundDosingSchema(Answer):
    """The totals of one stretch of time since the last dosing. Description, never an effect."""

    example: ClassVar[dict[str, Any]] = {"since": "later", "n": 3, "mean": 11.33, "lowest": 9, "highest": 16}

    since = Choice(_SINCE, required=True)
    n = fields.Integer(required=True)
    mean = fields.Float(required=True)
    lowest = fields.Integer(required=True)
    highest = fields.Integer(required=True)


class MeasureAroundDoseSchema(Answer):
    """One measure beside the dose; empty where no dosing was held."""

    example: ClassVar[dict[str, Any]] = {
        "measure": "phq_9",
        "n": 3,
        "unscored": 0,
        "around_dosing": [AroundDosingSchema.example],
    }

    measure = fields.String(required=True, attribute="measure.name")
    n = fields.Integer(required=True, metadata=_N)
    unscored = fields.Integer(required=True, metadata={"description": "Responses without one: an answer is missing."})
    around_dosing = fields.List(fields.Nested(AroundDosingSchema), required=True)


class MeasureAtAGlanceSchema(Answer):
    """The latest total of a measure, and how it differs from earlier ones."""

    example: ClassVar[dict[str, Any]] = {
        "measure": "phq_9",
        "n": 3,
        "unscored": 0,
        "last": PointSchema.example,
        "since_previous": ChangeSchema.example,
        "since_first": ChangeSchema.example,
        "reliable_change": ReliableChangeSchema.example,
    }

    measure = fields.String(required=True, attribute="measure.name")
    n = fields.Integer(required=True, metadata=_N)
    unscored = fields.Integer(required=True)
    last = fields.Nested(PointSchema, required=True, allow_none=True)
    since_previous = fields.Nested(ChangeSchema, required=True, allow_none=True, metadata=_CHANGE)
    since_first = fields.Nested(ChangeSchema, required=True, allow_none=True, metadata=_CHANGE)
    reliable_change = fields.Nested(
        ReliableChangeSchema, required=True, allow_none=True, attribute="measure.reliable_change"
    )


class TrendSchema(MeasureAtAGlanceSchema):
    """How one measure of a patient changes. It claims no cause, and is no diagnosis."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": _PATIENT,
        **MeasureAtAGlanceSchema.example,
        "series": [PointSchema.example],
        "around_dosing": [AroundDosingSchema.example],
    }

    patient_id = Id(required=True)
    series = fields.List(fields.Nested(PointSchema), required=True)
    around_dosing = fields.List(fields.Nested(AroundDosingSchema), required=True)


class DueSchema(Answer):
    """A measure that is to be answered."""

    example: ClassVar[dict[str, Any]] = {"measure": "phq_9", "reason": "in_turn", "since": "2026-03-09T08:12:00Z"}

    measure = fields.String(required=True)
    reason = Choice(("before_dosing", "after_dosing", "first", "in_turn"), required=True)
    since = Moment(required=True)
