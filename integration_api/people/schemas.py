"""People on the wire."""

from datetime import date
from typing import Any, ClassVar

from marshmallow import fields, post_load, validate

from integration_api.people.use_cases import ClinicianDraft, PatientDraft
from integration_api.web.schema import Answer, Choice, Day, Id, Moment, Pattern, Schema, Text, Truth, Words
from integration_api.wording import Sentence

PATIENT_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
CLINICIAN_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e02"
ORGANIZATION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e03"
USER_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e04"
CLINICAL = ("therapist", "physician", "nurse")
_TIMES = {"version": 1, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"}
_USERNAME = {
    "pattern": r"^[a-z0-9][a-z0-9._-]*$",
    "description": "Unique in this installation; null: no account yet.",
}
_IS_ACTIVE = {"description": "Whether the account is let in; true where there is none yet. False ends all it has open."}


class Username(Text):
    """The name of an account."""

    PATTERN = r"^[a-z0-9][a-z0-9._-]*$"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(80, metadata={"description": "Names the account; null: there is none yet."}, **kwargs)
        self.validators.append(
            Pattern(self.PATTERN, error=Sentence("Lower-case letters, digits, dot, dash, underscore."))
        )


class OrganizationSchema(Answer):
    """A clinic or practice."""

    id = Id(required=True)
    name = fields.String(required=True)


class MeSchema(Answer):
    """The caller. `patient_id` or `clinician_id` says which person the account is of."""

    example: ClassVar[dict[str, Any]] = {
        "user_id": USER_ID,
        "username": "maya",
        "role": "patient",
        "name": "Maya Lindqvist",
        "organization": {"id": ORGANIZATION_ID, "name": "Harbour Light Clinic"},
        "patient_id": PATIENT_ID,
        "clinician_id": None,
        "scopes": ["patient/*.cruds"],
    }

    user_id = Id(required=True, attribute="user.id")
    username = fields.String(required=True, attribute="user.username")
    role = Choice(("patient", *CLINICAL, "admin", "system"), required=True, attribute="user.role")
    name = fields.String(required=True, allow_none=True)
    organization = fields.Nested(OrganizationSchema, required=True)
    patient_id = Id(required=True, allow_none=True, attribute="principal.patient_id")
    clinician_id = Id(required=True, allow_none=True, attribute="principal.clinician_id")
    scopes = fields.Function(
        lambda me: sorted(str(scope) for scope in me.principal.scopes),
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "string"},
            "description": "What the token may be used for.",
        },
    )


class PatientDraftSchema(Schema):
    """A person in care, as the clinic's admin registers it."""

    example: ClassVar[dict[str, Any]] = {
        "name": "Maya Lindqvist",
        "birth_date": "1988-11-02",
        "retain_until": "2033-12-31",
        "username": "maya",
    }
    id = Id()
    name = Words(200, required=True)
    # Nothing is reckoned from it, and record systems send what stands for an unknown one, such as 0001-01-01.
    birth_date = Day(earliest=date.min, latest=date.max, allow_none=True, load_default=None)
    retain_until = Day(
        latest=date.max,  # how a clinic says "for good"
        allow_none=True,
        load_default=None,
        metadata={"description": "The clinic must keep the record until this day; erasure waits for it."},
    )
    username = Username(allow_none=True, load_default=None)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> PatientDraft:
        """Make the use case's own value of it."""
        return PatientDraft(**data)


class PatientChangeSchema(PatientDraftSchema):
    """A person in care, and whether the account is let in."""

    patch_example: ClassVar[dict[str, Any]] = {"name": "Maya Lindqvist-Okafor"}

    is_active = Truth(metadata=_IS_ACTIVE)


class PatientSchema(Answer):
    """A person in care."""

    example: ClassVar[dict[str, Any]] = {
        "id": PATIENT_ID,
        **PatientDraftSchema.example,
        "is_active": True,
        **_TIMES,
    }

    id = Id(required=True)
    name = fields.String(required=True)
    birth_date = Day(required=True, allow_none=True)
    retain_until = Day(required=True, allow_none=True)
    username = fields.String(required=True, allow_none=True, attribute="account_name")
    is_active = fields.Boolean(required=True, metadata=_IS_ACTIVE)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class ClinicianDraftSchema(Schema):
    """A person who gives care, as the clinic's admin registers it."""

    example: ClassVar[dict[str, Any]] = {"name": "Dr Ines Barros", "role": "physician", "username": "ines"}

    id = Id()
    name = Words(200, required=True)
    role = Choice(CLINICAL, required=True)
    username = Username(allow_none=True, load_default=None)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> ClinicianDraft:
        """Make the use case's own value of it."""
        return ClinicianDraft(**data)


class ClinicianChangeSchema(ClinicianDraftSchema):
    """A person who gives care, and whether the account is let in."""

    patch_example: ClassVar[dict[str, Any]] = {"is_active": False}

    is_active = Truth(metadata=_IS_ACTIVE)


class ClinicianSchema(Answer):
    """A person who gives care."""

    example: ClassVar[dict[str, Any]] = {
        "id": CLINICIAN_ID,
        "user_id": USER_ID,
        **ClinicianDraftSchema.example,
        "is_active": True,
        **_TIMES,
    }

    id = Id(required=True)
    user_id = Id(
        required=True,
        allow_none=True,
        metadata={"description": "The account: `author_id` of what the clinician writes. null: there is none yet."},
    )
    name = fields.String(required=True)
    role = Choice(CLINICAL, required=True)
    username = fields.String(
        required=True,
        allow_none=True,
        attribute="account_name",
        metadata={"description": "null: there is none yet, or, for a patient, always."},
    )
    is_active = fields.Boolean(required=True, metadata=_IS_ACTIVE)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class CareTeamMemberDraftSchema(Schema):
    """One place in a care team."""

    clinician_id = Id(required=True)


class CareTeamDraftSchema(Schema):
    """Who is to care for a patient: the whole team."""

    example: ClassVar[dict[str, Any]] = {"members": [{"clinician_id": CLINICIAN_ID}]}

    members = fields.List(fields.Nested(CareTeamMemberDraftSchema), required=True, validate=validate.Length(max=100))


class CareTeamMemberSchema(Answer):
    """One clinician's place in a care team."""

    clinician_id = Id(required=True)
    name = fields.String(required=True, attribute="clinician.name")
    role = Choice(CLINICAL, required=True, attribute="clinician.role")
    since = Moment(required=True)


class CareTeamSchema(Answer):
    """Who cares for a patient."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": PATIENT_ID,
        "members": [
            {
                "clinician_id": CLINICIAN_ID,
                "name": "Dr Ines Barros",
                "role": "physician",
                "since": "2026-03-01T09:00:00Z",
            }
        ],
        **_TIMES,
    }

    patient_id = Id(required=True)
    members = fields.List(fields.Nested(CareTeamMemberSchema), required=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
