"""Record systems that a clinic writes to, as an admin keeps them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.keys import client_signer
from integration_api.access.outgoing import Guard, Refused
from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Invalid, NotFound
from integration_api.wording import Sentence
from models import EhrConnection, EhrCopy, Order, Page, PageRequest, ehr_connections_within, narrowed, new_id, page_of
from models.key_service import KeyService

SCOPE = "system/Patient.rs system/DocumentReference.crus"
_AT_MOST = 20  # record systems of one organization


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDraft:
    """A record system as its admin describes it."""

    name: str
    base_url: str
    patient_system: str
    auth: str = "smart"
    client_id: str | None = None
    scope: str = SCOPE
    creates_patients: bool = False
    state: str = "active"
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """What the installation allows and has: where calls may lead, its keys, whether it is a place of development."""

    guard: Guard
    key_service: KeyService
    is_production: bool


def list_connections(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[EhrConnection]:
    """List the organization's record systems, the oldest first."""
    visible = ehr_connections_within(reach(caller, Resource.EHR_CONNECTION, Action.SEARCH))
    return page_of(db_session, visible, Order((EhrConnection.created_at, EhrConnection.id)), page)


def read_connection(
    db_session: DbSession, caller: Principal, connection_id: UUID, action: Action = Action.READ
) -> EhrConnection:
    """Read one record system; raise `NotFound`."""
    query = ehr_connections_within(reach(caller, Resource.EHR_CONNECTION, action))
    query = query.where(EhrConnection.id == connection_id)
    if action is not Action.READ:
        query = query.with_for_update(of=EhrConnection)
    found = db_session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("There is no such record system.")
    return found


def connect(
    db_session: DbSession, caller: Principal, draft: ConnectionDraft, installation: Installation
) -> EhrConnection:
    """Connect a record system; from then on our key for it is among those that we publish."""
    reach(caller, Resource.EHR_CONNECTION, Action.CREATE)
    of_clinic = select(EhrConnection.id).where(EhrConnection.organization_id == caller.organization_id)
    if len(db_session.scalars(of_clinic).all()) >= _AT_MOST:
        raise Conflict(Sentence("An organization writes to {most} record systems at most.", most=_AT_MOST))
    made = EhrConnection(id=draft.id or new_id(), organization_id=caller.organization_id, user_id=caller.user_id)
    _describe(made, draft, installation)
    client_signer(db_session, installation.key_service, "")
    db_session.add(made)
    db_session.flush()
    return made


def change_connection(
    db_session: DbSession,
    caller: Principal,
    connection_id: UUID,
    merge: Callable[[Any], ConnectionDraft],
    installation: Installation,
) -> EhrConnection:
    """Change how a record system is written to. Its address stays, once copies are there: they could not be found."""
    found = read_connection(db_session, caller, connection_id, Action.UPDATE)
    draft = merge(found)
    has_copies = db_session.scalar(select(EhrCopy.id).where(EhrCopy.connection_id == found.id).limit(1)) is not None
    if has_copies and _plain(draft.base_url) != found.base_url:
        raise Invalid.at("/base_url", "Copies are there; connect the other address as another record system.")
    if draft.state == "active" and found.state != "active":
        found.failures, found.failing_since, found.rests_until = 0, None, None
    _describe(found, draft, installation)
    db_session.flush()
    return found


def list_copies_there(
    db_session: DbSession, caller: Principal, connection_id: UUID, state: str | None, page: PageRequest
) -> Page[EhrCopy]:
    """List what became of all copies in one record system, the latest first: ids and states alone."""
    found = read_connection(db_session, caller, connection_id)
    reach(caller, Resource.EHR_CONNECTION, Action.SEARCH)
    there = select(EhrCopy).where(EhrCopy.connection_id == found.id)
    narrowed_ = narrowed(there, ((EhrCopy.state, state),))
    return page_of(db_session, narrowed_, Order((EhrCopy.created_at, EhrCopy.id), is_descending=True), page)


def note_health(connection: EhrConnection, at: datetime, *, rests_until: datetime | None, is_well: bool) -> None:
    """Note how a record system fares."""
    if is_well:
        connection.failures, connection.failing_since, connection.rests_until = 0, None, None
        connection.answered_at = at
        return
    connection.failures += 1
    connection.failing_since = connection.failing_since or at
    connection.rests_until = rests_until


def _plain(base_url: str) -> str:
    return base_url.rstrip("/")


def _describe(made: EhrConnection, draft: ConnectionDraft, installation: Installation) -> None:
    base_url = _plain(draft.base_url)
    try:
        parts = installation.guard.check(base_url)
    except Refused as error:
        raise Invalid.at("/base_url", str(error)) from None
    if parts.query or parts.fragment:
        raise Invalid.at("/base_url", "The address that all others begin with, without ? and #.")
    if draft.auth == "none" and installation.is_production:
        raise Invalid.at("/auth", "Without authentication only where people develop.")
    if draft.auth == "smart" and not draft.client_id:
        raise Invalid.at("/client_id", "What the record system calls us.")
    made.name, made.base_url, made.auth, made.client_id = draft.name, base_url, draft.auth, draft.client_id
    made.scope, made.patient_system, made.creates_patients = draft.scope, draft.patient_system, draft.creates_patients
    made.state = draft.state
