"""Whose records a query may return: every read starts from one of these selects.

Another's record is not found rather than forbidden. Which reach a caller has is decided by the policy above this
floor; here it becomes SQL, in one place.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, defer, lazyload, selectinload

from models.attachment import Attachment
from models.audit import AuditEvent
from models.care_team import CareTeam, CareTeamMember
from models.consent import consents_to, declines
from models.course import Course
from models.document import Document, JournalEntry, Note
from models.ehr import EhrConnection
from models.identifier import Identifier
from models.measure_response import MeasureResponse
from models.mention import Mention
from models.mood import MoodCheckIn
from models.oauth import OAuthGrant
from models.person import Clinician, Patient
from models.safety_flag import SafetyFlag
from models.session import Session, Vitals
from models.webhook import Delivery, Webhook


class Extent(StrEnum):
    """How far a caller sees."""

    NOBODY = "nobody"
    OWN = "own"
    CARE_TEAM = "care_team"
    CONSENTED = "consented"  # patients who share their record with the EHR
    PUT_IN = "put_in"  # what the caller, a record system, has put in itself
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose records a caller may have: never across the organization, and within it as far as `extent` says."""

    organization_id: UUID
    user_id: UUID
    extent: Extent
    patient_id: UUID | None = None
    clinician_id: UUID | None = None
    opened: frozenset[UUID] = frozenset()  # patients beyond the care teams, by break-glass


def of_patient(column: InstrumentedAttribute[UUID], reach: Reach) -> ColumnElement[bool]:
    """The patients within reach, as a condition on a column that holds a patient's id."""
    match reach.extent:
        case Extent.ORGANIZATION:
            return true()
        case Extent.OWN if reach.patient_id is not None:
            return column == reach.patient_id
        case Extent.CARE_TEAM if reach.clinician_id is not None:
            cared_for = (
                select(CareTeam.patient_id)
                .join(CareTeamMember, CareTeamMember.care_team_id == CareTeam.id)
                .where(CareTeamMember.clinician_id == reach.clinician_id)
            )
            return or_(column.in_(cared_for), column.in_(reach.opened)) if reach.opened else column.in_(cared_for)
        case Extent.CONSENTED:
            return _is_agreed_to(column)
        case Extent.PUT_IN:
            of_caller = (Identifier.owner_id == reach.user_id, Identifier.kind == "patient")
            return column.in_(select(Identifier.patient_id).where(*of_caller))
        case _:
            return false()


