"""The outbox: events are laid out for the webhooks that want them, and carried out in each patient's order.

Nothing is lost when a process dies: an event is stored with its change, a delivery waits until its try is recorded,
and who has claimed one and does not come back loses the claim. So a receiver may hear of an event twice, under one id.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, text, update
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import aliased, contains_eager

from integration_api.events.fhir import FHIR_JSON, notification
from integration_api.events.messages import (
    ATTEMPTS,
    DISABLED_AFTER,
    GONE,
    JSON,
    LONGEST_REST,
    LONGEST_WAIT,
    Message,
    Outcome,
    body_of,
    rest,
    signed,
    wait,
)
from integration_api.events.subscriptions import standing_of
from integration_api.events.telling import care_teams_of, reason_to_drop, wants
from models import (
    HANDSHAKE,
    Deed,
    Delivery,
    DeliveryAttempt,
    Event,
    User,
    Webhook,
    append_deeds,
    has_come,
    is_next_due,
    new_id,
)

LEASE = timedelta(minutes=2)  # longer than any try takes
KEPT = timedelta(days=30)  # events and what became of them
_BATCH = 200


def has_undispatched(db_session: DbSession) -> bool:
    """Tell whether an event waits to be laid out."""
    return db_session.scalar(select(Event.id).where(Event.dispatched_at.is_(None)).limit(1)) is not None


def dispatch(db_session: DbSession, at: datetime) -> int:
    """Lay the oldest events out for the webhooks that want them; tell how many events there were."""
    if not _is_alone(db_session):
        return 0
    waiting = select(Event).where(Event.dispatched_at.is_(None))
    # A patient's numbers rise as their changes were kept, so whatever is seen here has nothing unseen before it.
    found = db_session.scalars(
        waiting.order_by(Event.occurred_at, Event.patient_id, Event.sequence).limit(_BATCH)
    ).all()
    if not found:
        return 0
    webhooks = db_session.scalars(select(Webhook)).all()
    teams = care_teams_of(db_session, [each.patient_id for each in found if each.patient_id is not None])
    for event in found:
        cared_for_by = set() if event.patient_id is None else teams.get(event.patient_id, set())
        for webhook in webhooks:
            if wants(webhook, event, cared_for_by):
                db_session.add(_laid_out(webhook, event, at))
        event.dispatched_at = at
    db_session.flush()
    return len(found)


def _is_alone(db_session: DbSession) -> bool:
    """One lays out at a time, or a later event could be on its way before an earlier one; on SQLite it is so."""
    if db_session.get_bind().dialect.name != "postgresql":
        return True
    return bool(db_session.scalar(text("SELECT pg_try_advisory_xact_lock(22, 0)")))


def _laid_out(webhook: Webhook, event: Event, at: datetime) -> Delivery:
    return Delivery(
        id=new_id(),
        organization_id=event.organization_id,
        webhook_id=webhook.id,
        event_id=event.id,
        patient_id=event.patient_id,
        sequence=event.sequence,
        next_at=at,
    )


def _is_due(at: datetime) -> list[ColumnElement[bool]]:
    """Those whose time has come, that nobody is at, and before which nothing of the same patient waits there."""
    earlier = aliased(Delivery)
    of_same = (earlier.webhook_id == Delivery.webhook_id, earlier.patient_id == Delivery.patient_id)
    before = exists().where(*of_same, earlier.state == "waiting", earlier.sequence < Delivery.sequence)
    return [
        Delivery.state == "waiting",
        is_next_due(Delivery, at, LONGEST_WAIT),
        or_(Delivery.claimed_until.is_(None), has_come(Delivery.claimed_until, at, LEASE)),
        or_(Webhook.state == "active", and_(Webhook.state == "requested", Delivery.event.has(Event.type == HANDSHAKE))),
        # A system that is let in no more hears no more; an admin who has left leaves the clinic's webhooks behind.
        or_(Webhook.format == "webhook", Webhook.user_id.in_(select(User.id).where(User.is_active))),
        or_(Webhook.rests_until.is_(None), has_come(Webhook.rests_until, at, LONGEST_REST)),
        ~before,
    ]


def has_due(db_session: DbSession, at: datetime) -> bool:
    """Tell whether something is to be sent."""
    query = select(Delivery.id).join(Webhook, Webhook.id == Delivery.webhook_id).where(*_is_due(at))
    return db_session.scalar(query.limit(1)) is not None


def claim(db_session: DbSession, public_url: str, at: datetime, limit: int) -> tuple[list[Message], int]:
    """Take up to `limit` deliveries in hand, and drop those that may not be told (any more).

    Gives the messages, and how many were dropped.
    """
    query = select(Delivery).join(Webhook, Webhook.id == Delivery.webhook_id).where(*_is_due(at))
    query = query.options(contains_eager(Delivery.webhook)).order_by(Delivery.next_at, Delivery.sequence, Delivery.id)
    due = db_session.scalars(query.limit(limit).with_for_update(of=Delivery, skip_locked=True)).unique().all()
    messages = []
    for delivery in due:
        reason = reason_to_drop(db_session, delivery)
        if reason is None:
            delivery.claimed_until = at + LEASE
            if delivery.webhook.format == "fhir":
                messages.append(_notification(db_session, delivery, public_url, at))
            else:
                messages.append(_message(delivery, public_url, at))
        else:
            delivery.state, delivery.reason, delivery.done_at = "dropped", reason, at
    db_session.flush()
    return messages, len(due) - len(messages)


def _message(delivery: Delivery, public_url: str, at: datetime) -> Message:
    webhook = delivery.webhook
    secrets = [webhook.secret]
    if webhook.previous is not None and webhook.previous_until is not None and webhook.previous_until > at:
        secrets.append(webhook.previous)
    body = body_of(delivery.event, public_url)
    headers = signed(str(delivery.event_id), body, secrets, at) | {"Content-Type": JSON}
    return Message(delivery.id, webhook.url, headers, body)


def _notification(db_session: DbSession, delivery: Delivery, public_url: str, at: datetime) -> Message:
    """Write a FHIR notification; the headers are those that the Subscription asked for."""
    webhook, counter = delivery.webhook, Webhook.counter
    if delivery.patient_id is not None and delivery.number is None:
        counted = (
            update(Webhook).where(Webhook.id == webhook.id).values(counter=counter + 1, updated_at=Webhook.updated_at)
        )
        delivery.number = db_session.scalar(counted.returning(counter).execution_options(synchronize_session=False))
    standing = replace(standing_of(webhook), counter=delivery.number or webhook.counter)
    told = notification(standing, delivery.event, delivery.number, f"{public_url}/fhir/R4", at)
    lines = (str(each).partition(":") for each in standing.channel.get("headers", []))
    headers = {name: value.strip() for name, _, value in lines} | {"Content-Type": FHIR_JSON}
    return Message(delivery.id, webhook.url, headers, json.dumps(told, separators=(",", ":")).encode())


def record(
    db_session: DbSession, delivery_id: UUID, outcome: Outcome, at: datetime, chance: Callable[[], float]
) -> Delivery | None:
    """Note how a try ended, and what follows; None where the delivery is gone by now. `chance` gives 0 to 1."""
    query = select(Delivery).where(Delivery.id == delivery_id).with_for_update(of=Delivery)
    delivery = db_session.scalars(query).unique().one_or_none()
    if delivery is None:
        return None
    tried = DeliveryAttempt(organization_id=delivery.organization_id, delivery_id=delivery_id, at=at)
    tried.milliseconds, tried.status, tried.error = outcome.milliseconds, outcome.status, outcome.error
    db_session.add(tried)
    delivery.claimed_until = None
    delivery.tries += 1
    if outcome.is_taken:
        delivery.state, delivery.done_at = "delivered", at
        _tell_trail(db_session, delivery, at)
    elif delivery.tries >= ATTEMPTS:
        delivery.state, delivery.reason, delivery.done_at = "dead", "attempts", at
    else:
        delivery.next_at = at + wait(delivery.tries, chance())
    _note_health(db_session, delivery, outcome, at)
    db_session.flush()
    return delivery


def _tell_trail(db_session: DbSession, delivery: Delivery, at: datetime) -> None:
    """Put what another system was told into the patient's audit trail: it is a disclosure."""
    if delivery.patient_id is None:
        return
    deed = Deed(
        operation="deliverEvent",
        resource="Webhook",
        action="read",
        outcome="done",
        purpose="ehr",
        actor_id=db_session.scalar(select(Webhook.user_id).where(Webhook.id == delivery.webhook_id)),
        actor_role="system",
        origin="worker",
        patient_id=delivery.patient_id,
        record_id=delivery.event.record_id,
        client=str(delivery.webhook_id),
    )
    append_deeds(db_session, delivery.organization_id, at, [deed])


