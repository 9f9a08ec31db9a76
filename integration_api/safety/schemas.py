"""Safety flags on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.safety.routing import route_of
from integration_api.safety.use_cases import FlagFilter, Step
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Id, Moment, Schema, Text, WithWords, Words
from models import ASSERTIONS, FLAG_EVENTS, FLAG_STATUSES, SafetyFlag

LONGEST_NOTE = 2000
_FLAG = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e40"
_PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_CLINICIAN = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e02"
_NOTE = {"description": "For the care team; sealed at rest."}
_LEVEL = {
    "description": "Of suicidality, after the levels of the C-SSRS; the gravest of its mentions. It is no rating."
}


class FlagQuery(PageQuery):
    """Which flags to list."""

    patient_id = Id(load_default=None)
    status = Choice(FLAG_STATUSES, load_default=None)
    theme = Text(80, load_default=None, metadata={"description": "The name of a theme, the clinic's own included."})
    routed = Choice(
        ("me", "any"),
        load_default="me",
        metadata={
            "default": "me",
            "description": "`me`: put before one's role, escalated, or assigned to one. `any`: all that one may see.",
        },
    )

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": FlagFilter(is_routed=data.pop("routed") == "me", **data), **page}


class StepSchema(Schema):
    """An act upon a flag, with a note where there is something to say."""

    example: ClassVar[dict[str, Any]] = {"note": "I am calling her now."}

    note = Words(LONGEST_NOTE, load_default=None, allow_none=True, metadata=_NOTE)

    @post_load
    def to_step(self, data: dict[str, Any], **_: Any) -> Step:
        """Make the use case's own value of it."""
        return Step(**data)


class AssignmentSchema(StepSchema):
    """Into whose hands a flag is put."""

    example: ClassVar[dict[str, Any]] = {"clinician_id": _CLINICIAN}

    clinician_id = Id(required=True, metadata={"description": "Of the patient's care team."})


class ReasonedStepSchema(StepSchema):
    """An act upon a flag that needs a word of why."""

    example: ClassVar[dict[str, Any]] = {"note": "Spoke with her; safe tonight, seen tomorrow at nine."}

    note = Words(LONGEST_NOTE, required=True, metadata=_NOTE)


class FlagEvidenceSchema(Answer):
    """A passage that speaks for the flag, cut now from what it was raised from."""

    example: ClassVar[dict[str, Any]] = {
        "mention_id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e20",
        "quote": "suicidal thoughts",
        "start": 19,
        "end": 36,
        "assertion": "affirmed",
        "score": 0.9,
        "severity": "thoughts",
    }

    mention_id = Id(
        required=True,
        allow_none=True,
        attribute="id",
        metadata={"description": "Null in an intention or commitment, where nothing is there to be reviewed."},
    )
    quote = fields.String(required=True)
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    assertion = Choice(ASSERTIONS, required=True)
    score = fields.Float(required=True)
    severity = fields.String(required=True, allow_none=True)


class FlaggedAnswerSchema(Answer):
    """The answer to a measure that speaks for the flag."""

    example: ClassVar[dict[str, Any]] = {
        "response_id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e50",
        "measure": "phq_9",
        "item": "9",
        "answer": 1,
    }

    response_id = Id(required=True)
    measure = fields.String(required=True)
    item = fields.String(required=True, metadata={"description": "Its number; the catalogue has its words."})
    answer = fields.Integer(required=True)


class CrisisResourceSchema(Answer):
    """Somewhere to turn to, as the clinic words it."""

    example: ClassVar[dict[str, Any]] = {
        "name": "Harbour crisis line",
        "phone": "555-0100",
        "url": None,
        "hours": "day and night",
        "region": "Harbour county",
    }

    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    url = fields.String(required=True, allow_none=True)
    hours = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)


class SupportSchema(Answer):
    """What the app shows the writer now. It is no crisis service, and says so."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "support",
        "message": "Thank you for telling. This journal is no crisis service. If you feel unsafe, please call "
        "your local emergency number or a crisis line now, or reach somebody you trust.",
        "resources": [CrisisResourceSchema.example],
    }

    kind = Choice(("support",), required=True)
    message = fields.String(required=True)
    resources = fields.List(
        fields.Nested(CrisisResourceSchema),
        required=True,
        metadata={"description": "Where help is, as the clinic has set it; may be empty."},
    )


class FlagEventSchema(WithWords):
    """What happened to a flag."""

    example: ClassVar[dict[str, Any]] = {
        "at": "2026-03-09T13:12:04Z",
        "what": "raised",
        "clinician_id": None,
        "clinician_name": None,
        "assigned_to": None,
        "note": None,
    }

    at = Moment(required=True)
    what = Choice(FLAG_EVENTS, required=True)
    clinician_id = Id(required=True, allow_none=True, metadata={"description": "Who it was; null: the system."})
    clinician_name = fields.String(required=True, allow_none=True)
    assigned_to = Id(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


def _roles(flag: SafetyFlag) -> list[str]:
    return sorted(route_of(flag.theme).roles)


class SafetyFlagSchema(Answer):
    """What a care team must see soon. Of private words it tells theme, severity and times, and nothing else."""

    example: ClassVar[dict[str, Any]] = {
        "id": _FLAG,
        "patient_id": _PATIENT,
        "theme": "suicidality",
        "severity": "thoughts",
        "status": "open",
        "routed_to": ["nurse", "physician", "therapist"],
        "assigned_to": None,
        "raised_at": "2026-03-09T13:12:04Z",
        "due_at": "2026-03-09T14:12:04Z",
        "escalated_at": None,
        "is_private": False,
        "document_id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e10",
        "intention_id": None,
        "commitment_id": None,
        "document_source": "journal",
        "evidence": [FlagEvidenceSchema.example],
        "answer": None,
        "history": [FlagEventSchema.example],
    }

    id = Id(required=True)
    patient_id = Id(required=True)
    theme = fields.String(required=True)
    severity = fields.String(required=True, allow_none=True, metadata=_LEVEL)
    status = Choice(
        FLAG_STATUSES,
        required=True,
        metadata={"description": "`withdrawn`: the words are gone, and nobody had acknowledged the flag."},
    )
    routed_to = fields.Function(
        _roles,
        required=True,
        metadata={"type": "array", "items": {"type": "string"}, "description": "The roles it is put before."},
    )
    assigned_to = Id(required=True, allow_none=True, metadata={"description": "A clinician's id."})
    raised_at = Moment(required=True)
    due_at = Moment(required=True, metadata={"description": "When an open flag is put before the whole care team."})
    escalated_at = Moment(required=True, allow_none=True)
    is_private = fields.Boolean(required=True, metadata={"description": "From words that the patient keeps private."})
    document_id = Id(required=True, allow_none=True, attribute="shown_document_id")
    intention_id = Id(required=True, allow_none=True, attribute="shown_intention_id")
    commitment_id = Id(required=True, allow_none=True, attribute="shown_commitment_id")
    document_source = Choice(
        ("journal", "note", "measure", "intention", "commitment"),
        required=True,
        allow_none=True,
        attribute="shown_source",
        metadata={"description": "What it was raised from; null: private words."},
    )
    evidence = fields.List(
        fields.Nested(FlagEvidenceSchema),
        required=True,
        metadata={"description": "What speaks for it in the words as they are now; none of private ones."},
    )
    answer = fields.Nested(
        FlaggedAnswerSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Of a flag that was raised from a measure: then `document_id` is null."},
    )
    history = fields.List(fields.Nested(FlagEventSchema), required=True)
