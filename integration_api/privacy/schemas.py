"""Consents, break-glass, the audit trail and erasure on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.privacy.audit import AuditFilter
from integration_api.privacy.break_glass import LONGEST, BreakGlassDraft
from integration_api.privacy.consents import ConsentDraft
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import Answer, Choice, Day, Id, Moment, Schema, Truth, Whole, WithWords, Words
from models.audit import OUTCOMES, PURPOSES_OF_USE
from models.consent import PURPOSES

_PURPOSES = {
    "description": "`care_team`: your care team may read what you share; a no closes all of it at once. `ehr`: the "
    "clinic's record system may read your record. `safety_signals`: signs of danger in private entries, intentions and "
    "commitments may be told. "
    "`research_export`: sentences that were reviewed may teach the tagger."
}
_PATIENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
_USER = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e04"


class ConsentDraftSchema(Schema):
    """A patient's yes or no to one purpose."""

    example: ClassVar[dict[str, Any]] = {
        "purpose": "research_export",
        "is_granted": True,
        "wording": "Sentences of mine that my clinicians have reviewed may be used to teach the theme tagger.",
    }

    id = Id()
    purpose = Choice(PURPOSES, required=True, metadata=_PURPOSES)
    is_granted = Truth(required=True)
    wording = Words(2000, required=True, metadata={"description": "What the patient was shown."})

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> ConsentDraft:
        """Make the use case's own value of it."""
        return ConsentDraft(**data)


class ConsentSchema(WithWords):
    """One word of a patient's on one purpose. The latest of a purpose counts."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e05",
        **ConsentDraftSchema.example,
        "at": "2026-03-01T09:00:00Z",
    }

    id = Id(required=True)
    purpose = Choice(PURPOSES, required=True)
    is_granted = fields.Boolean(required=True)
    wording = fields.String(required=True)
    at = Moment(required=True)


class BreakGlassDraftSchema(Schema):
    """Why a record must be opened now."""

    example: ClassVar[dict[str, Any]] = {"reason": "Brought to the emergency room; her dose is needed.", "minutes": 30}

    id = Id()
    reason = Words(500, required=True, shortest=10, metadata={"description": "The patient and the admin read it."})
    minutes = Whole(1, LONGEST, load_default=30)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> BreakGlassDraft:
        """Make the use case's own value of it."""
        return BreakGlassDraft(**data)


class BreakGlassSchema(WithWords):
    """One opening of a record by a clinician outside the care team."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06",
        "patient_id": _PATIENT,
        "clinician_id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e02",
        "clinician_name": "Dr Ines Barros",
        "reason": BreakGlassDraftSchema.example["reason"],
        "opened_at": "2026-03-09T02:10:00Z",
        "expires_at": "2026-03-09T02:40:00Z",
    }

    id = Id(required=True)
    patient_id = Id(required=True)
    clinician_id = Id(required=True)
    clinician_name = fields.String(required=True, attribute="clinician.name")
    reason = fields.String(required=True)
    opened_at = Moment(required=True)
    expires_at = Moment(required=True)


class AuditQuery(PageQuery, Span):
    """Which events to list; `since` and `until` are about the time of the deed."""

    patient_id = Id(load_default=None)
    actor_id = Id(load_default=None, metadata={"description": "The account that did it."})
    outcome = Choice(OUTCOMES, load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": AuditFilter(**data), **page}


class AuditEventSchema(Answer):
    """Who did what to whose record, when, why, from where, and how it ended."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e07",
        "sequence": 1042,
        "at": "2026-03-09T13:20:00Z",
        "operation": "readJournalEntry",
        "resource": "JournalEntry",
        "action": "read",
        "outcome": "done",
        "purpose": "treatment",
        "actor_id": _USER,
        "actor_role": "therapist",
        "actor_name": "Daniel Okoro",
        "client": None,
        "origin": "192.0.2.7",
        "patient_id": _PATIENT,
        "record_id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e10",
    }

    id = Id(required=True, attribute="event.id")
    sequence = fields.Integer(required=True, attribute="event.sequence")
    at = Moment(required=True)
    operation = fields.String(required=True, attribute="event.operation")
    resource = fields.String(required=True, attribute="event.resource")
    action = fields.String(required=True, attribute="event.action")
    outcome = Choice(OUTCOMES, required=True, attribute="event.outcome")
    purpose = Choice(PURPOSES_OF_USE, required=True, attribute="event.purpose")
    actor_id = Id(required=True, allow_none=True, attribute="event.actor_id")
    actor_role = fields.String(required=True, attribute="event.actor_role")
    actor_name = fields.String(required=True, allow_none=True)
    client = fields.String(required=True, allow_none=True, attribute="event.client")
    origin = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The address it came from; null: a patient is not told that of who works here."},
    )
    patient_id = Id(required=True, allow_none=True)
    record_id = fields.UUID(required=True, allow_none=True, attribute="event.record_id")


class ErasureDraftSchema(Schema):
    """The wish to be forgotten, said clearly."""

    example: ClassVar[dict[str, Any]] = {"confirm": "erase everything"}

    id = Id()
    confirm = Choice(("erase everything",), required=True, metadata={"description": "It cannot be taken back."})


class ErasureSchema(Answer):
    """What has become of the wish."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08",
        "asked_at": "2026-03-09T13:20:00Z",
        "held_until": "2033-12-31",
        "done_at": None,
    }

    id = Id(required=True)
    asked_at = Moment(required=True)
    held_until = Day(
        required=True,
        allow_none=True,
        metadata={"description": "Until this day the clinic must keep its record; nobody on a care team reads it."},
    )
    done_at = Moment(required=True, allow_none=True)