def _note_health(db_session: DbSession, delivery: Delivery, outcome: Outcome, at: datetime) -> None:
    """Note how the webhook fares; it is no edit, so its version stays."""
    webhook_id, is_handshake = delivery.webhook_id, delivery.event.type == HANDSHAKE
    query = select(Webhook.failures, Webhook.failing_since, Webhook.updated_at).where(Webhook.id == webhook_id)
    failures, failing_since, updated_at = db_session.execute(query.with_for_update()).one()
    values: dict[str, object] = {"updated_at": updated_at}
    if outcome.is_taken:
        values |= {"failures": 0, "failing_since": None, "rests_until": None, "delivered_at": at}
        values |= {"state": "active"} if is_handshake else {}
    else:
        since = failing_since or at
        values |= {"failures": failures + 1, "failing_since": since, "rests_until": rest(outcome, failures + 1, at)}
        if is_handshake and delivery.state == "dead":
            values |= {"state": "disabled", "state_reason": "handshake"}
        elif outcome.status == GONE:
            values |= {"state": "disabled", "state_reason": "gone"}
        elif at - since >= DISABLED_AFTER:
            values |= {"state": "disabled", "state_reason": "failing"}
    of_webhook = update(Webhook).where(Webhook.id == webhook_id).values(values)
    db_session.execute(of_webhook.execution_options(synchronize_session=False))


