"""Safety flags: what a care team must see soon, raised from one piece of writing, with a complete history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.action import Commitment, Intention, Resolve
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
_ORIGINS = ("document_id", "response_id", "intention_id", "commitment_id")
_COUNT = " + ".join(f"(case when {each} is null then 0 else 1 end)" for each in _ORIGINS)
# Intentions and commitments leave no tombstone: their flags outlive them, withdrawn, with what was done about them.
RAISED_FROM = f"({_COUNT}) = 1 or ({_COUNT}) = 0 and status = 'withdrawn'"


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


@dataclass(frozen=True, slots=True)
class FlaggedWords:
    """A passage of an intention or commitment that speaks for a flag. It has no id: it is no mention of a document."""

    quote: str
    start: int
    end: int
    assertion: str
    score: float
    severity: str | None
    id: None = None


class SafetyFlag(OfOrganization, Identified, Base):
    """A document, a response to a measure, an intention or a commitment speaks of one safety theme.

    No word and no answer is kept here: quotes are cut, and answers opened, when they are shown.
    """

    __tablename__ = "safety_flags"
    __table_args__ = (
        UniqueConstraint("document_id", "theme"),
        UniqueConstraint("response_id", "theme"),
        UniqueConstraint("intention_id", "theme"),
        UniqueConstraint("commitment_id", "theme"),
        CheckConstraint(RAISED_FROM, name="raised_from"),
        CheckConstraint("(response_id is null) = (item is null)", name="item"),
        CheckConstraint(f"status in {FLAG_STATUSES}", name="status"),
        Index("ix_safety_flags_patient_id_raised_at", "patient_id", "raised_at"),
        Index("ix_safety_flags_status_due_at", "status", "due_at"),
    )

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    response_id: Mapped[UUID | None] = mapped_column(ForeignKey("measure_responses.id", ondelete="CASCADE"))
    intention_id: Mapped[UUID | None] = mapped_column(ForeignKey("intentions.id", ondelete="SET NULL"))
    commitment_id: Mapped[UUID | None] = mapped_column(ForeignKey("commitments.id", ondelete="SET NULL"))
    item: Mapped[str | None] = mapped_column(String(10))  # of the measure, counted from 1
    theme: Mapped[str] = mapped_column(String(80))
    severity: Mapped[str | None] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="open")
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("clinicians.id", ondelete="SET NULL"))
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
    mention_count: Mapped[int] = mapped_column(default=0)  # how many there were when the words were last tagged

    document: Mapped[Document | None] = relationship(lazy="joined")
    response: Mapped[MeasureResponse | None] = relationship(lazy="joined")
    intention: Mapped[Intention | None] = relationship(lazy="joined")
    commitment: Mapped[Commitment | None] = relationship(lazy="joined")
    history: Mapped[list["SafetyFlagEvent"]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="SafetyFlagEvent.at, SafetyFlagEvent.id",
        back_populates="flag",
    )

    @property
    def origin(self) -> Document | MeasureResponse | Resolve | None:
        """What it was raised from; None: an intention or commitment that was taken back."""
        return self.document or self.response or self.resolve

    @property
    def resolve(self) -> Resolve | None:
        """The intention or commitment that it was raised from."""
        return self.intention or self.commitment

    @property
    def is_private(self) -> bool:
        """Whether the words are the patient's alone: then nobody is shown more than that there is a flag."""
        words = self.document or self.resolve
        return words is not None and words.visibility == "private"

    @property
    def is_authors_own(self) -> bool:
        """Whether it is of a psychotherapy note, which is its author's alone."""
        return self.document is not None and self.document.note_kind == "psychotherapy"

    @property
    def key_owner(self) -> KeyOwner:
        """Whose key seals what is said of it: the patient, or the author of a psychotherapy note."""
        found = self.origin
        return found.key_owner if found else KeyOwner("patient", self.patient_id, self.organization_id)

    @property
    def session_id(self) -> UUID | None:
        """The session that the words belong to."""
        words = self.document or self.resolve
        return None if words is None else words.session_id

    @property
    def shown_document_id(self) -> UUID | None:
        """The document, as far as it may be told."""
        return None if self.is_private else self.document_id

    @property
    def shown_intention_id(self) -> UUID | None:
        """The intention, as far as it may be told."""
        return None if self.is_private else self.intention_id

    @property
    def shown_commitment_id(self) -> UUID | None:
        """The commitment, as far as it may be told."""
        return None if self.is_private else self.commitment_id

    @property
    def shown_source(self) -> str | None:
        """What kind of writing it is, or a measure, as far as it may be told."""
        if self.is_private:
            return None
        if self.document is not None:
            return self.document.source
        return "measure" if self.resolve is None else self.resolve.feed_kind

    @property
    def evidence(self) -> Sequence[Mention | FlaggedWords]:
        """What speaks for the flag now; nothing of private words, nor of a measure."""
        if self.is_private:
            return []
        if self.document is not None:
            return [mention for mention in self.document.mentions if mention.theme == self.theme and raises(mention)]
        if self.resolve is None or self.mention_count == 0:  # a clinic may have taken its theme out
            return []
        found = [each for each in self.resolve.found_signals if each.theme == self.theme and each.assertion in RAISING]
        text = self.resolve.text
        return [
            FlaggedWords(text[each.start : each.end], each.start, each.end, each.assertion, each.score, each.severity)
            for each in found
        ]

    @property
    def answer(self) -> FlaggedAnswer | None:
        """The answer that speaks for the flag; None for one that was raised from words."""
        if self.response is None or self.item is None:
            return None
        answers = self.response.answers
        value = answers[int(self.item) - 1] if answers else None  # they may be a gap
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

    note = SealedText[str | None]("note_sealed", gap=None)

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
