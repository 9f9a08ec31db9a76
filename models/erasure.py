"""A patient's wish to be forgotten: carried out at once, or when the law's time for keeping records is over."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, OfOrganization, now


class Erasure(OfOrganization, Identified, Base):
    """One wish. `held_until` is the day before which the clinic must keep its records; null: no hold."""

    __tablename__ = "erasures"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), unique=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    held_until: Mapped[date | None]
    done_at: Mapped[datetime | None]
