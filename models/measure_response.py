"""Responses to measures: what was answered to a validated questionnaire. Answers are sealed; no score is kept."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ManyOfOrganization, Versioned, now
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

RESPONSE_STATUSES = ("final", "entered_in_error", "deleted")


class MeasureResponse(Sealed, ManyOfOrganization, Versioned, Base):
    """One filled-in questionnaire. It is never edited: a later one replaces it, or it is taken back to a tombstone."""

    __tablename__ = "measure_responses"
    __table_args__ = (
        CheckConstraint(f"status in {RESPONSE_STATUSES}", name="status"),
        CheckConstraint("(status = 'deleted') = (answers_sealed is null)", name="tombstone"),
        Index("ix_measure_responses_patient_id_measure_answered_at", "patient_id", "measure", "answered_at"),
    )

    feed_kind: ClassVar[str] = "measure_response"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("measure_responses.id", ondelete="SET NULL"))
    measure: Mapped[str] = mapped_column(String(40))
    measure_version: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))  # of the questionnaire as it was shown; ISO 639-1
    answered_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20), default="final")
    deleted_at: Mapped[datetime | None]
    answers_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # null: a tombstone

    # {"answers": one an item or null, "gate": 0, 1 or null}
    content = SealedText[dict[str, Any]]("answers_sealed", gap={"answers": [], "gate": None})

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)

    @property
    def answers(self) -> list[int | None]:
        """What was answered, item by item; None: nothing. Empty where it cannot be opened."""
        found: list[int | None] = self.content["answers"]
        return found

    @property
    def gate(self) -> int | None:
        """What was answered to the question before the others, where the measure has one."""
        found: int | None = self.content["gate"]
        return found

    def mark_deleted(self) -> None:
        """Leave a tombstone: the answers go, the id stays."""
        self.answers_sealed = None
        self.status = "deleted"
        self.deleted_at = now()
