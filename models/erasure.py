"""A patient's wish to be forgotten: carried out at once, or when the law's time for keeping records is over."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Identified, OfOrganization, now


class Erasure(OfOrganization, Identified, Base):
    """One wish. `held_until` is the day before which the clinic must keep its records; null: no hold."""

    __tablename__ = "erasures"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), unique=True)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    held_until: Mapped[date | None]
    done_at: Mapped[datetime | None]


def hold(db_session: Session, patient_id: UUID, until: date | None) -> None:
    """Have a wish that waits wait until another day: the clinic must keep its record for longer after all, or less."""
    waiting = select(Erasure).where(Erasure.patient_id == patient_id, Erasure.done_at.is_(None))
    wish = db_session.scalars(waiting).one_or_none()
    if wish is not None:
        wish.held_until = until
