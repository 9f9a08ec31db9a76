"""Prompts: a clinic's own, those it has switched off, and which were put to a patient last."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, ManyOfOrganization, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText


class ClinicPrompt(Sealed, OfOrganization, Versioned, Base):
    """A question of a clinic's own. One that is taken out stays, so that older entries can still show theirs."""

    __tablename__ = "clinic_prompts"

    purpose: Mapped[str] = mapped_column(String(20))
    gentleness: Mapped[str] = mapped_column(String(20))
    needs: Mapped[str | None] = mapped_column(String(20))
    phases: Mapped[list[str]] = mapped_column(JSON)
    themes: Mapped[list[str]] = mapped_column(JSON)
    texts_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    reviewed_by_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_on: Mapped[bool] = mapped_column(default=True)
    retired_at: Mapped[datetime | None]

    texts = SealedText[dict[str, str]]("texts_sealed")
    reviewed_by = SealedText[str | None]("reviewed_by_sealed")

    @property
    def key_owner(self) -> KeyOwner:
        """The clinic."""
        return KeyOwner("organization", self.organization_id, self.organization_id)


class PromptSwitch(OfOrganization, Identified, Base):
    """A clinic's word on a prompt of the library: whether it is offered. Without one it is."""

    __tablename__ = "prompt_switches"
    __table_args__ = (UniqueConstraint("organization_id", "prompt_id"),)

    prompt_id: Mapped[UUID]
    is_on: Mapped[bool]


class PromptShowing(ManyOfOrganization, Identified, Base):
    """When a prompt was last put to a patient: one row for both, so that it never grows beyond the library.

    `turn` counts, patient by patient, how often a question was put: the greatest is the latest. `offered_at`: it stood
    first among those offered. `shown_at`: the app, or an entry that answers it, said that the patient has seen it.
    """

    __tablename__ = "prompt_showings"
    __table_args__ = (
        UniqueConstraint("patient_id", "prompt_id"),
        CheckConstraint("turn > 0", name="turn"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    prompt_id: Mapped[UUID]
    turn: Mapped[int]
    offered_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
