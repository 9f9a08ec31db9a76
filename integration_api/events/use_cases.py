"""Webhooks, as an admin keeps them: set up, changed, given new secrets; and what became of each telling."""

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.outgoing import Guard, Refused
from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Invalid, NotFound
from integration_api.wording import Sentence
from models import (
    ENDED,
    PING,
    Clinician,
    Delivery,
    Event,
    Order,
    Page,
    PageRequest,
    Patient,
    Webhook,
    deliveries_within,
    has_not_ended,
    narrowed,
    new_id,
    now,
    page_of,
    webhooks_within,
)

OVERLAP = timedelta(hours=24)  # how long the secret before a rotation signs, too
_SECRET_BYTES = 32  # Standard Webhooks: 24 to 64
_AT_MOST = 50  # webhooks of one organization


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDraft:
    """A webhook as its admin describes it. `types`, `patient_ids`, `clinician_id`: None is all."""

    name: str
    url: str
    types: tuple[str, ...] | None = None
    patient_ids: tuple[UUID, ...] | None = None
    clinician_id: UUID | None = None
    state: str = "active"
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook as it is answered with. `secret` is there once: when it has just been made."""

    webhook: Webhook
    secret: str | None = field(default=None, repr=False)

    @property
    def id(self) -> UUID:
        """The webhook's id."""
        return self.webhook.id


def list_webhooks(db_session: DbSession, caller: Principal, state: str | None, page: PageRequest) -> Page[Shown]:
    """List the organization's webhooks, the oldest first."""
    visible = narrowed(webhooks_within(reach(caller, Resource.WEBHOOK, Action.SEARCH)), ((Webhook.state, state),))
    found = page_of(db_session, visible, Order((Webhook.created_at, Webhook.id)), page)
    return Page([Shown(each) for each in found.items], found.next_after)


def read_webhook(db_session: DbSession, caller: Principal, webhook_id: UUID, action: Action = Action.READ) -> Shown:
    """Read one webhook; raise `NotFound`."""
    return Shown(_read(db_session, caller, webhook_id, action))


def _read(db_session: DbSession, caller: Principal, webhook_id: UUID, action: Action) -> Webhook:
    query = webhooks_within(reach(caller, Resource.WEBHOOK, action)).where(Webhook.id == webhook_id)
    if action is not Action.READ:
        query = query.with_for_update(of=Webhook)
    found = db_session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


def set_up(db_session: DbSession, caller: Principal, draft: WebhookDraft, guard: Guard) -> Shown:
    """Set a webhook up, with a secret that is shown now and never again."""
    reach(caller, Resource.WEBHOOK, Action.CREATE)
    there = select(Webhook.id).where(Webhook.organization_id == caller.organization_id, has_not_ended())
    if len(db_session.scalars(there).all()) >= _AT_MOST:
        raise Conflict(Sentence("An organization has {most} webhooks at most.", most=_AT_MOST))
    made = Webhook(
        id=draft.id or new_id(),
        format="webhook",
        organization_id=caller.organization_id,
        user_id=caller.user_id,
        secret=new_secret(),
    )
    _describe(db_session, caller, made, draft, guard)
    db_session.add(made)
    db_session.flush()
    return Shown(made, made.secret)


def change(
    db_session: DbSession,
    caller: Principal,
    webhook_id: UUID,
    merge: Callable[[Shown], WebhookDraft],
    guard: Guard,
) -> Shown:
    """Change a webhook. One that is made active again starts afresh, with everything that has waited."""
    found = _read(db_session, caller, webhook_id, Action.UPDATE)
    _describe(db_session, caller, found, merge(Shown(found)), guard)
    db_session.flush()
    return Shown(found)


def take_down(db_session: DbSession, caller: Principal, webhook_id: UUID, match: Callable[[Any], Any]) -> None:
    """Take a webhook down, with everything that has not been told."""
    found = _read(db_session, caller, webhook_id, Action.DELETE)
    match(Shown(found))
    db_session.delete(found)
    db_session.flush()


def rotate_secret(db_session: DbSession, caller: Principal, webhook_id: UUID, at: datetime) -> Shown:
    """Give a webhook a new secret. For a day both sign, so that the receiver can change over in its own time."""
    found = _read(db_session, caller, webhook_id, Action.UPDATE)
    found.previous, found.previous_until = found.secret, at + OVERLAP
    found.secret = new_secret()
    db_session.flush()
    return Shown(found, found.secret)


