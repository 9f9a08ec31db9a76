"""Courses, sessions and vitals on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.care.bioavailability import BY_ROUTE, Bioavailability
from integration_api.care.use_cases import CourseDraft, Dosing, SessionDraft, SessionFilter, VitalsDraft
from integration_api.web.pages import PageQuery, Span
from integration_api.web.schema import (
    Answer,
    Choice,
    Day,
    Derived,
    Id,
    Moment,
    Quantity,
    Schema,
    Whole,
    WithWords,
    Words,
)

COURSE_STATUSES = ("planned", "active", "completed", "cancelled")
KINDS = ("screening", "preparation", "dosing", "integration", "psychotherapy")
STATUSES = ("planned", "in_progress", "completed", "cancelled")
SETTINGS = ("clinic", "home", "telehealth")
ROUTES = ("intravenous", "intramuscular", "intranasal", "sublingual", "oral")

PATIENT_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e01"
COURSE_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e05"
SESSION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e06"
VITALS_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e07"
_TIMES = {"version": 1, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"}


class CourseQuery(PageQuery):
    """Which courses to list."""

    patient_id = Id(load_default=None)
    status = Choice(COURSE_STATUSES, load_default=None)


class CourseDraftSchema(Schema):
    """A course of treatment as a clinician describes it."""

    example: ClassVar[dict[str, Any]] = {
        "patient_id": PATIENT_ID,
        "status": "active",
        "indication": "Treatment-resistant depression",
        "started_on": "2026-03-01",
        "ended_on": None,
    }
    patch_example: ClassVar[dict[str, Any]] = {"status": "completed", "ended_on": "2026-06-30"}

    id = Id()
    patient_id = Id(required=True)
    status = Choice(COURSE_STATUSES, load_default="planned")
    indication = Words(500, allow_none=True, load_default=None)
    started_on = Day(allow_none=True, load_default=None)
    ended_on = Day(allow_none=True, load_default=None)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> CourseDraft:
        """Make the use case's own value of it."""
        return CourseDraft(**data)


