"""An exchange with a phone on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load, validate

from integration_api.action.schemas import STATUSES, support_of
from integration_api.moods.schemas import MoodCheckInSchema
from integration_api.safety.schemas import SupportSchema
from integration_api.sync.writing import OUTCOMES, Change
from integration_api.web.schema import (
    Answer,
    Choice,
    Day,
    Derived,
    Id,
    Moment,
    ProblemSchema,
    Schema,
    Text,
    Whole,
    WithWords,
)
from models import VISIBILITIES

MOST_CHANGES = 100
DEFAULT_LIMIT, MAXIMUM_LIMIT = 100, 200
_ENTRY, _CHANGE = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e09", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e41"
_SESSION = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06"
_TOKEN = "eyJhIjoxfQ.aSg.c2lnbmF0dXJl"  # noqa: S105  (an example, good for nothing)
_ANYTHING: dict[str, Any] = {"type": ["object", "null"], "additionalProperties": True}


class HeldIntentionSchema(WithWords):
    """An intention as a phone holds it: without what later writing says of it, which changes by itself."""

    id = Id(required=True)
    patient_id = Id(required=True)
    author_id = Id(required=True)
    session_id = Id(required=True, allow_none=True)
    text = fields.String(required=True)
    themes = fields.List(fields.String(), required=True)
    visibility = Choice(VISIBILITIES, required=True)
    safety = Derived(SupportSchema, support_of, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class HeldCommitmentSchema(HeldIntentionSchema):
    """A commitment as a phone holds it."""

    intention_id = Id(required=True, allow_none=True)
    due_on = Day(required=True, allow_none=True)
    status = Choice(STATUSES, required=True)
    status_at = Moment(required=True, allow_none=True)


class HeldCheckInSchema(MoodCheckInSchema):
    """A mood check-in as a phone holds it."""

    version = fields.Constant(1, metadata={"description": "It is never changed."})


class SyncChangeSchema(Schema):
    """One change that a phone asks for."""

    change_id = Id(
        required=True, metadata={"description": "The change's own id, made once by the phone: repeating it is safe."}
    )
    kind = Text(40, required=True, metadata={"description": "Such as `journal_entry`."})
    id = Id(required=True)
    op = Choice(("put", "delete"), required=True)
    base_version = Whole(
        1,
        2**31 - 1,
        allow_none=True,
        load_default=None,
        metadata={"description": "The `version` that was edited or deleted; null: a new record."},
    )
    record = fields.Dict(
        keys=fields.String(),
        allow_none=True,
        load_default=None,
        metadata={"description": "As at the kind's own address; with a `base_version` only what changes.", **_ANYTHING},
    )
    resolves = fields.List(
        Id(),
        load_default=list,
        validate=validate.Length(max=100),
        metadata={"description": "Ids of conflicts of the entry that this put, with the words it holds, settles."},
    )

    @post_load
    def to_change(self, data: dict[str, Any], **_: Any) -> Change:
        """Make the use case's own value of it."""
        return Change(**data)


class SyncRequestSchema(Schema):
    """What a phone sends."""

    example: ClassVar[dict[str, Any]] = {
        "token": None,
        "changes": [
            {
                "change_id": _CHANGE,
                "kind": "journal_entry",
                "id": _ENTRY,
                "op": "put",
                "base_version": None,
                "record": {"text": "The sea again. I was not afraid.", "written_at": "2026-03-09T08:12:00-05:00"},
            }
        ],
        "limit": 50,
    }

    token = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 1000),
        metadata={"description": "`token` of the answer before; null: everything from the beginning."},
    )
    changes = fields.List(
        fields.Nested(SyncChangeSchema),
        load_default=list,
        validate=validate.Length(max=MOST_CHANGES),
        metadata={"description": "Carried out one by one, in this order; none holds up another."},
    )
    limit = Whole(1, MAXIMUM_LIMIT, load_default=DEFAULT_LIMIT, metadata={"description": "How many changes to answer."})


class SyncResultSchema(Answer):
    """What came of one change."""

    change_id = Id(required=True)
    kind = fields.String(required=True)
    id = Id(required=True)
    outcome = Choice(OUTCOMES, required=True)
    version = fields.Integer(required=True, allow_none=True, metadata={"description": "The record's, now."})
    etag = fields.String(required=True, allow_none=True, metadata={"description": "As at the record's own address."})
    record = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The record as it is now.", **_ANYTHING}
    )
    recovered_id = Id(
        required=True, allow_none=True, metadata={"description": "The new draft that keeps the words of a `gone` edit."}
    )
    kept = fields.List(
        fields.String(), required=True, metadata={"description": "Fields that others changed too, and that stay."}
    )
    problem = fields.Nested(
        ProblemSchema, required=True, allow_none=True, metadata={"description": "Why it is `invalid` or `refused`."}
    )


class SyncItemSchema(Answer):
    """A record that is new or has changed, or that is gone."""

    kind = fields.String(required=True)
    id = Id(required=True)
    deleted = fields.Boolean(
        required=True, metadata={"description": "It is deleted, or no longer this caller's to read: forget it."}
    )
    record = fields.Dict(required=True, allow_none=True, metadata={"description": "Null if deleted.", **_ANYTHING})
    problem = fields.Nested(
        ProblemSchema,
        metadata={
            "description": "Only there where there is no record though it is not deleted: keep what you have of it."
        },
    )


class SyncAnswerSchema(Answer):
    """What a phone is answered."""

    example: ClassVar[dict[str, Any]] = {
        "results": [
            {
                "change_id": _CHANGE,
                "kind": "journal_entry",
                "id": _ENTRY,
                "outcome": "applied",
                "version": 1,
                "etag": "0f343b0931126a20f133d67c2b018a3b",
                "record": {"id": _ENTRY, "text": "The sea again. I was not afraid.", "version": 1},
                "recovered_id": None,
                "kept": [],
                "problem": None,
            }
        ],
        "changes": [{"kind": "session", "id": _SESSION, "deleted": True, "record": None}],
        "token": _TOKEN,
        "has_more": False,
    }

    results = fields.List(fields.Nested(SyncResultSchema), required=True)
    changes = fields.List(fields.Nested(SyncItemSchema), required=True)
    token = fields.String(required=True, metadata={"description": "For the next time; keep it with what it brought."})
    has_more = fields.Boolean(required=True, metadata={"description": "Ask again at once, with the new token."})
