"""Webhooks: where a clinic's other systems want to be told of events, and what became of each telling."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.base import Base, Identified, ManyOfOrganization, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.event import Event
from models.sealing import Sealed, SealedText

WEBHOOK_STATES = ("requested", "active", "paused", "disabled")  # paused: by an admin; requested, disabled: by us
LONGEST_URL = 2_000  # of who hears of events
ENDED = "ended"  # why one is disabled that nobody makes active again
WEBHOOK_FORMATS = ("webhook", "fhir")
DELIVERY_STATES = ("waiting", "delivered", "dead", "dropped")


class Webhook(Sealed, OfOrganization, Versioned, Base):
    """One subscription. `types` and `patient_ids`: null is all; with `clinician_id` that clinician's patients alone.

    How it fares (`failures` and what follows) is written past the version: it is no edit.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint(f"state in {WEBHOOK_STATES}", name="state"),
        CheckConstraint(f"format in {WEBHOOK_FORMATS}", name="format"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # who set it up
    format: Mapped[str] = mapped_column(String(20), default="webhook")
    types: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    patient_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    clinician_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinicians.id", ondelete="RESTRICT"))
    state: Mapped[str] = mapped_column(String(20), default="active")
    state_reason: Mapped[str | None] = mapped_column(String(20))
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]  # the latest
    counter: Mapped[int] = mapped_column(default=0)  # of events that a FHIR Subscription was told
    previous_until: Mapped[datetime | None]  # until when the secret before signs, too
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    url_sealed: Mapped[bytes] = mapped_column(LargeBinary)  # addresses hold passwords more often than they should
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    previous_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    channel_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    name = SealedText[str]("name_sealed")
    url = SealedText[str]("url_sealed")
    secret = SealedText[str]("secret_sealed")
    previous = SealedText[str | None]("previous_sealed")
    channel = SealedText[dict[str, object] | None]("channel_sealed")  # of a FHIR Subscription: what it said beside

    @property
    def key_owner(self) -> KeyOwner:
        """The clinic."""
        return KeyOwner("organization", self.organization_id, self.organization_id)


def end_subscriptions(db_session: Session, user_id: UUID) -> None:
    """End the FHIR Subscriptions that a system has set up for itself; let in again, it sets new ones up."""
    own = select(Webhook).where(Webhook.user_id == user_id, Webhook.format == "fhir", has_not_ended())
    for webhook in db_session.scalars(own.order_by(Webhook.id).with_for_update(of=Webhook)):
        webhook.state, webhook.state_reason = "disabled", ENDED
    db_session.flush()


def has_not_ended() -> ColumnElement[bool]:
    """Tell which webhooks count among those that one may have. What failed does, too: it can be made active again."""
    return Webhook.state_reason.is_distinct_from(ENDED)


class Delivery(ManyOfOrganization, Identified, Base):
    """One event on its way to one webhook. It keeps the event's id and place, and no body of any answer."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        CheckConstraint(f"state in {DELIVERY_STATES}", name="state"),
        Index("ix_deliveries_state_next_at", "state", "next_at"),
        Index("ix_deliveries_webhook_id_patient_id_sequence", "webhook_id", "patient_id", "sequence"),
        Index("ix_deliveries_event_id", "event_id"),
    )

    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    sequence: Mapped[int]
    number: Mapped[int | None]  # among the events of a FHIR Subscription
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    reason: Mapped[str | None] = mapped_column(String(20))  # why it was dropped or given up
    tries: Mapped[int] = mapped_column(default=0)  # since it was laid out, or replayed by hand
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]  # somebody is at it; who does not come back by then has died
    done_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship(lazy="joined", innerjoin=True)
    webhook: Mapped[Webhook] = relationship(lazy="raise")
    attempts: Mapped[list["DeliveryAttempt"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True, order_by="DeliveryAttempt.at"
    )

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried again; None where it is not."""
        return self.next_at if self.state == "waiting" else None


class DeliveryAttempt(ManyOfOrganization, Identified, Base):
    """One try: when, how long it took, how it was answered, or which kind of error came in between."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (Index("ix_delivery_attempts_delivery_id", "delivery_id"),)

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(20))
