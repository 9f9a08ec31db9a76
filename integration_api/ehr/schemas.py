"""Record systems and copies on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.ehr.copies import CopyDraft
from integration_api.ehr.use_cases import SCOPE, ConnectionDraft
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Id, Moment, Schema, Text, Truth, Words
from models.ehr import CONNECTION_AUTHS, CONNECTION_STATES, COPY_STATES

_CONNECTION, _COPY = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e31", "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e32"
_DOCUMENT = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e08"


class EhrConnectionQuery(PageQuery):
    """Which record systems to list: all."""


class EhrCopyQuery(PageQuery):
    """Which copies to list."""

    state = Choice(COPY_STATES, load_default=None)


class CopiesQuery(PageQuery):
    """Which of a document's copies to list: all."""


class EhrConnectionDraftSchema(Schema):
    """A record system to write to."""

    example: ClassVar[dict[str, Any]] = {
        "name": "Hospital record",
        "base_url": "https://ehr.example/fhir/r4",
        "client_id": "integration-journal",
        "patient_system": "urn:oid:1.2.36.146.595.217",
    }
    patch_example: ClassVar[dict[str, Any]] = {"state": "paused"}

    id = Id()
    name = Words(200, required=True)
    base_url = Text(2_000, required=True, metadata={"format": "uri", "description": "https, on the open internet."})
    auth = Choice(
        CONNECTION_AUTHS,
        load_default="smart",
        metadata={"description": "SMART Backend Services; `none` in development only."},
    )
    client_id = Text(200, allow_none=True, load_default=None)
    scope = Text(500, load_default=SCOPE)
    patient_system = Text(
        500, required=True, metadata={"description": "The system of the identifiers by which patients are found."}
    )
    creates_patients = Truth(load_default=False, metadata={"description": "Create a patient who is not found there."})
    state = Choice(CONNECTION_STATES, load_default="active")

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> ConnectionDraft:
        """Make the use case's own value of it."""
        return ConnectionDraft(**data)


class EhrConnectionSchema(Answer):
    """A record system that we write to, and how it fares."""

    example: ClassVar[dict[str, Any]] = {
        **EhrConnectionDraftSchema.example,
        "id": _CONNECTION,
        "auth": "smart",
        "scope": SCOPE,
        "creates_patients": False,
        "state": "active",
        "failures": 0,
        "failing_since": None,
        "rests_until": None,
        "answered_at": "2026-03-09T13:12:01Z",
        "version": 1,
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": "2026-03-01T09:00:00Z",
    }

    id = Id(required=True)
    name = fields.String(required=True)
    base_url = fields.String(required=True)
    auth = Choice(CONNECTION_AUTHS, required=True)
    client_id = fields.String(required=True, allow_none=True)
    scope = fields.String(required=True)
    patient_system = fields.String(required=True)
    creates_patients = fields.Boolean(required=True)
    state = Choice(CONNECTION_STATES, required=True)
    failures = fields.Integer(required=True, metadata={"description": "In a row."})
    failing_since = Moment(required=True, allow_none=True)
    rests_until = Moment(required=True, allow_none=True)
    answered_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class CopyDraftSchema(Schema):
    """Where a copy is to go."""

    example: ClassVar[dict[str, Any]] = {"connection_id": _CONNECTION}

    id = Id()
    connection_id = Id(
        allow_none=True,
        load_default=None,
        metadata={"description": "Null: to the one record system that the clinic writes to."},
    )

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> CopyDraft:
        """Make the use case's own value of it."""
        return CopyDraft(**data)


class EhrCopySchema(Answer):
    """A document's copy in a record system. No word of it, nor of any answer, is kept here."""

    example: ClassVar[dict[str, Any]] = {
        "id": _COPY,
        "document_id": _DOCUMENT,
        "connection_id": _CONNECTION,
        "state": "sent",
        "reason": None,
        "url": "https://ehr.example/fhir/r4/DocumentReference/4711",
        "sent_version": 1,
        "sent_at": "2026-03-09T13:12:01Z",
        "tries": 0,
        "tried_at": "2026-03-09T13:12:01Z",
        "next_attempt_at": None,
        "failing_since": None,
        "last_status": 201,
        "error": None,
        "created_at": "2026-03-09T13:12:00Z",
        "updated_at": "2026-03-09T13:12:01Z",
    }

    id = Id(required=True)
    document_id = Id(required=True)
    connection_id = Id(required=True)
    state = Choice(COPY_STATES, required=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Refused: `no_patient`, `several_patients`, `several_copies`, `gone`, `rejected`, "
            "`attempts`, `not_recalled` (it was to be withdrawn, and was refused or not found). Withdrawn: "
            "`consent`, `not_shared`, `not_asked_again` (the patient shares it again, nobody has asked for it since). "
            "Sent: `mediated` (somebody there has to let it in). Waiting: why it is to be withdrawn, "
            "or `not_found` (it is searched for)."
        },
    )
    url = fields.String(required=True, allow_none=True, metadata={"description": "Where it is in the record system."})
    sent_version = fields.Integer(required=True, allow_none=True, metadata={"description": "Of the document."})
    sent_at = Moment(required=True, allow_none=True)
    tries = fields.Integer(required=True, metadata={"description": "In vain, in a row."})
    tried_at = Moment(required=True, allow_none=True)
    next_attempt_at = Moment(required=True, allow_none=True, dump_only=True)
    failing_since = Moment(required=True, allow_none=True)
    last_status = fields.Integer(required=True, allow_none=True)
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`refused_address`, `no_address`, `connection`, `tls`, `timeout`, `answer`, `token`."},
    )
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
