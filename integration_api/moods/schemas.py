"""Mood check-ins on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.moods.use_cases import CheckInDraft, CheckInFilter
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Answer, Choice, Id, Moment, Schema, Whole
from models import VISIBILITIES

_ID, _PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e51", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_SESSION = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06"
_VALENCE = {"description": "From unpleasant to pleasant."}
_AROUSAL = {"description": "From calm to stirred up."}


class CheckInQuery(PageQuery, Span):
    """Which check-ins to list; `since` and `until` are about `at`."""

    patient_id = Id(load_default=None)
    session_id = Id(load_default=None)
    visibility = Choice(VISIBILITIES, load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": CheckInFilter(**data), **page}


class MoodCheckInDraftSchema(Schema):
    """How somebody feels, as it is sent. What needs words is a journal entry."""

    example: ClassVar[dict[str, Any]] = {
        "valence": -1,
        "arousal": 3,
        "at": "2026-03-09T08:12:00-05:00",
        "visibility": "care_team",
    }

    id = Id()
    valence = Whole(-5, 5, required=True, metadata=_VALENCE)
    arousal = Whole(-5, 5, required=True, metadata=_AROUSAL)
    at = Moment(
        allow_none=True,
        load_default=None,
        metadata={"description": "With the patient's own offset, which is kept. Left out: the time of arrival."},
    )
    session_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "null: the latest session that began before `at`."},
    )
    visibility = Choice(
        VISIBILITIES,
        load_default="private",
        metadata={"description": "`private` is the patient's alone, in every sum and pattern, too."},
    )

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> CheckInDraft:
        """Make the use case's own value of it."""
        return CheckInDraft(**data)


class MoodCheckInSchema(Answer):
    """How a patient felt at one moment: pleasantness (valence) and activation (arousal), each from -5 to 5."""

    example: ClassVar[dict[str, Any]] = {
        "id": _ID,
        "patient_id": _PATIENT,
        "session_id": _SESSION,
        **MoodCheckInDraftSchema.example,
        "created_at": "2026-03-09T13:12:04Z",
    }

    id = Id(required=True)
    patient_id = Id(required=True)
    session_id = Id(required=True, allow_none=True)
    at = Moment(required=True, attribute="at_local")
    valence = fields.Integer(required=True, metadata=_VALENCE)
    arousal = fields.Integer(required=True, metadata=_AROUSAL)
    visibility = Choice(VISIBILITIES, required=True)
    created_at = Moment(required=True)
