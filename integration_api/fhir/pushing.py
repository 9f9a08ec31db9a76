"""Sending copies of documents to record systems: what the worker does, each step in transactions of its own."""

import logging
from dataclasses import dataclass
from functools import partial
from random import SystemRandom
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.keys import client_signer
from integration_api.access.principals import Principal
from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.ehr import queue
from integration_api.ehr.client import Account, Ehr, Tokens
from integration_api.events.jobs import guard
from integration_api.fhir.conversation import Parcel, talk
from integration_api.fhir.elements import SUBJECT_OF_CONTENT
from integration_api.fhir.known import Known
from integration_api.fhir.resources import document_reference, patient
from integration_api.wiring import parts
from models import Clinician, Document, EhrConnection, EhrCopy, Patient, Role

log = logging.getLogger(__name__)
_chance = SystemRandom().random


@dataclass(frozen=True, slots=True)
class _Ready:
    """A copy to deal with, packed."""

    copy_id: UUID
    account: Account
    is_named: bool
    parcel: Parcel


def notice_copies() -> int:
    """Find out which copies are not what they should be any more; tell how many were looked at."""
    with reading() as db_session:
        if not queue.has_changes(db_session):
            return 0
    with unit_of_work() as db_session:
        return queue.notice_changes(db_session, parts().now())


def send_copy() -> int:
    """Deal with the next copy that is due; tell whether there was one (1 or 0)."""
    with reading() as db_session:
        if not queue.has_due(db_session, parts().now()):
            return 0
    with unit_of_work() as db_session:
        copy = queue.claim(db_session, parts().now())
        if copy is None:
            return 0
        copy_id, is_done = copy.id, copy.state != "waiting"
    if is_done:
        return 1
    with unit_of_work() as db_session:  # our key is made when it is first needed
        copy = db_session.get_one(EhrCopy, copy_id)
        ready = _pack(db_session, copy)
        signer = (
            client_signer(db_session, parts().key_service, ready.account.client_id or "") if ready.is_named else None
        )
    tokens: Tokens = current_app.extensions.setdefault("ehr_tokens", Tokens())
    outcome = talk(Ehr(ready.account, guard(), tokens, parts().now, signer), ready.parcel)
    with unit_of_work() as db_session:
        queue.record(db_session, copy_id, outcome, parts().now(), _chance)
    if outcome.state not in ("sent", "withdrawn"):
        log.info("copy %s: %s %s", copy_id, outcome.state, outcome.error or outcome.status)
    return 1


def _pack(db_session: DbSession, copy: EhrCopy) -> _Ready:
    """Pack what is to be sent, or taken back."""
    connection = copy.connection
    account = Account(connection.id, connection.base_url, connection.client_id, connection.scope)
    source = db_session.scalars(select(Document.source).where(Document.id == copy.document_id)).one()
    parcel = Parcel(
        document_id=copy.document_id,
        kind=document_reference.TYPES[source],
        stamp=queue.stamp_now(db_session, copy),
        recalled=partial(_recalled, copy.id),
        remote_id=copy.remote_id,
        remote_version=copy.remote_version,
        remote_patient_id=copy.remote_patient_id,
        was_told=copy.told_at is not None,
    )
    document = queue.to_send(db_session, copy)
    if document is None:
        parcel.reason = queue.reason_to_withdraw(db_session, copy)
    else:
        _fill(db_session, copy, document, parcel)
    return _Ready(copy.id, account, connection.auth == "smart", parcel)


def _recalled(copy_id: UUID) -> str | None:
    """Say why a copy may not leave now. Asked again at the last moment: a conversation may take a minute."""
    with reading() as db_session:
        copy = db_session.get(EhrCopy, copy_id)
        if copy is None:  # with its patient
            return "consent"
        is_allowed = queue.allowed(db_session, copy) is not None
        return None if is_allowed else queue.reason_to_withdraw(db_session, copy)


def _fill(db_session: DbSession, copy: EhrCopy, document: Document, parcel: Parcel) -> None:
    settings: Settings = current_app.config["SETTINGS"]
    caller = Principal(copy.user_id, copy.organization_id, Role.SYSTEM, frozenset())  # the facade as systems see it
    known = Known(db_session, caller, f"{settings.public_url}/fhir/R4")
    parcel.document, parcel.version = document_reference.make(document, known), document.version
    parcel.names = _names(db_session, known, document)
    person = db_session.get_one(Patient, document.patient_id)
    known.find_identifiers("patient", [person.id])
    parcel.patient_identifier = _identifier(known, copy.connection, person)
    parcel.patient = patient.make(person, known) if copy.connection.creates_patients else None


def _identifier(known: Known, connection: EhrConnection, person: Patient) -> tuple[str, str]:
    """Give what the record system calls a patient; our own name for them where we do not know."""
    of_system = (each for each in known.identifiers(person.id) if each.system == connection.patient_system)
    found = next(of_system, None)
    own = (SUBJECT_OF_CONTENT, f"urn:uuid:{person.id}")
    return own if found is None else (found.system, found.value)


def _names(db_session: DbSession, known: Known, document: Document) -> dict[str, str]:
    names = {f"Organization/{document.organization_id}": known.organization.name}
    writer = known.practitioners.get(document.author_id)
    if writer is not None:
        names[f"Practitioner/{writer}"] = db_session.get_one(Clinician, writer).name
    return names
