"""What patients agree to, and take back: every word of it kept, the latest counts."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, aliased, mapped_column

from models.base import Base, Identified, OfOrganization, now
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

# care_team: what the patient shares, entry by entry, may be read by the care team. Until the patient says no, each
#     entry's own visibility is the patient's word.
# ehr: the record may be read by the clinic's EHR. safety_signals: signs of danger may be told of private words too,
#     in entries, intentions and commitments.
# research_export: reviewed sentences may teach the tagger. Silence on these is no.
PURPOSES = ("care_team", "ehr", "safety_signals", "research_export")


class Consent(Sealed, OfOrganization, Identified, Base):
    """One word of a patient's on one purpose, with the wording that it was given to. Rows are added, never changed.

    Only when a later word replaces one, `updated_at` says so: whoever has a copy of it must be told.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(f"purpose in {PURPOSES}", name="purpose"),
        Index("ix_consents_patient_id_purpose_at", "patient_id", "purpose", "at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(40))
    is_granted: Mapped[bool]
    wording_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(default=now)

    wording = SealedText[str]("wording_sealed", gap="")

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)


def time_of_word(db_session: Session, patient_id: UUID, purpose: str) -> datetime:
    """Give the time of a new word: now, and after all that was said before, also by a machine whose clock is ahead."""
    said = select(func.max(Consent.at)).where(Consent.patient_id == patient_id, Consent.purpose == purpose)
    latest, at = db_session.scalar(said), now()
    return at if latest is None or latest < at else latest + timedelta(microseconds=1)


def consents_to(patient_id: ColumnElement[UUID] | InstrumentedAttribute[UUID], purpose: str) -> ColumnElement[bool]:
    """Tell, as a condition, whether a patient's latest word on a purpose is yes. Silence is no."""
    return exists(_latest(patient_id, purpose).where(Consent.is_granted))


def declines(patient_id: InstrumentedAttribute[UUID], purpose: str) -> ColumnElement[bool]:
    """Tell, as a condition, whether a patient's latest word on a purpose is no. Silence is not."""
    return exists(_latest(patient_id, purpose).where(~Consent.is_granted))


def _latest(patient_id: ColumnElement[UUID] | InstrumentedAttribute[UUID], purpose: str) -> Select[UUID]:
    """Select the last word by our own clock: ids may be the client's."""
    later = aliased(Consent)
    is_later = or_(later.at > Consent.at, and_(later.at == Consent.at, later.id > Consent.id))
    of_both = (later.patient_id == Consent.patient_id, later.purpose == Consent.purpose, is_later)
    of_patient = (Consent.patient_id == patient_id, Consent.purpose == purpose)
    return select(Consent.id).where(*of_patient, ~exists(select(later.id).where(*of_both)))
