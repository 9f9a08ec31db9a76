"""Break-glass: a clinician opens a record outside their care teams, for a stated reason and a short time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, OfOrganization
from models.data_key import KeyOwner
from models.person import Clinician
from models.sealing import Sealed, SealedText


class BreakGlass(Sealed, OfOrganization, Identified, Base):
    """One opening of one record, which may end before its time; the reason is sealed with the patient's key."""

    __tablename__ = "break_glass"
    __table_args__ = (Index("ix_break_glass_clinician_id_expires_at", "clinician_id", "expires_at"),)

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinicians.id", ondelete="CASCADE"))
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    reason = SealedText[str]("reason_sealed", gap="")

    clinician: Mapped[Clinician] = relationship(lazy="joined", innerjoin=True)

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)


def opened_by(clinician_id: UUID, at: datetime) -> Select[UUID]:
    """Select the patients whose records a clinician has open by break-glass at a time."""
    return select(BreakGlass.patient_id).where(BreakGlass.clinician_id == clinician_id, BreakGlass.expires_at > at)
