"""What has been created by which request, so that a repeated request is answered and not done twice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OfOrganization, now


class Creation(OfOrganization, Base):
    """One create request that was carried out.

    `key` is the client's own id for the record, or its `Idempotency-Key`. `body_digest` is an HMAC of the
    request, so that another body under the same key is noticed while the body itself is not kept.
    """

    __tablename__ = "creations"
    __table_args__ = (Index("ix_creations_created_at", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    operation: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(260), primary_key=True)  # 255 of the client's, and which kind
    body_digest: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)