def ping(db_session: DbSession, caller: Principal, webhook_id: UUID, at: datetime) -> Delivery:
    """Have a webhook told of nothing, to see whether it listens."""
    found = _read(db_session, caller, webhook_id, Action.UPDATE)
    of_webhook = {"organization_id": found.organization_id, "sequence": 0}
    event = Event(id=new_id(), type=PING, record_id=found.id, dispatched_at=now(), occurred_at=now(), **of_webhook)
    made = Delivery(webhook_id=found.id, event=event, next_at=at, state="waiting", tries=0, attempts=[], **of_webhook)
    db_session.add(made)
    db_session.flush()
    return made


def list_deliveries(
    db_session: DbSession, caller: Principal, webhook_id: UUID, state: str | None, page: PageRequest
) -> Page[Delivery]:
    """List what became of events on their way to a webhook, the latest first."""
    limits = reach(caller, Resource.WEBHOOK, Action.SEARCH)
    if db_session.scalars(webhooks_within(limits).where(Webhook.id == webhook_id)).one_or_none() is None:
        raise NotFound("There is no such webhook.")
    found = narrowed(deliveries_within(limits), ((Delivery.webhook_id, webhook_id), (Delivery.state, state)))
    return page_of(db_session, found, Order((Delivery.created_at, Delivery.id), is_descending=True), page)


def replay(db_session: DbSession, caller: Principal, webhook_id: UUID, delivery_id: UUID, at: datetime) -> Delivery:
    """Have an event told again, under the same id: after a dead letter, or where the receiver has lost it."""
    visible = deliveries_within(reach(caller, Resource.WEBHOOK, Action.UPDATE))
    of_webhook = (Delivery.id == delivery_id, Delivery.webhook_id == webhook_id)
    found = db_session.scalars(visible.where(*of_webhook).with_for_update(of=Delivery)).unique().one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.")
    if found.state == "waiting":
        raise Conflict("The delivery is still waiting.")
    found.state, found.reason, found.done_at = "waiting", None, None
    found.tries, found.next_at, found.claimed_until = 0, at, None
    db_session.flush()
    return found


def new_secret() -> str:
    """Make a secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def check_url(url: str, guard: Guard, pointer: str = "/url") -> None:
    """Refuse an address that would never be called; raise `Invalid`. It is looked at again at each call."""
    try:
        guard.check(url)
    except Refused as error:
        raise Invalid.at(pointer, str(error)) from None


def _describe(db_session: DbSession, caller: Principal, made: Webhook, draft: WebhookDraft, guard: Guard) -> None:
    types = None if draft.types is None else list(draft.types)
    patient_ids = None if draft.patient_ids is None else [str(each) for each in draft.patient_ids]
    told = {"url": draft.url, "types": types, "patient_ids": patient_ids, "clinician_id": draft.clinician_id}
    if made.format == "fhir":
        _require_its_own(made, told)
    check_url(draft.url, guard)
    _require(db_session, Clinician, caller, [draft.clinician_id] if draft.clinician_id else [], "/clinician_id")
    _require(db_session, Patient, caller, draft.patient_ids or (), "/patient_ids")
    if draft.state == "active" and made.state != "active":
        made.failures, made.failing_since, made.rests_until = 0, None, None
    if draft.state in ("requested", "disabled") and draft.state != made.state:
        raise Invalid.at("/state", "That is ours to say; `paused` is yours.")
    if draft.state != made.state:
        if made.state_reason == ENDED:
            raise Invalid.at("/state", "This Subscription has ended. Its system sets up a new one.")
        if made.format == "fhir" and made.delivered_at is None:
            raise Invalid.at("/state", "Its endpoint has not taken the handshake.")
        made.state, made.state_reason = draft.state, None
    made.name = draft.name
    for name, value in told.items():
        setattr(made, name, value)


def _require_its_own(made: Webhook, told: Mapping[str, object]) -> None:
    """Leave a Subscription what its system asked for: it may not hear more, and FHIR has no words for other events."""
    for name, value in told.items():
        if getattr(made, name) != value:
            raise Invalid.at(f"/{name}", "A FHIR Subscription is its system's own to change.")


def _require(db_session: DbSession, table: Any, caller: Principal, ids: Any, pointer: str) -> None:
    """Refuse people who are not of the organization."""
    wanted = set(ids)
    there = select(table.id).where(table.organization_id == caller.organization_id, table.id.in_(wanted))
    if wanted and set(db_session.scalars(there)) != wanted:
        raise Invalid.at(pointer, "There is no such person in the organization.")
