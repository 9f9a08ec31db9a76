"""Bulk exports for record systems: what was asked for, and which files were made. These are not in the database."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.attachment import new_storage_name, note_discarded
from models.base import Base, Identified, OfOrganization
from models.data_key import KeyOwner
from models.job import Job
from models.sealed_file import new_file_key
from models.sealing import Sealed, SealedText

EXPORT_LEVELS = ("system", "patient", "group")
FILE_SECTIONS = ("output", "deleted")  # of the manifest


class _OfClinic(Sealed, OfOrganization, Identified):
    """Sealed with the clinic's key."""

    @property
    def key_owner(self) -> KeyOwner:
        """The clinic."""
        return KeyOwner("organization", self.organization_id, self.organization_id)


class BulkExport(_OfClinic, Base):
    """One export. `scope` is what the token allowed that asked for it; whoever is not the same client has it not."""

    __tablename__ = "bulk_exports"
    __table_args__ = (
        CheckConstraint(f"level in {EXPORT_LEVELS}", name="level"),
        Index("ix_bulk_exports_user_id", "user_id"),
        Index("ix_bulk_exports_expires_at", "expires_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="RESTRICT"))
    client: Mapped[str | None] = mapped_column(String(80))
    scope: Mapped[list[str]] = mapped_column(JSON)
    level: Mapped[str] = mapped_column(String(20))
    group_id: Mapped[UUID | None]
    patient_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # null: all within reach
    types: Mapped[list[str]] = mapped_column(JSON)
    since: Mapped[datetime | None]
    transaction_time: Mapped[datetime]
    expires_at: Mapped[datetime]
    question_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    question = SealedText[dict[str, Any]]("question_sealed")  # its address, and filters by type: they may hold a name


class BulkFile(_OfClinic, Base):
    """One file of an export. `after` is the place in the export where the next file goes on.

    `patient_ids` are those whose records are in it. It is sealed with a key of its own, which goes with this row.
    """

    __tablename__ = "bulk_files"
    __table_args__ = (
        CheckConstraint(f"section in {FILE_SECTIONS}", name="section"),
        UniqueConstraint("export_id", "number"),
        Index("uq_bulk_files_storage_name", "storage_name", unique=True),
    )

    export_id: Mapped[UUID] = mapped_column(ForeignKey("bulk_exports.id", ondelete="CASCADE"))
    number: Mapped[int]  # 1, 2, 3 ... of the export's
    section: Mapped[str] = mapped_column(String(20))
    type: Mapped[str] = mapped_column(String(40))
    resource_count: Mapped[int]
    byte_count: Mapped[int]
    patient_ids: Mapped[list[str]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    storage_name: Mapped[str] = mapped_column(String(40), default=new_storage_name)
    file_key_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    file_key = SealedText[str]("file_key_sealed")

    @property
    def place(self) -> bytes:
        """What the file is sealed for."""
        return f"bulk-file|{self.export_id}|{self.number}|{self.storage_name}".encode()

    @classmethod
    def made(cls, **values: Any) -> "BulkFile":
        """Make one with a key and a name for its file, which is to be stored before the row is."""
        found = cls(storage_name=new_storage_name(), **values)
        found.file_key = new_file_key()
        return found


event.listen(BulkFile, "after_delete", note_discarded)


def drop_export(db_session: Session, export: BulkExport, at: datetime) -> None:
    """Take an export out with its files, also one that is still being made."""
    job = db_session.get(Job, export.job_id)
    if job is not None and job.state == "waiting":
        job.state, job.ended_at = "cancelled", at
    for each in db_session.scalars(select(BulkFile).where(BulkFile.export_id == export.id)):
        db_session.delete(each)  # one by one: their files go with them
    db_session.flush()
    db_session.delete(export)
    db_session.flush()


def drop_exports(db_session: Session, organization_id: UUID, at: datetime) -> None:
    """Take all exports of an organization out: somebody in it has asked to be forgotten."""
    own = select(BulkExport).where(BulkExport.organization_id == organization_id).order_by(BulkExport.id)
    for export in db_session.scalars(own.with_for_update(of=BulkExport)).all():
        drop_export(db_session, export, at)
