"""FHIR Subscriptions of a system: webhooks that it sets up for itself, and that speak FHIR."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.outgoing import Guard
from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Invalid, NotFound
from integration_api.events.fhir import LONGEST_HEARTBEAT, Standing, SubscriptionDraft
from integration_api.events.use_cases import check_url, new_secret
from integration_api.wording import Sentence
from models import (
    ENDED,
    HANDSHAKE,
    HEARTBEAT,
    Delivery,
    Event,
    Patient,
    Webhook,
    has_not_ended,
    new_id,
    patients_within,
    webhooks_within,
)

_AT_MOST = 20  # of one system


def subscribe(
    db_session: DbSession, caller: Principal, draft: SubscriptionDraft, guard: Guard, at: datetime
) -> Webhook:
    """Set a Subscription up. It is active once its endpoint has taken the handshake."""
    limits = reach(caller, Resource.SUBSCRIPTION, Action.CREATE)
    check_url(draft.endpoint, guard, "/channel/endpoint")
    if len(db_session.scalars(webhooks_within(limits).where(has_not_ended())).all()) >= _AT_MOST:
        raise Conflict(Sentence("A system has {most} Subscriptions at most.", most=_AT_MOST))
    if draft.patient_id is not None:
        seen = patients_within(reach(caller, Resource.PATIENT, Action.READ)).where(Patient.id == draft.patient_id)
        if db_session.scalars(seen).one_or_none() is None:
            raise Invalid.at("/_criteria/extension", "There is no such patient.")
    made = Webhook(
        id=new_id(),
        organization_id=caller.organization_id,
        user_id=caller.user_id,
        format="fhir",
        state="requested",
        types=list(draft.types),
        patient_ids=None if draft.patient_id is None else [str(draft.patient_id)],
        name="FHIR Subscription",
        url=draft.endpoint,
        secret=new_secret(),
        channel=draft.channel,
        counter=0,
    )
    db_session.add(made)
    db_session.flush()
    _lay_out(db_session, made, HANDSHAKE, at)
    return made


def subscriptions_of(db_session: DbSession, caller: Principal) -> list[Webhook]:
    """List the caller's Subscriptions, the oldest first."""
    query = webhooks_within(reach(caller, Resource.SUBSCRIPTION, Action.SEARCH)).where(Webhook.format == "fhir")
    return list(db_session.scalars(query.order_by(Webhook.created_at, Webhook.id)))


def read_subscription_of(
    db_session: DbSession, caller: Principal, subscription_id: UUID, action: Action = Action.READ
) -> Webhook:
    """Read one of the caller's Subscriptions; raise `NotFound`."""
    query = webhooks_within(reach(caller, Resource.SUBSCRIPTION, action))
    is_it = (Webhook.id == subscription_id, Webhook.format == "fhir")
    found = db_session.scalars(query.where(*is_it)).one_or_none()
    if found is None:
        raise NotFound("There is no such Subscription.")
    return found


def unsubscribe(db_session: DbSession, caller: Principal, subscription_id: UUID) -> None:
    """Take a Subscription down, with everything that has not been told."""
    db_session.delete(read_subscription_of(db_session, caller, subscription_id, Action.DELETE))
    db_session.flush()


def standing_of(webhook: Webhook) -> Standing:
    """Tell how a Subscription stands."""
    channel = webhook.channel or {}
    return Standing(webhook.id, webhook.state, webhook.state_reason, webhook.counter, webhook.url, channel)


def has_active(db_session: DbSession) -> bool:
    """Tell whether there is any Subscription that is active."""
    query = select(Webhook.id).where(Webhook.format == "fhir", Webhook.state == "active")
    return db_session.scalar(query.limit(1)) is not None


def beat(db_session: DbSession, at: datetime) -> int:
    """Lay out heartbeats where nothing was told for as long as was agreed, and end what was to end; tell how many."""
    done = 0
    waits = exists().where(Delivery.webhook_id == Webhook.id, Delivery.state == "waiting")
    query = select(Webhook).where(Webhook.format == "fhir", Webhook.state == "active")
    quiet = set(db_session.scalars(query.where(~waits).with_only_columns(Webhook.id)))
    for webhook in db_session.scalars(query.with_for_update(of=Webhook, skip_locked=True)).all():
        channel = webhook.channel or {}
        end, heartbeat = channel.get("end"), channel.get("heartbeat")
        if end is not None and datetime.fromisoformat(str(end)) <= at:
            webhook.state, webhook.state_reason = "disabled", ENDED
            done += 1
        elif isinstance(heartbeat, int) and webhook.id in quiet and _is_silent(webhook, heartbeat, at):
            _lay_out(db_session, webhook, HEARTBEAT, at)
            done += 1
    db_session.flush()
    return done


def _is_silent(webhook: Webhook, heartbeat: int, at: datetime) -> bool:
    most = min(heartbeat, LONGEST_HEARTBEAT)  # longer ones were taken once, and no clock holds them
    return at - (webhook.delivered_at or webhook.created_at) >= timedelta(seconds=most)


def _lay_out(db_session: DbSession, webhook: Webhook, kind: str, at: datetime) -> None:
    of_webhook = {"organization_id": webhook.organization_id, "sequence": 0}
    event = Event(id=new_id(), type=kind, record_id=webhook.id, occurred_at=at, dispatched_at=at, **of_webhook)
    db_session.add(Delivery(id=new_id(), webhook_id=webhook.id, event=event, next_at=at, **of_webhook))
    db_session.flush()