class CourseSchema(WithWords):
    """A course of treatment, from screening to ongoing psychotherapy."""

    example: ClassVar[dict[str, Any]] = {"id": COURSE_ID, **CourseDraftSchema.example, **_TIMES}

    id = Id(required=True)
    patient_id = Id(required=True)
    status = Choice(COURSE_STATUSES, required=True)
    indication = fields.String(required=True, allow_none=True)
    started_on = Day(required=True, allow_none=True)
    ended_on = Day(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class VitalsDraftSchema(Schema):
    """One reading of vital signs; at least one of them."""

    example: ClassVar[dict[str, Any]] = {
        "at": "2026-03-08T14:20:00Z",
        "systolic_mmhg": 128,
        "diastolic_mmhg": 82,
        "heart_rate_bpm": 74,
        "spo2_percent": 98,
    }

    id = Id()
    at = Moment(required=True, metadata={"description": "From the day before the session on, and not yet to come."})
    systolic_mmhg = Whole(20, 350, allow_none=True, load_default=None)
    diastolic_mmhg = Whole(10, 250, allow_none=True, load_default=None)
    heart_rate_bpm = Whole(10, 350, allow_none=True, load_default=None)
    spo2_percent = Whole(0, 100, allow_none=True, load_default=None)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> VitalsDraft:
        """Make the use case's own value of it."""
        return VitalsDraft(**data)


class VitalsSchema(Answer):
    """One reading of vital signs: mmHg, beats per minute, percent."""

    example: ClassVar[dict[str, Any]] = {"id": VITALS_ID, **VitalsDraftSchema.example}

    id = Id(required=True)
    at = Moment(required=True)
    systolic_mmhg = fields.Integer(required=True, allow_none=True)
    diastolic_mmhg = fields.Integer(required=True, allow_none=True)
    heart_rate_bpm = fields.Integer(required=True, allow_none=True)
    spo2_percent = fields.Integer(required=True, allow_none=True)


class DosingDraftSchema(Schema):
    """What was given. For kind `dosing` only."""

    route = Choice(ROUTES, allow_none=True, load_default=None)
    dose_mg = Quantity(0.01, 5000, allow_none=True, load_default=None)
    weight_kg = Quantity(1, 500, allow_none=True, load_default=None)

    @post_load
    def to_dosing(self, data: dict[str, Any], **_: Any) -> Dosing:
        """Make the use case's own value of it."""
        return Dosing(**data)


class BioavailabilitySchema(Answer):
    """The fraction of a dose that reaches the circulation: a range of published means, for orientation."""

    low = fields.Float(required=True)
    high = fields.Float(required=True)
    source = fields.String(required=True)


def _per_kg(given: Any) -> float | None:
    return round(given.dose_mg / given.weight_kg, 3) if given.dose_mg and given.weight_kg else None


def _bioavailability(given: Any) -> Bioavailability | None:
    return BY_ROUTE.get(given.route)


class DosingSchema(Answer):
    """What was given, and what follows from it by arithmetic."""

    route = Choice(ROUTES, required=True, allow_none=True)
    dose_mg = fields.Float(required=True, allow_none=True)
    weight_kg = fields.Float(required=True, allow_none=True)
    dose_mg_per_kg = fields.Function(_per_kg, required=True, metadata={"type": ["number", "null"]})
    estimated_bioavailability = Derived(BioavailabilitySchema, _bioavailability, allow_none=True)


class SessionQuery(PageQuery, Span):
    """Which sessions to list; `since` and `until` are about `starts_at`."""

    patient_id = Id(load_default=None)
    course_id = Id(load_default=None)
    kind = Choice(KINDS, load_default=None)
    status = Choice(STATUSES, load_default=None)

    @post_load
    def to_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave `limit` and `cursor` beside the use case's own value."""
        page = {name: data.pop(name) for name in ("limit", "cursor")}
        return {"wanted": SessionFilter(**data), **page}


class SessionDraftSchema(Schema):
    """A session as a clinician describes it. Vitals are added at `/v1/sessions/{id}/vitals`."""

    example: ClassVar[dict[str, Any]] = {
        "course_id": COURSE_ID,
        "kind": "dosing",
        "status": "completed",
        "starts_at": "2026-03-08T14:00:00Z",
        "ends_at": "2026-03-08T16:00:00Z",
        "setting": "clinic",
        "intention": "To meet the grief instead of walking around it.",
        "dosing": {"route": "intramuscular", "dose_mg": 70, "weight_kg": 64},
    }
    patch_example: ClassVar[dict[str, Any]] = {"status": "completed", "ends_at": "2026-03-08T16:10:00Z"}

    id = Id()
    course_id = Id(required=True)
    kind = Choice(KINDS, required=True)
    status = Choice(
        STATUSES,
        load_default="planned",
        metadata={
            "description": "`in_progress` and `completed` are for what has begun: within a day, as clocks differ."
        },
    )
    starts_at = Moment(required=True)
    ends_at = Moment(allow_none=True, load_default=None)
    setting = Choice(SETTINGS, allow_none=True, load_default=None)
    intention = Words(5_000, allow_none=True, load_default=None)
    dosing = fields.Nested(DosingDraftSchema, allow_none=True, load_default=None)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> SessionDraft:
        """Make the use case's own value of it."""
        return SessionDraft(**data)


class SessionSchema(WithWords):
    """A session of a course. `sequence` counts the course's dosing sessions, 1, 2, 3 ..., cancelled ones left out."""

    example: ClassVar[dict[str, Any]] = {
        "id": SESSION_ID,
        "patient_id": PATIENT_ID,
        **SessionDraftSchema.example,
        "dosing": {
            "route": "intramuscular",
            "dose_mg": 70.0,
            "weight_kg": 64.0,
            "dose_mg_per_kg": 1.094,
            "estimated_bioavailability": BioavailabilitySchema().dump(BY_ROUTE["intramuscular"]),
        },
        "sequence": 1,
        "vitals": [VitalsSchema.example],
        **_TIMES,
    }

    id = Id(required=True)
    course_id = Id(required=True)
    patient_id = Id(required=True)
    kind = Choice(KINDS, required=True)
    status = Choice(STATUSES, required=True)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True, allow_none=True)
    setting = Choice(SETTINGS, required=True, allow_none=True)
    intention = fields.String(required=True, allow_none=True)
    dosing = fields.Nested(DosingSchema, required=True, allow_none=True)
    sequence = fields.Integer(required=True, allow_none=True)
    vitals = fields.List(fields.Nested(VitalsSchema), required=True)
    version = fields.Integer(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
