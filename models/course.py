"""A course of treatment, from screening to ongoing psychotherapy."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OfOrganization, Versioned

COURSE_STATUSES = ("planned", "active", "completed", "cancelled")


class Course(OfOrganization, Versioned, Base):
    """One patient's course of treatment; its sessions hang on it."""

    __tablename__ = "courses"
    __table_args__ = (CheckConstraint(f"status in {COURSE_STATUSES}", name="status"),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"), index=True)
    status: Mapped[str] = mapped_column(String(20), default="planned")
    indication: Mapped[str | None] = mapped_column(String(500))
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
