"""How people prove who they are: passwords, second factors, invitations, and the delay after failures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, OfOrganization, now
from models.key_service import Wrapped
from models.person import User


class Delayed:
    """A row that counts failures. `next_attempt_at` is the moment of the last attempt, and its delay after it."""

    failed_attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]


class SecondFactor:
    """A row that holds a TOTP secret, sealed by the key service."""

    totp_wrapping_key: Mapped[str | None] = mapped_column(String(80))
    totp_sealed: Mapped[bytes | None]

    @property
    def totp(self) -> Wrapped | None:
        """The sealed secret, if there is one."""
        if self.totp_wrapping_key is None or self.totp_sealed is None:
            return None
        return Wrapped(self.totp_wrapping_key, self.totp_sealed)

    @totp.setter
    def totp(self, wrapped: Wrapped | None) -> None:
        self.totp_wrapping_key = wrapped.wrapping_key if wrapped else None
        self.totp_sealed = wrapped.sealed if wrapped else None


class Credential(OfOrganization, Delayed, SecondFactor, Base):
    """How one user signs in. Sign-ins from before `sign_ins_since` no longer count."""

    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(200))  # argon2id, with its parameters and salt
    totp_last_step: Mapped[int | None]  # a code of this step or an earlier one is not taken again
    sign_ins_since: Mapped[datetime] = mapped_column(default=now)


class Invitation(OfOrganization, Identified, SecondFactor, Base):
    """A one-use link by which a user sets password and second factor. Only the token's hash is kept."""

    __tablename__ = "invitations"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class UnknownName(Delayed, Base):
    """Failures under a name that nobody signs in by: such a name is delayed like any other, so that none stands out.

    The name is kept as an HMAC: people type passwords there by mistake.
    """

    __tablename__ = "unknown_names"
    __table_args__ = (Index("ix_unknown_names_next_attempt_at", "next_attempt_at"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
