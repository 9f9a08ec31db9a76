"""From insight to action: what a session is entered with, and what insight is turned into."""

from datetime import date, datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Base, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.document import VISIBILITIES
from models.sealing import Sealed, SealedText

COMMITMENT_STATUSES = ("open", "kept", "let_go")


class Signal(NamedTuple):
    """What the tagger found of the facet `safety` in the words: where, how it is meant, how grave, how sure it is."""

    theme: str
    assertion: str
    severity: str | None
    start: int
    end: int
    score: float


class Resolve(Sealed, OfOrganization, Versioned):
    """Something that a patient means to do or meet, in words of their own, sealed.

    A clinician may have written it down: then the words are the patient's own once the patient has reworded it. Only
    the patient's own are looked through for signals; `pipeline_version` says by what, null: that is still to be done.
    """

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"))
    visibility: Mapped[str] = mapped_column(String(20))
    themes: Mapped[list[str]] = mapped_column(JSON)
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_patients_own: Mapped[bool] = mapped_column(default=False)  # the words that stand there
    signals_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    pipeline_version: Mapped[str | None] = mapped_column(String(80))

    feed_kind: ClassVar[str]

    text = SealedText[str]("text_sealed", gap="")
    signals = SealedText[list[Signal] | None]("signals_sealed", gap=None)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805
        """Name the table after the class."""
        return f"{cls.__name__.lower()}s"  # type: ignore[attr-defined]

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)

    @property
    def found_signals(self) -> list[Signal]:
        """The signals; none where nothing was found, or where nobody has looked yet."""
        return [Signal(*each) for each in self.signals or ()]

    def reword(self, text: str, *, is_patients_own: bool) -> None:
        """Give it other words. What was found in those before goes with them."""
        self.text, self.is_patients_own = text, is_patients_own
        self.signals = self.pipeline_version = None


class Intention(Resolve, Base):
    """What a patient enters a session with."""

    __table_args__ = (
        CheckConstraint(f"visibility in {VISIBILITIES}", name="visibility"),
        Index("ix_intentions_patient_id_created_at", "patient_id", "created_at"),
    )
    feed_kind: ClassVar[str] = "intention"


class Commitment(Resolve, Base):
    """What a patient has taken on after a session, and what became of it."""

    __table_args__ = (
        CheckConstraint(f"visibility in {VISIBILITIES}", name="visibility"),
        CheckConstraint(f"status in {COMMITMENT_STATUSES}", name="status"),
        Index("ix_commitments_patient_id_created_at", "patient_id", "created_at"),
    )

    feed_kind: ClassVar[str] = "commitment"

    intention_id: Mapped[UUID | None] = mapped_column(ForeignKey("intentions.id", ondelete="SET NULL"))
    due_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(20), default="open")
    status_at: Mapped[datetime | None]  # since when it is kept or let go