def prune(db_session: DbSession, at: datetime) -> int:
    """Forget what was told long ago; tell how many events.

    Of each patient the latest event stays, since numbers go on from it; and the latest that each webhook was told.
    What waits for a webhook that has been paused or disabled for so long goes, too.
    """
    later, told = aliased(Event), aliased(Delivery)
    is_latest = ~exists().where(later.patient_id == Event.patient_id, later.sequence > Event.sequence)
    is_latest_told = exists().where(
        Delivery.event_id == Event.id,
        Delivery.state == "delivered",
        ~exists().where(
            told.webhook_id == Delivery.webhook_id,
            told.patient_id == Delivery.patient_id,
            told.state == "delivered",
            told.sequence > Delivery.sequence,
        ),
    )
    is_waiting = exists().where(
        Delivery.event_id == Event.id,
        Delivery.state == "waiting",
        Delivery.webhook_id == Webhook.id,
        Webhook.state.in_(("active", "requested")),
    )
    is_old = Event.dispatched_at < at - KEPT
    is_pruned = (is_old, ~is_waiting, or_(Event.patient_id.is_(None), ~(is_latest | is_latest_told)))
    old: Sequence[UUID] = db_session.scalars(select(Event.id).where(*is_pruned).limit(1000)).all()
    db_session.execute(delete(Event).where(Event.id.in_(old)).execution_options(synchronize_session=False))
    return len(old)
