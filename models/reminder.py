"""Which reminders a patient wants, and when not."""

from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OfOrganization, Versioned


class ReminderSettings(OfOrganization, Versioned, Base):
    """A patient's own settings. Kinds that are not named in `off` are on; quiet hours are local, as HH:MM."""

    __tablename__ = "reminder_settings"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), unique=True)
    off: Mapped[list[str]] = mapped_column(JSON)
    quiet_from: Mapped[str] = mapped_column(String(5))
    quiet_until: Mapped[str] = mapped_column(String(5))
    timezone: Mapped[str | None] = mapped_column(String(64))
