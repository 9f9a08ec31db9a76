"""What patients agree to, and take back: every word of it kept, the latest counts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, LargeBinary, String, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, aliased, mapped_column

from models.base import Base, Identified, OfOrganization, now
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

PURPOSES = ("research_export",)


class Consent(Sealed, OfOrganization, Identified, Base):
    """One word of a patient's on one purpose, with the wording that it was given to. Rows are added, never changed."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(f"purpose in ('{PURPOSES[0]}')", name="purpose"),
        Index("ix_consents_patient_id_purpose_at", "patient_id", "purpose", "at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(40))
    is_granted: Mapped[bool]
    wording_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(default=now)

    wording = SealedText[str]("wording_sealed")

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)


def consents_to(patient_id: InstrumentedAttribute[UUID], purpose: str) -> ColumnElement[bool]:
    """Tell, as a condition, whether a patient's latest word on a purpose is yes. Silence is no."""
    later = aliased(Consent)
    superseded = exists(
        select(later.id).where(
            later.patient_id == Consent.patient_id, later.purpose == Consent.purpose, later.id > Consent.id
        )
    )
    granted = select(Consent.id).where(
        Consent.patient_id == patient_id, Consent.purpose == purpose, Consent.is_granted, ~superseded
    )
    return exists(granted)
