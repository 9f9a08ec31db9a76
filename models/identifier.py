"""Identifiers: what other systems call a patient or a session, so that they find it again."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, OfOrganization

IDENTIFIED = ("patient", "session")
LONGEST = 255


class Identifier(OfOrganization, Identified, Base):
    """One name for one record: `value` within `system`. Of one organization, it names one record of a kind.

    `owner_id` is who put the record in under this name, and may have that record back; null: nobody any more.
    """

    __tablename__ = "identifiers"
    __table_args__ = (
        CheckConstraint(f"kind in {IDENTIFIED}", name="kind"),
        CheckConstraint("(kind = 'session') = (session_id is not null)", name="of"),
        UniqueConstraint("organization_id", "kind", "system", "value"),
        Index("ix_identifiers_owner_id_kind", "owner_id", "kind"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(10))
    system: Mapped[str] = mapped_column(String(LONGEST))
    value: Mapped[str] = mapped_column(String(LONGEST))

    @property
    def record_id(self) -> UUID:
        """The record that it names."""
        return self.session_id or self.patient_id
