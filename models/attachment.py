"""What belongs to a journal entry beside its words: pictures and voice notes. The files are not in the database."""

from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, event
from sqlalchemy.orm import Mapped, mapped_column, object_session

from models.base import Base, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.sealed_file import new_file_key
from models.sealing import Sealed, SealedText

ATTACHMENT_KINDS = ("picture", "voice_note")
DISCARDED = "discarded_files"  # where a database session keeps the names of files whose rows it takes out


def new_storage_name() -> str:
    """Name a file so that its name tells nothing, and is never used again."""
    return uuid4().hex


class Attachment(Sealed, OfOrganization, Versioned, Base):
    """One file of an entry: where it lies, the key that opens it (sealed), and what its writer says of it."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(f"kind in {ATTACHMENT_KINDS}", name="kind"),
        Index("ix_attachments_document_id", "document_id"),
        Index("ix_attachments_patient_id", "patient_id"),
        Index("uq_attachments_storage_name", "storage_name", unique=True),
    )

    feed_kind: ClassVar[str] = "attachment"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    media_type: Mapped[str] = mapped_column(String(40))
    byte_count: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    storage_name: Mapped[str] = mapped_column(String(40), default=new_storage_name)
    file_key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    description_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    transcript_language: Mapped[str | None] = mapped_column(String(35))
    is_transcript_corrected: Mapped[bool | None]

    file_key = SealedText[str]("file_key_sealed")
    description = SealedText[str | None]("description_sealed", gap=None)

    @property
    def key_owner(self) -> KeyOwner:
        """The patient."""
        return KeyOwner("patient", self.patient_id, self.organization_id)

    @property
    def place(self) -> bytes:
        """What the file is sealed for."""
        return f"attachment|{self.id}|{self.patient_id}|{self.storage_name}".encode()

    @classmethod
    def made(cls, **values: Any) -> "Attachment":
        """Make one with a key and a name for its file, which is to be stored before the row is."""
        found = cls(storage_name=new_storage_name(), **values)
        found.file_key = new_file_key()
        return found


def note_discarded(_mapper: Any, _connection: Any, gone: Any) -> None:
    """Remember the file of a row that goes; it is deleted when the transaction is over, and not before."""
    db_session = object_session(gone)
    if db_session is not None:
        db_session.info.setdefault(DISCARDED, []).append(gone.storage_name)


event.listen(Attachment, "after_delete", note_discarded)