@cache  # the same for every caller, and built for nearly every question of a record system
def _is_agreed_to(patient_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """The patient says yes to record systems."""
    return consents_to(patient_id, "ehr")


def rows_within(table: Any, column: InstrumentedAttribute[UUID], reach: Reach) -> Select[Any]:
    """Rows of a table of the patients within reach, `column` saying whose each is."""
    return select(table).where(table.organization_id == reach.organization_id, of_patient(column, reach))


def patients_within(reach: Reach) -> Select[Patient]:
    """Patients the caller may see."""
    return rows_within(Patient, Patient.id, reach)


def clinicians_within(reach: Reach) -> Select[Clinician]:
    """Clinicians of the caller's organization; none for a caller with no reach."""
    visible = false() if reach.extent is Extent.NOBODY else true()
    return select(Clinician).where(Clinician.organization_id == reach.organization_id, visible)


def care_teams_within(reach: Reach) -> Select[CareTeam]:
    """Care teams of the patients the caller may see."""
    return rows_within(CareTeam, CareTeam.patient_id, reach)


def courses_within(reach: Reach) -> Select[Course]:
    """Courses of treatment of the patients the caller may see."""
    return rows_within(Course, Course.patient_id, reach)


def sessions_within(reach: Reach) -> Select[Session]:
    """Sessions of the patients the caller may see."""
    return rows_within(Session, Session.patient_id, reach)


def vitals_within(reach: Reach) -> Select[Vitals]:
    """Readings of vital signs in the sessions of the patients the caller may see."""
    there = sessions_within(reach).with_only_columns(Session.id)
    return select(Vitals).where(Vitals.session_id.in_(there))


@cache  # the same for every caller, and built for nearly every question
def is_closed(patient_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """The patient says no to the care team."""
    return declines(patient_id, "care_team")


@cache
def is_shared_document() -> ColumnElement[bool]:
    """The care team's: what a patient shares and does not close, and progress notes."""
    return or_(
        and_(Document.visibility == "care_team", ~Document.is_draft, ~is_closed(Document.patient_id)),
        Document.note_kind == "progress",
    )


def readable_document(reach: Reach) -> ColumnElement[bool]:
    """Live documents; private entries and drafts are their patient's alone, psychotherapy notes their author's."""
    is_shared = is_shared_document()
    is_own_writing = Document.author_id == reach.user_id
    is_own_journal = (
        and_(Document.visibility.is_not(None), Document.patient_id == reach.patient_id)
        if reach.extent is Extent.OWN
        else false()
    )
    return and_(Document.deleted_at.is_(None), or_(is_shared, is_own_writing, is_own_journal))


def documents_within(reach: Reach) -> Select[Document]:
    """Journal entries and notes that the caller may read. What is counted or looked through is no draft."""
    return rows_within(Document, Document.patient_id, reach).where(readable_document(reach), ~Document.is_draft)


def journal_entries_within(reach: Reach) -> Select[JournalEntry]:
    """Journal entries that the caller may read; a patient's own drafts among them."""
    return rows_within(JournalEntry, JournalEntry.patient_id, reach).where(readable_document(reach))


def attachments_within(reach: Reach) -> Select[Attachment]:
    """Attachments of the entries that the caller may read."""
    return (
        rows_within(Attachment, Attachment.patient_id, reach)
        .join(Document, Document.id == Attachment.document_id)
        .where(readable_document(reach))
    )


def mood_check_ins_within(reach: Reach) -> Select[MoodCheckIn]:
    """Mood check-ins that the caller may read: a patient's private ones are the patient's alone."""
    table = MoodCheckIn
    is_shared = and_(table.visibility == "care_team", ~is_closed(table.patient_id))
    is_own = table.patient_id == reach.patient_id if reach.extent is Extent.OWN else false()
    return rows_within(table, table.patient_id, reach).where(or_(is_shared, is_own))


def notes_within(reach: Reach) -> Select[Note]:
    """Notes that the caller may read."""
    return rows_within(Note, Note.patient_id, reach).where(readable_document(reach))


def resolves_within(table: type[Any], reach: Reach) -> Select[Any]:
    """Intentions or commitments that the caller may read: a patient's private ones are the patient's alone."""
    is_shared = and_(table.visibility == "care_team", ~is_closed(table.patient_id))
    is_own = table.patient_id == reach.patient_id if reach.extent is Extent.OWN else false()
    return rows_within(table, table.patient_id, reach).where(or_(is_shared, is_own, table.author_id == reach.user_id))


def readable_response(reach: Reach) -> ColumnElement[bool]:
    """Live responses: the care team's unless the patient says no to that, the patient's, and their author's."""
    is_shared = ~is_closed(MeasureResponse.patient_id)
    is_own = MeasureResponse.patient_id == reach.patient_id if reach.extent is Extent.OWN else false()
    is_own_writing = MeasureResponse.author_id == reach.user_id
    return and_(is_live_response(), or_(is_shared, is_own, is_own_writing))


def is_live_response() -> ColumnElement[bool]:
    """There is a response, and it was not taken back."""
    return and_(MeasureResponse.id.is_not(None), MeasureResponse.deleted_at.is_(None))


def measure_responses_within(reach: Reach) -> Select[MeasureResponse]:
    """Responses to measures that the caller may read."""
    return rows_within(MeasureResponse, MeasureResponse.patient_id, reach).where(readable_response(reach))


def mentions_within(reach: Reach) -> Select[Mention]:
    """Mentions in the documents that the caller may read."""
    return (
        rows_within(Mention, Mention.patient_id, reach)
        .join(Document, Document.id == Mention.document_id)
        .where(readable_document(reach))
    )


def as_shown(mentions: Any) -> Any:
    """Have a loader of mentions read them as lists of what they were found in show them: a page has thousands.

    Without their reviews, and without what led to each, which is sealed, and the key to it.
    """
    return mentions.options(lazyload(Mention.reviews), lazyload(Mention.data_key), defer(Mention.because_sealed))


def shown_mentions(reach: Reach) -> Select[Mention]:
    """The same to be shown, each with its document: without what else was found there, and without the reviews."""
    alone = selectinload(Mention.document).lazyload(Document.mentions)
    return mentions_within(reach).options(alone, lazyload(Mention.reviews))


def webhooks_within(reach: Reach) -> Select[Webhook]:
    """Webhooks that the caller may see: an admin the organization's, a system those that it has set up itself."""
    is_own = Webhook.user_id == reach.user_id if reach.extent is Extent.OWN else true()
    is_any = false() if reach.extent is Extent.NOBODY else is_own
    return select(Webhook).where(Webhook.organization_id == reach.organization_id, is_any)


def deliveries_within(reach: Reach) -> Select[Delivery]:
    """What became of events on their way to the webhooks that the caller may see."""
    there = webhooks_within(reach).with_only_columns(Webhook.id)
    return select(Delivery).where(Delivery.webhook_id.in_(there))


def oauth_grants_within(reach: Reach) -> Select[OAuthGrant]:
    """What the caller has let clients do. Nobody sees another's, whoever they are."""
    is_own = OAuthGrant.user_id == reach.user_id if reach.extent is Extent.OWN else false()
    return select(OAuthGrant).where(OAuthGrant.organization_id == reach.organization_id, is_own)


def ehr_connections_within(reach: Reach) -> Select[EhrConnection]:
    """Record systems that the caller's organization writes to; none for a caller with no reach."""
    visible = false() if reach.extent is Extent.NOBODY else true()
    return select(EhrConnection).where(EhrConnection.organization_id == reach.organization_id, visible)


def audit_events_within(reach: Reach) -> Select[AuditEvent]:
    """The trail of an organization, or of the patients within reach.

    Outside the organization's own no psychotherapy note is in it: not even that there is one is told.
    """
    trail = rows_within(AuditEvent, AuditEvent.patient_id, reach)  # type: ignore[arg-type]  # null is of no patient
    if reach.extent is Extent.ORGANIZATION:
        return trail
    of_patients = of_patient(Document.patient_id, reach)
    notes = select(Document.id).where(Document.note_kind == "psychotherapy", of_patients)  # deleted ones, too
    mentions = select(Mention.id).where(Mention.document_id.in_(notes))
    flags = select(SafetyFlag.id).where(SafetyFlag.document_id.in_(notes))
    record_id = AuditEvent.record_id
    is_told = and_(*(record_id.not_in(each) for each in (notes, mentions, flags)))
    return trail.where(or_(record_id.is_(None), is_told), _is_tellable_mention(of_patients))


def _is_tellable_mention(of_patients: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of a mention an event is told only where what it was found in is known to be no psychotherapy note.

    A mention goes with its words, and then nothing says any more whose they were. A flag that a review has raised or
    taken back stands for the mention, and stays.
    """
    others = select(Document.id).where(Document.note_kind.is_distinct_from("psychotherapy"), of_patients)
    mentions = select(Mention.id).where(Mention.document_id.in_(others))
    flags = select(SafetyFlag.id).where(SafetyFlag.document_id.in_(others))
    record_id = AuditEvent.record_id
    return or_(AuditEvent.resource != "Mention", record_id.in_(mentions), record_id.in_(flags))
