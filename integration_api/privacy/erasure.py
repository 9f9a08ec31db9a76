"""A patient's wish to be forgotten.

The patient's words are out of everybody's sight at once. Where the clinic must keep its records until some day, what
the care team could read stays sealed until then; on that day the patient's key is destroyed, and what it sealed cannot
be read any more. A backup from before still holds the wrapped key: it must be let go of in its turn.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Select, and_, delete, or_, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, NotFound
from models import (
    Attachment,
    BreakGlass,
    CareTeam,
    Commitment,
    Consent,
    Course,
    Creation,
    Credential,
    DataKey,
    Deed,
    Document,
    DocumentVersion,
    EhrCopy,
    Erasure,
    Identifier,
    Intention,
    JournalEntry,
    MeasureResponse,
    Mention,
    MoodCheckIn,
    Patient,
    PromptShowing,
    RecordChange,
    ReminderSettings,
    RisingThemes,
    SafetyFlag,
    Session,
    append_deeds,
    drop_exports,
    forget,
    new_id,
    stamp,
    time_of_word,
)

ERASED = "(erased)"
WITHDRAWN = "Withdrawn by asking for erasure."
_PROMPTING = (PromptShowing, ReminderSettings)
_OF_PATIENT = (
    Identifier,
    DocumentVersion,
    RecordChange,
    Consent,
    BreakGlass,
    SafetyFlag,
    Commitment,
    Intention,
    *_PROMPTING,
    RisingThemes,
    MeasureResponse,
    MoodCheckIn,
    Session,
    Course,
)


def ask_for_erasure(
    db_session: DbSession, caller: Principal, at: datetime, erasure_id: UUID | None, retain_years: int
) -> Erasure:
    """Take a patient's wish, and carry out what can be carried out today.

    retain_years: for how long a record is kept from now on of which nobody has said until when it must be.
    """
    limits = reach(caller, Resource.ERASURE, Action.CREATE)
    patient = db_session.get(Patient, limits.patient_id) if limits.patient_id else None
    if patient is None:
        raise NotFound("The account belongs to no patient.")
    return _take(db_session, patient, at, erasure_id, retain_years)


def ask_by_letter(db_session: DbSession, patient_id: UUID, at: datetime, retain_years: int) -> Erasure:
    """Take the wish of a patient who has not signed in to say it; for the command line. Raises as the other does."""
    patient = db_session.get(Patient, patient_id)
    if patient is None:
        raise NotFound("There is no such patient.")
    erasure = _take(db_session, patient, at, None, retain_years)
    deed = Deed.by_command_line("askForErasure", Resource.ERASURE, "create", patient.id, erasure.id)
    append_deeds(db_session, patient.organization_id, at, [deed])
    return erasure


def _take(db_session: DbSession, patient: Patient, at: datetime, erasure_id: UUID | None, retain_years: int) -> Erasure:
    if db_session.scalars(select(Erasure).where(Erasure.patient_id == patient.id)).one_or_none():
        raise Conflict("You have asked for this already.")
    _hold(db_session, patient)
    if patient.retain_until is None and retain_years:
        patient.retain_until = years_later(at.date(), retain_years)
    held_until = patient.retain_until if patient.retain_until and patient.retain_until > at.date() else None
    erasure = Erasure(
        id=erasure_id or new_id(),
        organization_id=patient.organization_id,
        patient_id=patient.id,
        asked_at=at,
        held_until=held_until,
    )
    db_session.add(erasure)
    _withdraw(db_session, patient)
    drop_exports(db_session, patient.organization_id, at)  # they are asked for anew, without this record
    if held_until is None:
        _erase(db_session, patient, erasure, at)
    db_session.flush()
    return erasure


def years_later(day: date, years: int) -> date:
    """Give the same day of a later year; for the 29th of February, where that has none, the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def read_erasure(db_session: DbSession, caller: Principal) -> Erasure:
    """Read what has become of one's wish; raise `NotFound`."""
    limits = reach(caller, Resource.ERASURE, Action.READ)
    found = db_session.scalars(select(Erasure).where(Erasure.patient_id == limits.patient_id)).one_or_none()
    if found is None:
        raise NotFound("You have not asked for this.")
    return found


def due_erasures(db_session: DbSession, today: date) -> list[UUID]:
    """List the wishes that are still to be carried out and whose hold is over."""
    return list(db_session.scalars(_due(today).with_only_columns(Erasure.id)))


def _due(today: date) -> Select[Erasure]:
    """Select them. The patient's own day is asked, too: it was once changed without the wish being told."""
    is_over = (or_(each.is_(None), each <= today) for each in (Erasure.held_until, Patient.retain_until))
    of_patients = select(Erasure).join(Patient, Patient.id == Erasure.patient_id)
    return of_patients.where(Erasure.done_at.is_(None), *is_over)


def carry_out(db_session: DbSession, erasure_id: UUID, at: datetime) -> bool:
    """Erase for good what was held; tell whether that was still to be done, once nobody else changes the record."""
    patient = db_session.get_one(Patient, db_session.get_one(Erasure, erasure_id).patient_id)
    _hold(db_session, patient)
    still = _due(at.date()).where(Erasure.id == erasure_id).execution_options(populate_existing=True)
    erasure = db_session.scalars(still).one_or_none()
    if erasure is None:
        return False
    _erase(db_session, patient, erasure, at)
    db_session.flush()
    return True


def _hold(db_session: DbSession, patient: Patient) -> None:
    """Let nobody else write in the record: who does so now comes before, or finds that it is erased.

    Others hold a document or the care team first, and then count the stamp; so must this, or both would wait.
    """
    for table in (CareTeam, Document):
        rows = select(table.id).where(table.patient_id == patient.id).order_by(table.id)
        db_session.execute(rows.with_for_update())
    stamp(db_session, patient.organization_id, patient.id)


