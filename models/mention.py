"""Mentions: where a document speaks of a theme, and what clinicians said of that."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    and_,
    case,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, ManyOfOrganization, OfOrganization, now
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

if TYPE_CHECKING:
    from models.document import Document

ASSERTIONS = ("affirmed", "negated", "hypothetical", "historical", "other_person")
SOURCES = ("lexicon", "model", "clinician")
REVIEWS = ("confirmed", "rejected")
VERDICTS = ("confirmed", "rejected", "corrected", "withdrawn")
GRADED, DENIED = "suicidality", "negated"  # the theme that has levels, and what has none even so


class Mention(Sealed, ManyOfOrganization, Identified, Base):
    """A theme found in a document. Offsets are Unicode code points of the stored text, `end` exclusive.

    The quoted words are not stored again: they are cut from the document when they are shown.
    """

    __tablename__ = "mentions"
    __table_args__ = (
        CheckConstraint('start >= 0 and start < "end"', name="span"),
        CheckConstraint(f"assertion in {ASSERTIONS}", name="assertion"),
        CheckConstraint(f"source in {SOURCES}", name="source"),
        CheckConstraint(f"review is null or review in {REVIEWS}", name="review"),
        CheckConstraint("score between 0 and 1", name="score"),
        Index("ix_mentions_patient_id_theme", "patient_id", "theme"),
    )

    feed_parent: ClassVar[str] = "document_id"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    theme: Mapped[str] = mapped_column(String(80))
    facet: Mapped[str] = mapped_column(String(40))
    start: Mapped[int] = mapped_column("start", Integer)
    end: Mapped[int] = mapped_column("end", Integer)
    assertion: Mapped[str] = mapped_column(String(20))
    score: Mapped[float] = mapped_column(Float)
    source: Mapped[str] = mapped_column(String(20))
    because_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    review: Mapped[str | None] = mapped_column(String(20))
    severity_found: Mapped[str | None] = mapped_column("severity", String(20))  # as the tagger said, before any review

    because = SealedText[str | None]("because_sealed")  # the words that led to it are the writer's

    # Not joined: the document's whole text would come with each of its mentions.
    document: Mapped["Document"] = relationship(lazy="select", back_populates="mentions")
    reviews: Mapped[list["MentionReview"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="MentionReview.at, MentionReview.id"
    )

    @property
    def key_owner(self) -> KeyOwner:
        """Whoever the document's is."""
        return self.document.key_owner

    @hybrid_property
    def severity(self) -> str | None:
        """How far the words go, of suicidality that is not denied: a correction to anything else has no level."""
        return self.severity_found if self.theme == GRADED and self.assertion != DENIED else None

    @severity.inplace.expression
    @classmethod
    def _severity(cls) -> ColumnElement[str | None]:
        return case((and_(cls.theme == GRADED, cls.assertion != DENIED), cls.severity_found))

    @property
    def quote(self) -> str:
        """The document's own words for it."""
        return self.document.text[self.start : self.end]


class MentionReview(OfOrganization, Identified, Base):
    """One clinician's word on a mention; the history stays when the mind changes."""

    __tablename__ = "mention_reviews"
    __table_args__ = (CheckConstraint(f"verdict in {VERDICTS}", name="verdict"),)

    mention_id: Mapped[UUID] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"), index=True)
    reviewer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    verdict: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(default=now)
    # What the mention said before, so that a withdrawn review can put it back and a correction can teach.
    theme_before: Mapped[str] = mapped_column(String(80))
    assertion_before: Mapped[str] = mapped_column(String(20))
    source_before: Mapped[str] = mapped_column(String(20))
    review_before: Mapped[str | None] = mapped_column(String(20))
