"""What may leave for record systems: narrower than `models/scoped.py`, and the same for whoever asks by that door.

Nothing private, nothing that no human has confirmed or taken up, no psychotherapy note, no record of an erased person.
A record system gets back, besides what patients have agreed to, the very patients and sessions that it has put in.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from models.action import Commitment, Intention, Resolve
from models.audit import AuditEvent
from models.consent import Consent
from models.document import Document
from models.document_version import DocumentVersion
from models.identifier import Identifier
from models.measure_response import MeasureResponse
from models.mention import Mention, MentionReview
from models.mood import MoodCheckIn
from models.person import Patient
from models.safety_flag import SafetyFlag
from models.scoped import (
    Extent,
    Reach,
    audit_events_within,
    documents_within,
    measure_responses_within,
    mentions_within,
    mood_check_ins_within,
    patients_within,
    resolves_within,
    sessions_within,
)
from models.session import Session

TOLD_ASSERTIONS = ("affirmed", "negated", "historical")  # not what is supposed, nor what is another person's
TAKEN_UP = ("acknowledged", "resolved")


def facing_patients(reach: Reach) -> Select[Patient]:
    """Patients that the caller may see, and those that it has put in."""
    seen = [patients_within(each).with_only_columns(Patient.id) for each in _with_own(reach)]
    return select(Patient).where(Patient.erased_at.is_(None), or_(*(Patient.id.in_(each) for each in seen)))


def facing_sessions(reach: Reach) -> Select[Session]:
    """Sessions of the patients that the caller may see, and those that it has put in."""
    consented = Session.id.in_(sessions_within(reach).with_only_columns(Session.id))
    if reach.extent is Extent.CONSENTED:
        return select(Session).where(or_(consented, Session.id.in_(_sessions_put_in(reach))))
    return select(Session).where(consented)


def sessions_put_in(reach: Reach) -> Select[Session]:
    """Sessions that the caller has put in itself."""
    return select(Session).where(Session.id.in_(_sessions_put_in(reach)))


def _sessions_put_in(reach: Reach) -> Select[Any]:
    of_caller = (Identifier.organization_id == reach.organization_id, Identifier.owner_id == reach.user_id)
    return select(Identifier.session_id).where(*of_caller, Identifier.kind == "session")


def _with_own(reach: Reach) -> tuple[Reach, ...]:
    return (reach, replace(reach, extent=Extent.PUT_IN)) if reach.extent is Extent.CONSENTED else (reach,)


def _leaves() -> ColumnElement[bool]:
    """What is finished and shared, or a progress note."""
    return or_(and_(Document.visibility == "care_team", ~Document.is_draft), Document.note_kind == "progress")


def facing_documents(reach: Reach) -> Select[Document]:
    """Journal entries that are shared, and progress notes."""
    shared = documents_within(reach).where(_leaves())
    return shared.options(lazyload(Document.mentions))  # unread here, and there may be many


def facing_former(reach: Reach) -> Select[DocumentVersion]:
    """What the documents that may leave said before. Which of it left at its time, `has_left` tells: that is sealed."""
    documents = facing_documents(reach).with_only_columns(Document.id)
    return select(DocumentVersion).where(DocumentVersion.document_id.in_(documents), DocumentVersion.reason == "former")


def has_left(former: DocumentVersion) -> bool:
    """Tell whether a former version was finished and shared itself; of one that does not say, not."""
    fields = former.fields or {}
    return fields.get("visibility") == "care_team" and fields.get("is_draft") is False


def facing_gone(reach: Reach) -> Select[Document]:
    """Tombstones of what could have left before: of an entry that was private when it went there is none."""
    of_patients = patients_within(reach).with_only_columns(Patient.id)
    return select(Document).where(Document.patient_id.in_(of_patients), Document.deleted_at.is_not(None), _leaves())


def facing_themes(reach: Reach) -> Select[Mention]:
    """Mentions that a clinician has confirmed, in what may leave, said by the patient of the patient."""
    confirmed = (Mention.review == "confirmed", Mention.assertion.in_(TOLD_ASSERTIONS))
    only = selectinload(Mention.document).lazyload(Document.mentions)
    return mentions_within(reach).where(_leaves(), *confirmed).options(only)


def facing_mistakes(reach: Reach) -> Select[Mention]:
    """Mentions that left as confirmed, and that a clinician has rejected since: who holds a copy must be told."""
    was_told = exists().where(
        MentionReview.mention_id == Mention.id,
        MentionReview.review_before == "confirmed",
        MentionReview.assertion_before.in_(TOLD_ASSERTIONS),
    )
    only = selectinload(Mention.document).lazyload(Document.mentions)
    return mentions_within(reach).where(_leaves(), Mention.review == "rejected", was_told).options(only)


def facing_responses(reach: Reach) -> Select[MeasureResponse]:
    """Responses to measures that stand: neither taken back nor marked as mistaken."""
    return measure_responses_within(reach).where(MeasureResponse.status == "final")


def facing_mood_check_ins(reach: Reach) -> Select[MoodCheckIn]:
    """Mood check-ins that are shared."""
    return mood_check_ins_within(reach).where(MoodCheckIn.visibility == "care_team")


def facing_resolves(table: type[Resolve], reach: Reach) -> Select[Any]:
    """Intentions or commitments that are shared with the care team."""
    shared: Any = table
    return resolves_within(table, reach).where(shared.visibility == "care_team")


def facing_goals(reach: Reach) -> Select[Intention]:
    """Intentions that are shared."""
    return facing_resolves(Intention, reach)


def facing_plans(reach: Reach) -> Select[Commitment]:
    """Commitments that are shared."""
    return facing_resolves(Commitment, reach)


def facing_flags(reach: Reach) -> Select[SafetyFlag]:
    """Safety flags that a clinician has taken up, of what may leave."""
    documents = facing_documents(reach).with_only_columns(Document.id)
    responses = facing_responses(reach).with_only_columns(MeasureResponse.id)
    goals = facing_goals(reach).with_only_columns(Intention.id)
    plans = facing_plans(reach).with_only_columns(Commitment.id)
    raised_from = or_(
        SafetyFlag.document_id.in_(documents),
        SafetyFlag.response_id.in_(responses),
        SafetyFlag.intention_id.in_(goals),
        SafetyFlag.commitment_id.in_(plans),
    )
    taken_up = select(SafetyFlag).where(raised_from, SafetyFlag.status.in_(TAKEN_UP))
    return taken_up.options(joinedload(SafetyFlag.document).lazyload(Document.mentions))


def facing_consents(reach: Reach) -> Select[Consent]:
    """What the patients within reach have agreed to or taken back."""
    return select(Consent).where(Consent.patient_id.in_(patients_within(reach).with_only_columns(Patient.id)))


def facing_audit_events(reach: Reach) -> Select[AuditEvent]:
    """The trail of an organization or a patient; for a record system, what it did itself with the records within reach.

    What others did tells of private entries, drafts and psychotherapy notes by their ids and times, also under
    break-glass, and from where a patient called.
    """
    trail = audit_events_within(reach)
    if reach.extent in (Extent.ORGANIZATION, Extent.OWN):
        return trail
    return trail.where(AuditEvent.purpose == "ehr", AuditEvent.actor_id == reach.user_id)
