"""What a patient agrees to."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotFound
from models import Consent, Order, Page, PageRequest, new_id, now, page_of, time_of_word


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    """A patient's yes or no to a purpose, in the wording that was shown."""

    purpose: str
    is_granted: bool
    wording: str
    id: UUID | None = None


def list_consents(db_session: DbSession, caller: Principal, page: PageRequest) -> Page[Consent]:
    """List everything that the patient has said on consent, the latest first."""
    limits = reach(caller, Resource.CONSENT, Action.SEARCH)
    if limits.patient_id is None:
        raise NotFound("The account belongs to no patient.")
    own = select(Consent).where(
        Consent.organization_id == limits.organization_id, Consent.patient_id == limits.patient_id
    )
    return page_of(db_session, own, Order((Consent.at, Consent.id), is_descending=True), page)


def read_consent(db_session: DbSession, caller: Principal, consent_id: UUID) -> Consent:
    """Read one word of the patient's on consent; raise `NotFound`."""
    limits = reach(caller, Resource.CONSENT, Action.READ)
    found = db_session.get(Consent, consent_id)
    if found is None or found.patient_id != limits.patient_id:
        raise NotFound("There is no such consent.")
    return found


def say(db_session: DbSession, caller: Principal, draft: ConsentDraft) -> Consent:
    """Give consent or take it back; it takes effect at once."""
    limits = reach(caller, Resource.CONSENT, Action.CREATE)
    if limits.patient_id is None:
        raise NotFound("The account belongs to no patient.")
    _replace_latest(db_session, limits.patient_id, draft.purpose)
    consent = Consent(
        id=draft.id or new_id(),
        organization_id=limits.organization_id,
        patient_id=limits.patient_id,
        purpose=draft.purpose,
        is_granted=draft.is_granted,
        wording=draft.wording,
        at=time_of_word(db_session, limits.patient_id, draft.purpose),
    )
    db_session.add(consent)
    db_session.flush()
    return consent


def _replace_latest(db_session: DbSession, patient_id: UUID, purpose: str) -> None:
    """Say of the word that counted so far that it does no more: whoever holds it as active finds that by its time.

    Past the session's own bookkeeping, by which the audit trail would take it for what was said.
    """
    said = select(Consent.id).where(Consent.patient_id == patient_id, Consent.purpose == purpose)
    latest = said.order_by(Consent.at.desc(), Consent.id.desc()).limit(1).scalar_subquery()
    replaced = update(Consent).where(Consent.id == latest).values(updated_at=now())
    db_session.execute(replaced, execution_options={"synchronize_session": False})
