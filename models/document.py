"""Documents: what patients write (journal entries) and what clinicians write (notes)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from models.attachment import Attachment
from models.base import Base, ManyOfOrganization, Versioned, now, on_clock
from models.data_key import KeyOwner
from models.document_version import DocumentVersion
from models.mention import Mention
from models.person import Patient
from models.sealing import Sealed, SealedText

VISIBILITIES = ("private", "care_team")
NOTE_KINDS = ("progress", "psychotherapy")
TAGGING_STATES = ("pending", "done")
ORIGINS = ("typed", "dictated")


_FOLDERS = {"journal": "journal-entries", "note": "notes"}


def link_of(source: str, document_id: UUID) -> str:
    """Say where a document is read."""
    return f"/v1/{_FOLDERS[source]}/{document_id}"


class Document(Sealed, ManyOfOrganization, Versioned, Base):
    """A journal entry or a note, its words sealed. A deleted one stays as a tombstone with no words and no mentions."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("source in ('journal', 'note')", name="source"),
        CheckConstraint(f"tagging_state in {TAGGING_STATES}", name="tagging_state"),
        CheckConstraint(f"visibility is null or visibility in {VISIBILITIES}", name="visibility"),
        CheckConstraint(f"note_kind is null or note_kind in {NOTE_KINDS}", name="note_kind"),
        CheckConstraint(f"origin in {ORIGINS}", name="origin"),
        CheckConstraint("valence is null or valence between -5 and 5", name="valence"),
        CheckConstraint("arousal is null or arousal between -5 and 5", name="arousal"),
        CheckConstraint("(source = 'journal') = (visibility is not null)", name="journal"),
        CheckConstraint("(source = 'note') = (note_kind is not null)", name="note"),
        Index("ix_documents_patient_id_source_written_at", "patient_id", "source", "written_at"),
        Index("ix_documents_tagging_state", "tagging_state"),
    )

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        """Say besides the version that `source` tells an entry from a note."""
        version = cls.__table__.c.version
        return {"version_id_col": version, "polymorphic_on": "source", "polymorphic_abstract": True}

    source: Mapped[str] = mapped_column(String(10))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="SET NULL"), index=True)
    is_session_given: Mapped[bool] = mapped_column(default=False)
    written_at: Mapped[datetime]
    written_offset_minutes: Mapped[int] = mapped_column(default=0)
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # null: a tombstone
    word_count: Mapped[int] = mapped_column(default=0)
    tagging_state: Mapped[str] = mapped_column(String(10), default="pending")
    pipeline_version: Mapped[str | None] = mapped_column(String(80))
    deleted_at: Mapped[datetime | None]
    visibility: Mapped[str | None] = mapped_column(String(20))
    valence: Mapped[int | None]
    arousal: Mapped[int | None]
    prompt_id: Mapped[UUID | None]
    origin: Mapped[str] = mapped_column(String(10), default="typed", server_default="typed")
    note_kind: Mapped[str | None] = mapped_column(String(20))
    # An entry that its writer has not finished: the writer's alone, neither tagged nor counted.
    is_draft: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Counts up with every change of it or of what was found in it; `version` tells of edits only (models/stamp.py).
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    language: Mapped[str | None] = mapped_column(String(8))  # as the tagger took it; ISO 639-1 or und

    text = SealedText[str]("text_sealed", gap="")

    patient: Mapped[Patient] = relationship(lazy="raise")
    mentions: Mapped[list[Mention]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        order_by="Mention.start, Mention.id",
        back_populates="document",
    )
    versions: Mapped[list[DocumentVersion]] = relationship(
        lazy="select", cascade="all, delete-orphan", passive_deletes=True, back_populates="document"
    )

    @property
    def key_owner(self) -> KeyOwner:
        """The patient; of a psychotherapy note its author."""
        if self.note_kind == "psychotherapy":
            return KeyOwner("author", self.author_id, self.organization_id)
        return KeyOwner("patient", self.patient_id, self.organization_id)

    @property
    def written_local(self) -> datetime:
        """When it was written, on the writer's own clock."""
        return on_clock(self.written_at, self.written_offset_minutes)

    @property
    def link(self) -> str:
        """Where it is read."""
        return link_of(self.source, self.id)

    @property
    def tagging(self) -> "Document":
        """The document itself: the state of its tagging is read from it."""
        return self

    def mark_deleted(self) -> None:
        """Leave a tombstone: the words of every version and all that was found in them go, the id stays."""
        self.text_sealed = None
        self.word_count = 0
        self.valence = self.arousal = None
        self.mentions = []
        self.versions = []
        self.deleted_at = now()


class JournalEntry(Document):
    """What a patient wrote. `private` is the patient's alone."""

    __mapper_args__ = {"polymorphic_identity": "journal"}  # noqa: RUF012
    feed_kind: ClassVar[str] = "journal_entry"

    @property
    def conflicts(self) -> Sequence[DocumentVersion]:
        """Words of the writer's other devices that clash with these; there for the writer alone."""
        found: Sequence[DocumentVersion] = self.__dict__.get("_conflicts", ())
        return found

    def show_conflicts(self, found: Sequence[DocumentVersion]) -> None:
        """Put them there, for a writer who reads."""
        self.__dict__["_conflicts"] = found

    attachments: Mapped[list[Attachment]] = relationship(
        cascade="all, delete-orphan", order_by="Attachment.created_at, Attachment.id"
    )

    def mark_deleted(self) -> None:
        """Leave a tombstone: its pictures and voice notes go with the words."""
        super().mark_deleted()
        self.attachments = []

    @property
    def mood(self) -> "JournalEntry | None":
        """The entry itself where the writer gave a mood: valence and arousal are read from it."""
        return None if self.valence is None and self.arousal is None else self


class Note(Document):
    """What a clinician wrote. A `psychotherapy` note (45 CFR 164.501) is its author's alone."""

    __mapper_args__ = {"polymorphic_identity": "note"}  # noqa: RUF012

    @property
    def feed_kind(self) -> str | None:
        """A psychotherapy note is in no feed: not even that there is one is told."""
        return None if self.note_kind == "psychotherapy" else "note"
