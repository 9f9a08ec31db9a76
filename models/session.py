"""A session of a course, its dosing and its vitals. Never SQLAlchemy's session: that one is `db_session`."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, and_, func, or_, select
from sqlalchemy.orm import Mapped, aliased, column_property, mapped_column, relationship

from models.base import Base, Identified, OfOrganization, Versioned
from models.course import Course
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

SESSION_KINDS = ("screening", "preparation", "dosing", "integration", "psychotherapy")
SESSION_STATUSES = ("planned", "in_progress", "completed", "cancelled")
HELD_STATUSES = ("in_progress", "completed")  # of these, what has begun
SETTINGS = ("clinic", "home", "telehealth")
ROUTES = ("intravenous", "intramuscular", "intranasal", "sublingual", "oral")


class Session(Sealed, OfOrganization, Versioned, Base):
    """A treatment session. The dosing columns are filled for kind `dosing` only."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(f"kind in {SESSION_KINDS}", name="kind"),
        CheckConstraint(f"status in {SESSION_STATUSES}", name="status"),
        CheckConstraint(f"setting is null or setting in {SETTINGS}", name="setting"),
        CheckConstraint(f"route is null or route in {ROUTES}", name="route"),
        CheckConstraint("kind = 'dosing' or (route is null and dose_mg is null and weight_kg is null)", name="dosing"),
        CheckConstraint("ends_at is null or ends_at >= starts_at", name="order"),
        Index("ix_sessions_patient_id_starts_at", "patient_id", "starts_at"),
    )

    feed_kind: ClassVar[str] = "session"

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id", ondelete="RESTRICT"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="planned")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    setting: Mapped[str | None] = mapped_column(String(20))
    intention_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    route: Mapped[str | None] = mapped_column(String(20))
    dose_mg: Mapped[float | None]
    weight_kg: Mapped[float | None]

    intention = SealedText[str | None]("intention_sealed", gap=None)

    course: Mapped[Course] = relationship(lazy="raise")
    vitals: Mapped[list["Vitals"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="Vitals.at, Vitals.id"
    )

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)

    @property
    def dosing(self) -> "Session | None":
        """The session itself where a dosing is known: route, dose and weight are read from it."""
        is_known = any(value is not None for value in (self.route, self.dose_mg, self.weight_kg))
        return self if is_known else None


class Vitals(OfOrganization, Identified, Base):
    """One reading of vital signs. Units: mmHg, beats per minute, percent."""

    __tablename__ = "vitals"
    __table_args__ = (Index("ix_vitals_session_id_at", "session_id", "at"),)

    feed_parent: ClassVar[str] = "session_id"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    systolic_mmhg: Mapped[int | None]
    diastolic_mmhg: Mapped[int | None]
    heart_rate_bpm: Mapped[int | None]
    spo2_percent: Mapped[int | None]


def _dosing_sequence() -> Any:
    """Count the course's dosing sessions up to and with this one, cancelled ones left out."""
    earlier = aliased(Session)
    return (
        select(func.nullif(func.count(), 0))
        .where(
            earlier.course_id == Session.course_id,
            earlier.kind == "dosing",
            earlier.status != "cancelled",
            Session.kind == "dosing",
            Session.status != "cancelled",
            or_(
                earlier.starts_at < Session.starts_at,
                and_(earlier.starts_at == Session.starts_at, earlier.id <= Session.id),
            ),
        )
        .correlate_except(earlier)
        .scalar_subquery()
    )


# Whose reading it is; a reading itself names its session only.
Vitals.patient_id = column_property(
    select(Session.patient_id).where(Session.id == Vitals.session_id).correlate_except(Session).scalar_subquery()
)
# 1, 2, 3 ... among the course's dosing sessions in the order of time; null for any other session. Derived, so that a
# session which is moved or cancelled renumbers the rest by itself.
Session.sequence = column_property(_dosing_sequence())
