"""The authorization server's tables: clients, grants (token families), codes, refresh tokens, signing keys.

Codes and refresh tokens are kept as SHA-256 of themselves: who reads the tables cannot use one.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.base import Base, Identified, OfOrganization
from models.person import User

SHA256_HEX = 64


class ClientKind(StrEnum):
    """Whether a client can keep a key to itself: an application on a telephone cannot, another server can."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"


_KINDS = ", ".join(f"'{kind}'" for kind in sorted(ClientKind))


class OAuthClient(OfOrganization, Identified, Base):
    """An application that an organization lets ask for tokens. `user_id` is whom a backend service acts as."""

    __tablename__ = "oauth_clients"
    __table_args__ = (CheckConstraint(f"kind in ({_KINDS})", name="kind"),)

    client_id: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    scope: Mapped[str] = mapped_column(String(2000))
    # `none_as_null`: no keys is SQL's NULL, not JSON's.
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    jwks_uri: Mapped[str | None] = mapped_column(String(500))
    is_active: Mapped[bool] = mapped_column(default=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


class OAuthGrant(OfOrganization, Identified, Base):
    """What a user has let a client do, and the family of all tokens that came of it. Revoked, all of them are dead."""

    __tablename__ = "oauth_grants"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_clients.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str] = mapped_column(String(2000))
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")
    client: Mapped[OAuthClient] = relationship(lazy="joined")


def revoke_grants(db_session: Session, user_id: UUID, at: datetime, client_id: UUID | None = None) -> None:
    """Revoke every token that clients hold in a user's name, or those of one client alone."""
    alive = update(OAuthGrant).where(OAuthGrant.user_id == user_id, OAuthGrant.revoked_at.is_(None))
    if client_id is not None:
        alive = alive.where(OAuthGrant.client_id == client_id)
    db_session.execute(alive.values(revoked_at=at))


class AuthorizationCode(OfOrganization, Identified, Base):
    """A code on its way to a client: good once, for a minute. Used again, it takes its family down."""

    __tablename__ = "authorization_codes"

    sha256: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_grants.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str] = mapped_column(String(500))
    code_challenge: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class RefreshToken(OfOrganization, Identified, Base):
    """A refresh token: each use makes a new one. Used again, it takes its family down."""

    __tablename__ = "refresh_tokens"

    sha256: Mapped[str] = mapped_column(String(SHA256_HEX), unique=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_grants.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class UsedAssertion(OfOrganization, Identified, Base):
    """The id of a client's assertion, remembered for as long as it could be used again."""

    __tablename__ = "used_assertions"
    __table_args__ = (UniqueConstraint("client_id", "jti"),)

    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_clients.id", ondelete="CASCADE"))
    jti: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime]


class SigningKey(Identified, Base):
    """A key that signs access tokens: its public half as a JWK, its private half wrapped by the key service.

    After `retired_at` it verifies nothing any more; a time ahead of us means that it signs no more, but still verifies.
    """

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(80), unique=True)
    algorithm: Mapped[str] = mapped_column(String(10))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    wrapping_key: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    retired_at: Mapped[datetime | None]
