"""A course of treatment, from screening to ongoing psychotherapy."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

COURSE_STATUSES = ("planned", "active", "completed", "cancelled")
COURSES_UNDER_WAY = ("planned", "active")  # those that are not over


class Course(Sealed, OfOrganization, Versioned, Base):
    """One patient's course of treatment; its sessions hang on it."""

    __tablename__ = "courses"
    __table_args__ = (CheckConstraint(f"status in {COURSE_STATUSES}", name="status"),)

    feed_kind: ClassVar[str] = "course"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"), index=True)
    status: Mapped[str] = mapped_column(String(20), default="planned")
    indication_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]

    indication = SealedText[str | None]("indication_sealed", gap=None)

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)
