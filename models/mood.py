"""Mood check-ins: how a patient feels, without words. Two numbers are no narrative, and are not sealed."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, ManyOfOrganization, on_clock
from models.document import VISIBILITIES


class MoodCheckIn(ManyOfOrganization, Identified, Base):
    """Pleasantness (valence) and activation (arousal) at one moment, each from -5 to 5."""

    __tablename__ = "mood_check_ins"
    __table_args__ = (
        CheckConstraint("valence between -5 and 5", name="valence"),
        CheckConstraint("arousal between -5 and 5", name="arousal"),
        CheckConstraint(f"visibility in {VISIBILITIES}", name="visibility"),
        Index("ix_mood_check_ins_patient_id_at", "patient_id", "at"),
    )

    feed_kind: ClassVar[str] = "mood_check_in"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"), index=True)
    is_session_given: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    offset_minutes: Mapped[int] = mapped_column(default=0)
    valence: Mapped[int]
    arousal: Mapped[int]
    visibility: Mapped[str] = mapped_column(String(20))

    @property
    def at_local(self) -> datetime:
        """When it was, on the patient's own clock."""
        return on_clock(self.at, self.offset_minutes)
