"""Record systems that a clinic writes to, and the copies of documents that were sent there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, ManyOfOrganization, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText

CONNECTION_STATES = ("active", "paused")
CONNECTION_AUTHS = ("smart", "none")  # SMART Backend Services; none: for development
COPY_STATES = ("waiting", "sent", "refused", "withdrawn")


class EhrConnection(Sealed, OfOrganization, Versioned, Base):
    """A record system that we write to. How it fares (`failures` and what follows) is written past the version.

    Patients are matched there by identifiers of `patient_system`, or by our own where we hold none of it.
    """

    __tablename__ = "ehr_connections"
    __table_args__ = (
        CheckConstraint(f"state in {CONNECTION_STATES}", name="state"),
        CheckConstraint(f"auth in {CONNECTION_AUTHS}", name="auth"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # who set it up
    state: Mapped[str] = mapped_column(String(20), default="active")
    auth: Mapped[str] = mapped_column(String(20), default="smart")
    scope: Mapped[str] = mapped_column(String(500))
    patient_system: Mapped[str] = mapped_column(String(500))
    creates_patients: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # the latest
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    base_url_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    client_id_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    name = SealedText[str]("name_sealed")
    base_url = SealedText[str]("base_url_sealed")
    client_id = SealedText[str | None]("client_id_sealed")

    @property
    def key_owner(self) -> KeyOwner:
        """The clinic."""
        return KeyOwner("organization", self.organization_id, self.organization_id)


class EhrCopy(ManyOfOrganization, Identified, Base):
    """One document's copy in one record system, there or on its way. Nothing that was written or answered is in it.

    `seen_stamp` is the patient's stamp when it was last looked at whether the copy is still what it should be. Without
    a patient it is of an erased one, and waits to be withdrawn.
    """

    __tablename__ = "ehr_copies"
    __table_args__ = (
        UniqueConstraint("connection_id", "document_id"),
        CheckConstraint(f"state in {COPY_STATES}", name="state"),
        Index("ix_ehr_copies_state_next_at", "state", "next_at"),
        Index("ix_ehr_copies_document_id", "document_id"),
        Index("ix_ehr_copies_patient_id", "patient_id"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("ehr_connections.id", ondelete="RESTRICT"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # who asked for it
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    reason: Mapped[str | None] = mapped_column(String(20))  # why it was refused or withdrawn, or still waits
    remote_id: Mapped[str | None] = mapped_column(String(64))
    remote_version: Mapped[str | None] = mapped_column(String(64))
    remote_patient_id: Mapped[str | None] = mapped_column(String(64))
    sent_version: Mapped[int | None]
    seen_stamp: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)  # since it was last there as it should be
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]  # somebody is at it; who does not come back by then has died
    tried_at: Mapped[datetime | None]  # the latest try began; from then on the other side may have it
    told_at: Mapped[datetime | None]  # the latest time that the document went out, whatever became of it there
    missing_since: Mapped[datetime | None]  # it is being taken back, and searches do not find it; it is not sent
    last_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(20))  # the kind of the last one
    failing_since: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    connection: Mapped[EhrConnection] = relationship(lazy="joined", innerjoin=True)

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried again; None where it is not."""
        return self.next_at if self.state == "waiting" else None

    @property
    def url(self) -> str | None:
        """Where it is read in the record system."""
        return None if self.remote_id is None else f"{self.connection.base_url}/DocumentReference/{self.remote_id}"
