"""Versions of a document: what it said before; of an entry also what another device of its writer's said meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Select, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, ManyOfOrganization
from models.data_key import KeyOwner
from models.paging import Order
from models.sealing import Sealed, SealedText

if TYPE_CHECKING:
    from models.document import Document

# former: what the document was until it was changed. conflict: words that came with an edit of a version that was not
# the current one; they wait for their writer. settled: such words after the writer has chosen.
VERSION_REASONS = ("former", "conflict", "settled")


class DocumentVersion(Sealed, ManyOfOrganization, Identified, Base):
    """A document as it was at a version, or words that clash with an entry.

    An entry's are its writer's alone. A note's are for those who may read the note, and are kept where words change.

    `text` is None for a former version whose words are still those of the next one: every text is kept once.
    `fields` holds the rest as JSON, so that an edit of an old version can be merged. `signals` is what the tagger found
    in words that clash, of the facet `safety` alone: (theme, assertion, severity); None: it has not read them yet.
    """

    __tablename__ = "document_versions"
    __table_args__ = (
        CheckConstraint(f"reason in {VERSION_REASONS}", name="reason"),
        Index("ix_document_versions_document_id_version", "document_id", "version"),
    )
    feed_parent: ClassVar[str] = "document_id"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"), index=True)
    # Of a former psychotherapy note, whose author's key seals it; of everything else null.
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    version: Mapped[int]  # of the document; for a conflict the version that was edited, 0: none
    reason: Mapped[str] = mapped_column(String(20))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    fields_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    signals_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    written_at: Mapped[datetime | None]  # by the writer's own clock

    text = SealedText[str | None]("text_sealed", gap="")
    fields = SealedText[dict[str, Any] | None]("fields_sealed")
    signals = SealedText[list[tuple[str, str, str | None]] | None]("signals_sealed")

    document: Mapped["Document"] = relationship(lazy="raise", back_populates="versions")

    @property
    def key_owner(self) -> KeyOwner:
        """The patient; of a psychotherapy note its author."""
        if self.author_id is not None:
            return KeyOwner("author", self.author_id, self.organization_id)
        return KeyOwner("patient", self.patient_id, self.organization_id)


LATEST_VERSION_FIRST = Order((DocumentVersion.created_at, DocumentVersion.id), is_descending=True)


def wordings_of(document_ids: Select[UUID] | Sequence[UUID]) -> Select[DocumentVersion]:
    """Select the versions of documents that have words of their own."""
    with_words = select(DocumentVersion).where(DocumentVersion.text_sealed.is_not(None))
    return with_words.where(DocumentVersion.document_id.in_(document_ids))
