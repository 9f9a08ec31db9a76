"""Safety flags: what a care team must see soon, raised from one document or response, with a complete history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, OfOrganization
from models.data_key import KeyOwner
from models.document import Document
from models.measure_response import MeasureResponse
from models.mention import Mention
from models.person import Clinician
from models.sealing import Sealed, SealedText

FACET = "safety"
RAISING = ("affirmed", "hypothetical")  # what is denied, past or somebody else's raises nothing
FLAG_STATUSES = ("open", "acknowledged", "resolved", "withdrawn")
FLAG_EVENTS = ("raised", "acknowledged", "assigned", "resolved", "reopened", "escalated", "withdrawn")


def raises(mention: Mention) -> bool:
    """Tell whether a mention is a reason for a flag."""
    return mention.facet == FACET and mention.assertion in RAISING and mention.review != "rejected"


@dataclass(frozen=True, slots=True)
class FlaggedAnswer:
    """The answer that speaks for a flag: of which response, measure and item, and what it counts."""

    response_id: UUID
    measure: str
    item: str
    answer: int


class SafetyFlag(OfOrganization, Identified, Base):
    """A document or a response to a measure speaks of one safety theme.

    No word and no answer is kept here: quotes are cut, and answers opened, when they are shown.
    """

    __tablename__ = "safety_flags"
    __table_args__ = (
        UniqueConstraint("document_id", "theme"),
        UniqueConstraint("response_id", "theme"),
        CheckConstraint("(document_id is null) <> (response_id is null)", name="raised_from"),
        CheckConstraint("(response_id is null) = (item is null)", name="item"),
        CheckConstraint(f"status in {FLAG_STATUSES}", name="status"),
        Index("ix_safety_flags_patient_id_raised_at", "patient_id", "raised_at"),
        Index("ix_safety_flags_status_due_at", "status", "due_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    response_id: Mapped[UUID | None] = mapped_column(ForeignKey("measure_responses.id", ondelete="CASCADE"))
    item: Mapped[str | None] = mapped_column(String(10))  # of the measure, counted from 1
    theme: Mapped[str] = mapped_column(String(80))
    severity: Mapped[str | None] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="open")
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("clinicians.id", ondelete="SET NULL"))
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
    mention_count: Mapped[int] = mapped_column(default=0)  # how many there were when the document was last tagged

    document: Mapped[Document | None] = relationship(lazy="joined")
    response: Mapped[MeasureResponse | None] = relationship(lazy="joined")
    history: Mapped[list["SafetyFlagEvent"]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="SafetyFlagEvent.at, SafetyFlagEvent.id",
        back_populates="flag",
    )

    @property
    def is_private(self) -> bool:
        """Whether the document is the patient's alone: then nobody is shown more than that there is a flag."""
        return self.document is not None and self.document.visibility == "private"

    @property
    def is_authors_own(self) -> bool:
        """Whether it is of a psychotherapy note, which is its author's alone."""
        return self.document is not None and self.document.note_kind == "psychotherapy"

    @property
    def key_owner(self) -> KeyOwner:
        """Whose key seals what is said of it: the patient, or the author of a psychotherapy note."""
        return (self.document or self.response).key_owner  # type: ignore[union-attr]  # it has one of the two

    @property
    def shown_document_id(self) -> UUID | None:
        """The document, as far as it may be told."""
        return None if self.is_private else self.document_id

    @property
    def shown_source(self) -> str | None:
        """Whether it is an entry, a note or a measure, as far as it may be told."""
        if self.document is None:
            return "measure"
        return None if self.is_private else self.document.source

    @property
    def evidence(self) -> list[Mention]:
        """The mentions that speak for the flag now; none of a private entry, nor of a measure."""
        if self.document is None or self.is_private:
            return []
        return [mention for mention in self.document.mentions if mention.theme == self.theme and raises(mention)]

    @property
    def answer(self) -> FlaggedAnswer | None:
        """The answer that speaks for the flag; None for one that was raised from words."""
        if self.response is None or self.item is None:
            return None
        value = self.response.answers[int(self.item) - 1]
        return None if value is None else FlaggedAnswer(self.response.id, self.response.measure, self.item, value)

    def tell(self, what: str, at: datetime, **more: Any) -> None:
        """Put an event into the history. Without a clinician it was the system."""
        self.history.append(SafetyFlagEvent(organization_id=self.organization_id, what=what, at=at, **more))


class SafetyFlagEvent(Sealed, OfOrganization, Identified, Base):
    """What happened to a flag: when, by whom (null: the system), and a clinician's note. Rows are added only."""

    __tablename__ = "safety_flag_events"
    __table_args__ = (CheckConstraint(f"what in {FLAG_EVENTS}", name="what"),)

    flag_id: Mapped[UUID] = mapped_column(ForeignKey("safety_flags.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(20))
    clinician_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinicians.id", ondelete="SET NULL"))
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("clinicians.id", ondelete="SET NULL"))
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    note = SealedText[str | None]("note_sealed")

    flag: Mapped[SafetyFlag] = relationship(back_populates="history")
    clinician: Mapped[Clinician | None] = relationship(lazy="joined", foreign_keys=clinician_id)

    @property
    def key_owner(self) -> KeyOwner:
        """Whoever the flag's is."""
        return self.flag.key_owner

    @property
    def clinician_name(self) -> str | None:
        """Who it was."""
        return self.clinician.name if self.clinician else None
