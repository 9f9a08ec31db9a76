"""Who is told of what: which webhooks want an event, and whether it may be told at the moment of sending."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session as DbSession

from integration_api.events.fhir import speaks_of
from models import (
    CareTeam,
    CareTeamMember,
    Commitment,
    Delivery,
    Event,
    Extent,
    Intention,
    JournalEntry,
    MeasureResponse,
    Note,
    Patient,
    Reach,
    SafetyFlag,
    Session,
    Webhook,
    consents_to,
    flagged_patient,
    journal_entries_within,
    measure_responses_within,
    notes_within,
    patients_within,
    resolves_within,
    safety_flags_for_the_team,
    sessions_within,
    with_origins,
)

_ENDS = ("consent.changed", "patient.erased")  # told to whoever was told of the patient before


def wants(webhook: Webhook, event: Event, cared_for_by: set[UUID]) -> bool:
    """Tell whether a webhook asked for such an event. `cared_for_by`: the clinicians on the patient's care team.

    Who takes everything back may be on no care team any more: whom an end concerns, `reason_to_drop` tells.
    """
    if event.occurred_at < webhook.created_at or event.organization_id != webhook.organization_id:
        return False
    is_of_type = webhook.types is None or event.type in webhook.types
    is_of_patient = webhook.patient_ids is None or str(event.patient_id) in webhook.patient_ids
    is_of_team = webhook.clinician_id is None or webhook.clinician_id in cared_for_by or event.type in _ENDS
    return is_of_type and is_of_patient and is_of_team


def care_teams_of(db_session: DbSession, patient_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Give the clinicians on the care team of each patient."""
    query = select(CareTeam.patient_id, CareTeamMember.clinician_id).join(
        CareTeamMember, CareTeamMember.care_team_id == CareTeam.id
    )
    found: dict[UUID, set[UUID]] = {}
    for patient_id, clinician_id in db_session.execute(query.where(CareTeam.patient_id.in_(patient_ids))):
        found.setdefault(patient_id, set()).add(clinician_id)
    return found


def reason_to_drop(db_session: DbSession, delivery: Delivery) -> str | None:
    """Say why an event may not be told now; None: it may.

    Other systems hear of patients who consent to it (`ehr`), and of records that a system could be shown. That
    consent or the record is gone is told to whoever was told of the patient before: they have something to let go of.
    """
    event = delivery.event
    if event.patient_id is None:
        return None
    if not _is_wanted(db_session, delivery, event.patient_id):
        return "not_shared"
    if not _consents(db_session, event) and not (event.type in _ENDS and _was_told(db_session, delivery)):
        return "consent"
    return None if _may_be_seen(db_session, event) else "not_shared"


def _is_wanted(db_session: DbSession, delivery: Delivery, patient_id: UUID) -> bool:
    """Tell whether the webhook is for such an event, still: its clinician, or what it asks for, may have changed."""
    webhook, event = delivery.webhook, delivery.event
    if webhook.format == "fhir" and not speaks_of(event):
        return False  # no notification can be written of it, and it would stand before everybody's messages
    teams = {} if webhook.clinician_id is None else care_teams_of(db_session, [patient_id])
    is_asked_for = wants(webhook, event, teams.get(patient_id, set()))
    return is_asked_for and (event.type not in _ENDS or _concerns(db_session, delivery, patient_id))


def _concerns(db_session: DbSession, delivery: Delivery, patient_id: UUID) -> bool:
    """Tell whether an end is of a patient of the webhook's clinician, or of one of whom it was told before."""
    clinician_id = delivery.webhook.clinician_id
    is_theirs = clinician_id is None or clinician_id in care_teams_of(db_session, [patient_id]).get(patient_id, ())
    return is_theirs or _was_told(db_session, delivery)


def _consents(db_session: DbSession, event: Event) -> bool:
    query = select(Event.id).where(Event.id == event.id, consents_to(Event.patient_id, "ehr"))  # type: ignore[arg-type]
    return db_session.scalar(query) is not None


def _was_told(db_session: DbSession, delivery: Delivery) -> bool:
    before = (Delivery.webhook_id == delivery.webhook_id, Delivery.patient_id == delivery.patient_id)
    query = select(Delivery.id).where(*before, Delivery.state == "delivered").limit(1)
    return db_session.scalar(query) is not None


def _may_be_seen(db_session: DbSession, event: Event) -> bool:
    """Tell whether a system might read the record, or may hear that it is gone."""
    if event.type == "safety_flag.withdrawn":  # that there is a flag no more tells that there was one
        return flagged_patient(db_session.connection(), event.record_id) is not None
    shared = _shared(event)
    return shared is None or db_session.scalar(shared) is not None


def _shared(event: Event) -> Select[UUID] | None:
    """Select the record as a system might read it; None: there is none to read, as after a deletion."""
    noun, _, verb = event.type.partition(".")
    if verb in ("deleted", "erased", "withdrawn"):
        return None
    limits = Reach(event.organization_id, UUID(int=0), Extent.CONSENTED)
    within: dict[str, tuple[Select[UUID], ColumnElement[bool]]] = {
        "entry": (
            journal_entries_within(limits).with_only_columns(JournalEntry.id),
            JournalEntry.id == event.record_id,
        ),
        "note": (notes_within(limits).with_only_columns(Note.id), Note.id == event.record_id),
        "session": (sessions_within(limits).with_only_columns(Session.id), Session.id == event.record_id),
        "intention": (_resolves(Intention, limits), Intention.id == event.record_id),
        "commitment": (_resolves(Commitment, limits), Commitment.id == event.record_id),
        "measure_response": (_responses(limits), MeasureResponse.id == event.record_id),
        "patient": (patients_within(limits).with_only_columns(Patient.id), Patient.id == event.record_id),
        "safety_flag": (
            # Of private words the care team is told with the patient's consent only; nobody else hears more.
            with_origins(select(SafetyFlag.id)).where(safety_flags_for_the_team()),
            SafetyFlag.id == event.record_id,
        ),
    }
    if noun not in within:
        return None
    query, is_it = within[noun]
    return query.where(is_it)


def _responses(limits: Reach) -> Select[UUID]:
    return measure_responses_within(limits).with_only_columns(MeasureResponse.id)


def _resolves(table: type[Intention | Commitment], limits: Reach) -> Select[UUID]:
    return resolves_within(table, limits).with_only_columns(table.id)
