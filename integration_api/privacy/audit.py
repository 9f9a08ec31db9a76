"""Reading the audit trail, and making sure that it is whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.audit import origin_for
from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from models import (
    AuditEvent,
    Between,
    Clinician,
    Order,
    Organization,
    Page,
    PageRequest,
    Patient,
    Role,
    User,
    Verdict,
    audit_events_within,
    narrowed,
    page_of,
    verify,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter(Between):
    """Which events; None: whichever."""

    patient_id: UUID | None = None
    actor_id: UUID | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An event with the name of who it was, as far as it is known, and from where, as far as the caller may know."""

    event: AuditEvent
    actor_name: str | None
    origin: str | None

    @property
    def at(self) -> datetime:
        """When."""
        return self.event.at

    @property
    def patient_id(self) -> UUID | None:
        """Whose record."""
        return self.event.patient_id


def list_events(db_session: DbSession, caller: Principal, wanted: AuditFilter, page: PageRequest) -> Page[Seen]:
    """List what was done to the records within reach, the latest first: a patient's own, or the organization's."""
    limits = reach(caller, Resource.AUDIT_EVENT, Action.SEARCH)
    equal = (
        (AuditEvent.patient_id, wanted.patient_id),
        (AuditEvent.actor_id, wanted.actor_id),
        (AuditEvent.outcome, wanted.outcome),
    )
    found = narrowed(audit_events_within(limits), equal, AuditEvent.at, wanted)
    events = page_of(db_session, found, Order((AuditEvent.at, AuditEvent.id), is_descending=True), page)
    names = _names(db_session, caller, {each.actor_id for each in events.items if each.actor_id is not None})
    seen = [Seen(each, names.get(each.actor_id), origin_for(caller, each)) for each in events.items]
    return Page(seen, events.next_after)


def _names(db_session: DbSession, caller: Principal, user_ids: set[UUID]) -> dict[UUID | None, str]:
    """Name clinicians as people know them, others by their accounts; to a patient no person by what they sign in with.

    Who has no other name is told to a patient by the role alone, and patients are told by their own names.
    """
    of_accounts: Any = select(User.id, User.username).where(User.id.in_(user_ids))
    if caller.role == Role.PATIENT:
        of_accounts = of_accounts.where(User.role == Role.SYSTEM).union_all(
            select(Patient.user_id, Patient.name).where(Patient.user_id == caller.user_id)
        )
    accounts = db_session.execute(of_accounts).all()
    staff = db_session.execute(select(Clinician.user_id, Clinician.name).where(Clinician.user_id.in_(user_ids))).all()
    return {user_id: name for user_id, name in [*accounts, *staff]}  # noqa: C416  (rows are no pairs to dict)


def verify_all(db_session: DbSession, noted: dict[UUID, tuple[int, str]]) -> Sequence[tuple[Organization, Verdict]]:
    """Reckon every organization's chain anew, against numbers and digests that were noted elsewhere."""
    organizations = db_session.scalars(select(Organization).order_by(Organization.id)).all()
    return [(each, verify(db_session, each.id, noted.get(each.id))) for each in organizations]
