"""Copies of documents in record systems: asked for by clinicians, looked at by them and by the patient."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.ehr.client import GONE
from integration_api.errors import Conflict, Invalid, NotAllowed, NotFound
from models import Document, EhrConnection, EhrCopy, Order, Page, PageRequest, Patient, consents_to, new_id, page_of
from models.facing import facing_documents

_LATEST_FIRST = Order((EhrCopy.created_at, EhrCopy.id), is_descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDraft:
    """Where a copy is to go; None: to the one record system that the clinic writes to."""

    connection_id: UUID | None = None
    id: UUID | None = None


def ask_for_copy(
    db_session: DbSession, caller: Principal, document_id: UUID, draft: CopyDraft, at: datetime
) -> EhrCopy:
    """Have a document that may leave sent to a record system. Asked again, one that was refused is tried again."""
    document = _document(db_session, caller, document_id, Action.CREATE)
    agreed = select(Patient.id).where(Patient.id == document.patient_id, consents_to(Patient.id, "ehr"))
    if db_session.scalar(agreed) is None:
        raise NotAllowed("The patient has not agreed that the record may be shared with the clinic's record system.")
    connection = _connection(db_session, caller, draft.connection_id)
    there = (EhrCopy.connection_id == connection.id, EhrCopy.document_id == document.id)
    found = db_session.scalars(select(EhrCopy).where(*there).with_for_update(of=EhrCopy)).one_or_none()
    if found is None:
        found = EhrCopy(
            id=draft.id or new_id(),
            organization_id=caller.organization_id,
            connection=connection,
            document_id=document.id,
            patient_id=document.patient_id,
        )
        db_session.add(found)
    if found.state != "sent":
        _forget_what_is_gone(found)
        found.state, found.reason, found.next_at, found.tries = "waiting", None, at, 0
        found.missing_since = None  # it is not being taken back any more
        found.user_id = caller.user_id
    db_session.flush()
    return found


def _forget_what_is_gone(copy: EhrCopy) -> None:
    """Let a copy that somebody there has deleted be made anew: its id is good for nothing any more."""
    if copy.reason == "gone" or (copy.state == "withdrawn" and copy.last_status in GONE):
        copy.remote_id = copy.remote_version = copy.told_at = None


def read_copy(db_session: DbSession, caller: Principal, copy_id: UUID) -> EhrCopy:
    """Read one copy; raise `NotFound`."""
    documents = facing_documents(reach(caller, Resource.EHR_COPY, Action.READ)).with_only_columns(Document.id)
    query = select(EhrCopy).where(EhrCopy.id == copy_id, EhrCopy.document_id.in_(documents))
    found = db_session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("There is no such copy.")
    return found


def list_copies(db_session: DbSession, caller: Principal, document_id: UUID, page: PageRequest) -> Page[EhrCopy]:
    """List a document's copies, the latest first."""
    document = _document(db_session, caller, document_id, Action.SEARCH)
    return page_of(db_session, select(EhrCopy).where(EhrCopy.document_id == document.id), _LATEST_FIRST, page)


def list_own_copies(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[EhrCopy]:
    """List all copies of what the calling patient's record holds, the latest first; also of what is private now."""
    limits = reach(caller, Resource.EHR_COPY, Action.SEARCH)
    return page_of(db_session, select(EhrCopy).where(EhrCopy.patient_id == limits.patient_id), _LATEST_FIRST, page)


def _document(db_session: DbSession, caller: Principal, document_id: UUID, action: Action) -> Document:
    visible = facing_documents(reach(caller, Resource.EHR_COPY, action))
    found = db_session.scalars(visible.where(Document.id == document_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such document, or none that may be shared.")
    return found


def _connection(db_session: DbSession, caller: Principal, connection_id: UUID | None) -> EhrConnection:
    of_clinic = select(EhrConnection).where(EhrConnection.organization_id == caller.organization_id)
    if connection_id is not None:
        of_clinic = of_clinic.where(EhrConnection.id == connection_id)
    found = db_session.scalars(of_clinic.where(EhrConnection.state == "active").limit(2)).all()
    if connection_id is not None and not found:
        raise Invalid.at("/connection_id", "There is no such record system, or it is paused.")
    if not found:
        raise Conflict("The clinic writes to no record system.")
    if len(found) > 1:
        raise Conflict("The clinic writes to several record systems. Say to which one.")
    return found[0]
