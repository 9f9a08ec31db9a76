"""Webhooks and their deliveries on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load, validate

from integration_api.events.use_cases import WebhookDraft
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Id, Moment, Schema, Text, Words
from models import LONGEST_URL

EVENT_TYPES = (
    "entry.created", "entry.updated", "entry.deleted", "note.created", "note.updated", "note.deleted",
    "session.created", "session.updated", "session.cancelled", "intention.created", "intention.updated",
    "intention.deleted", "commitment.created", "commitment.updated", "commitment.deleted", "theme.rising",
    "safety_flag.raised", "safety_flag.escalated", "safety_flag.acknowledged", "safety_flag.resolved",
    "safety_flag.withdrawn", "consent.changed", "measure_response.created", "measure_response.deleted",
    "patient.created", "patient.updated",
    "patient.erased",
)  # fmt: skip
STATES = ("requested", "active", "paused", "disabled")
DELIVERY_STATES = ("waiting", "delivered", "dead", "dropped")
_WEBHOOK, _DELIVERY = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e21", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e22"
_EVENT, _PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e23", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_ENTRY = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08"
_TYPES = {"description": "Which events; null: all."}
_PATIENTS = {"description": "Of which patients; null: of all who have consented (`ehr`)."}
_CLINICIAN = {"description": "Of those patients only on whose care team this clinician is; null: of all."}


class WebhookQuery(PageQuery):
    """Which webhooks to list."""

    state = Choice(STATES, load_default=None)


class DeliveryQuery(PageQuery):
    """Which deliveries to list."""

    state = Choice(DELIVERY_STATES, load_default=None)


class NothingSchema(Schema):
    """An empty object: the act needs no more."""

    example: ClassVar[dict[str, Any]] = {}


class WebhookDraftSchema(Schema):
    """Where to be told of what."""

    example: ClassVar[dict[str, Any]] = {
        "name": "The EHR's inbox",
        "url": "https://ehr.example/hooks/journal",
        "types": ["entry.created", "entry.deleted", "safety_flag.raised"],
    }
    patch_example: ClassVar[dict[str, Any]] = {"state": "paused"}

    id = Id()
    name = Words(200, required=True)
    url = Text(LONGEST_URL, required=True, metadata={"format": "uri", "description": "https, on the open internet."})
    types = fields.List(
        Choice(EVENT_TYPES), allow_none=True, load_default=None, validate=validate.Length(1, 50), metadata=_TYPES
    )
    patient_ids = fields.List(
        Id(), allow_none=True, load_default=None, validate=validate.Length(1, 200), metadata=_PATIENTS
    )
    clinician_id = Id(allow_none=True, load_default=None, metadata=_CLINICIAN)
    state = Choice(
        STATES, load_default="active", metadata={"description": "`requested` and `disabled` are ours to say."}
    )

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> WebhookDraft:
        """Make the use case's own value of it."""
        once = {name: data[name] and tuple(dict.fromkeys(data[name])) for name in ("types", "patient_ids")}
        return WebhookDraft(**data | once)


class WebhookSchema(Answer):
    """A webhook, and how it fares. The secret is shown once: in the answer that made it."""

    example: ClassVar[dict[str, Any]] = {
        **WebhookDraftSchema.example,
        "id": _WEBHOOK,
        "patient_ids": None,
        "clinician_id": None,
        "format": "webhook",
        "state": "active",
        "state_reason": None,
        "secret": None,
        "previous_secret_until": None,
        "failures": 0,
        "failing_since": None,
        "rests_until": None,
        "last_delivered_at": "2026-03-09T13:12:01Z",
        "version": 1,
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": "2026-03-01T09:00:00Z",
    }

    id = Id(required=True)
    name = fields.String(required=True, attribute="webhook.name")
    url = fields.String(required=True, attribute="webhook.url")
    types = fields.List(fields.String(), required=True, allow_none=True, attribute="webhook.types")
    patient_ids = fields.List(fields.String(), required=True, allow_none=True, attribute="webhook.patient_ids")
    clinician_id = Id(required=True, allow_none=True, attribute="webhook.clinician_id")
    format = Choice(("webhook", "fhir"), required=True, attribute="webhook.format")
    state = Choice(STATES, required=True, attribute="webhook.state")
    state_reason = fields.String(
        required=True,
        allow_none=True,
        attribute="webhook.state_reason",
        metadata={"description": "`gone`: it answered 410; `failing`: it has failed for days; `handshake`; `ended`."},
    )
    secret = fields.String(required=True, allow_none=True)
    previous_secret_until = Moment(required=True, allow_none=True, attribute="webhook.previous_until")
    failures = fields.Integer(required=True, attribute="webhook.failures", metadata={"description": "In a row."})
    failing_since = Moment(required=True, allow_none=True, attribute="webhook.failing_since")
    rests_until = Moment(required=True, allow_none=True, attribute="webhook.rests_until")
    last_delivered_at = Moment(required=True, allow_none=True, attribute="webhook.delivered_at")
    version = fields.Integer(required=True, attribute="webhook.version")
    created_at = Moment(required=True, attribute="webhook.created_at")
    updated_at = Moment(required=True, attribute="webhook.updated_at")


class AttemptSchema(Answer):
    """One try. Bodies of answers are not kept."""

    example: ClassVar[dict[str, Any]] = {
        "at": "2026-03-09T13:12:01Z",
        "milliseconds": 84,
        "status": 200,
        "error": None,
    }

    at = Moment(required=True)
    milliseconds = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`refused_address`, `no_address`, `connection`, `tls`, `timeout`, `answer`."},
    )


class DeliverySchema(Answer):
    """What became of one event. `webhook_message_id` is the `webhook-id` that the receiver sees, at every try."""

    example: ClassVar[dict[str, Any]] = {
        "id": _DELIVERY,
        "webhook_id": _WEBHOOK,
        "webhook_message_id": _EVENT,
        "type": "entry.created",
        "patient_id": _PATIENT,
        "record_id": _ENTRY,
        "sequence": 12,
        "state": "delivered",
        "reason": None,
        "occurred_at": "2026-03-09T13:12:00Z",
        "next_attempt_at": None,
        "done_at": "2026-03-09T13:12:01Z",
        "attempts": [AttemptSchema.example],
    }

    id = Id(required=True)
    webhook_id = Id(required=True)
    webhook_message_id = Id(required=True, attribute="event_id")
    type = fields.String(required=True, attribute="event.type")
    patient_id = Id(required=True, allow_none=True)
    record_id = Id(required=True, attribute="event.record_id")
    sequence = fields.Integer(required=True)
    state = Choice(DELIVERY_STATES, required=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`consent`, `not_shared`: dropped; `attempts`, `rejected`: given up."},
    )
    occurred_at = Moment(required=True, attribute="event.occurred_at")
    next_attempt_at = Moment(required=True, allow_none=True, dump_only=True)
    done_at = Moment(required=True, allow_none=True)
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