def _withdraw(db_session: DbSession, patient: Patient) -> None:
    """Take the record out of sight: private entries are gone at once, nobody cares for the patient here any more."""
    forget(db_session, patient.id)
    db_session.execute(_flags_of_private_resolves(patient.id))
    for resolves in (Commitment, Intention, MoodCheckIn):
        own = (resolves.patient_id == patient.id, resolves.visibility == "private")
        db_session.execute(delete(resolves).where(*own).execution_options(synchronize_session=False))
    is_own = or_(Document.visibility == "private", Document.is_draft)
    private = select(Document).where(Document.patient_id == patient.id, is_own)
    for entry in db_session.scalars(private):
        db_session.execute(delete(SafetyFlag).where(SafetyFlag.document_id == entry.id))
        entry.mark_deleted()
    entries = select(JournalEntry.id).where(JournalEntry.patient_id == patient.id)  # what notes said stays as they do
    own_versions = delete(DocumentVersion).where(DocumentVersion.document_id.in_(entries))
    db_session.execute(own_versions.execution_options(synchronize_session=False))
    team = db_session.scalars(select(CareTeam).where(CareTeam.patient_id == patient.id)).one()
    team.consist_of(())  # a new version, too: whoever is about to say who is in it sees that something has changed
    for purpose in ("care_team", "ehr", "safety_signals", "research_export"):
        no = Consent(organization_id=patient.organization_id, patient_id=patient.id, purpose=purpose, is_granted=False)
        no.at = time_of_word(db_session, patient.id, purpose)
        no.wording = WITHDRAWN
        db_session.add(no)
    # Whoever put the person in has them back no more, nor puts them in anew while the record is held.
    named = update(Identifier).where(Identifier.patient_id == patient.id)
    db_session.execute(named.values(owner_id=None).execution_options(synchronize_session=False))
    db_session.execute(
        update(BreakGlass).where(BreakGlass.patient_id == patient.id).values(expires_at=BreakGlass.opened_at)
    )


def _flags_of_private_resolves(patient_id: UUID) -> Delete:
    """Flags go with the words; those whose words were taken back before do not say any more that these were shared."""
    there = (SafetyFlag.document_id, SafetyFlag.response_id, SafetyFlag.intention_id, SafetyFlag.commitment_id)
    private = [
        column.in_(select(table.id).where(table.patient_id == patient_id, table.visibility == "private"))
        for column, table in ((SafetyFlag.intention_id, Intention), (SafetyFlag.commitment_id, Commitment))
    ]
    went_before = and_(*(each.is_(None) for each in there))
    flags = delete(SafetyFlag).where(SafetyFlag.patient_id == patient_id, or_(went_before, *private))
    return flags.execution_options(synchronize_session=False)


def _erase(db_session: DbSession, patient: Patient, erasure: Erasure, at: datetime) -> None:
    """Destroy the patient's key; take out what other keys seal, and what is not sealed."""
    db_session.execute(delete(Mention).where(Mention.patient_id == patient.id))
    db_session.execute(_creations_of(patient))
    of_patient: dict[str, Any] = {"synchronize_session": False}
    gone = {"text_sealed": None, "data_key_id": None, "deleted_at": at, "word_count": 0, "valence": None}
    values = gone | {"arousal": None, "language": None, "version": Document.version + 1}
    values["revision"] = Document.revision + 1
    where = Document.patient_id == patient.id
    db_session.execute(update(Document).where(where).values(values).execution_options(**of_patient))
    for attachment in db_session.scalars(select(Attachment).where(Attachment.patient_id == patient.id)):
        db_session.delete(attachment)  # one by one: their files go with them
    for rows in _OF_PATIENT:
        db_session.execute(delete(rows).where(rows.patient_id == patient.id).execution_options(**of_patient))
    _let_go_of_copies(db_session, patient, at)
    key_of = (DataKey.owner_kind == "patient", DataKey.owner_id == patient.id)
    for key in db_session.scalars(select(DataKey).where(*key_of)):
        key.destroy()
    patient.name, patient.birth_date, patient.erased_at = ERASED, None, at
    patient.family = patient.given = patient.gender = None
    if patient.user is not None:
        db_session.execute(delete(Credential).where(Credential.user_id == patient.user.id))
        patient.user.is_active = False
        patient.user.username = f"erased-{patient.id}"
    erasure.done_at = at
    forget(db_session, patient.id)
    stamp(db_session, patient.organization_id, patient.id)
    drop_exports(db_session, patient.organization_id, at)


def _creations_of(patient: Patient) -> Delete:
    """Who knows the service's secret could guess a short body by its digest, such as that of a mood."""
    records = (
        select(each).where(of_patient == patient.id)
        for each, of_patient in ((RecordChange.record_id, RecordChange.patient_id), (Document.id, Document.patient_id))
    )
    is_of_patient = or_(Creation.user_id == patient.user_id, *(Creation.record_id.in_(each) for each in records))
    return delete(Creation).where(is_of_patient).execution_options(synchronize_session=False)


def _let_go_of_copies(db_session: DbSession, patient: Patient, at: datetime) -> None:
    """Forget what was sent to record systems; what may still be there is withdrawn first, with no word of whose it was.

    A row stays until that is done, or for the clinic's admin to see that it could not be.
    """
    for copy in db_session.scalars(select(EhrCopy).where(EhrCopy.patient_id == patient.id)):
        if copy.tried_at is None or copy.state == "withdrawn":
            db_session.delete(copy)
            continue
        if copy.reason != "not_recalled":
            copy.state, copy.reason, copy.tries, copy.next_at = "waiting", None, 0, at
        copy.patient_id = copy.remote_patient_id = None
