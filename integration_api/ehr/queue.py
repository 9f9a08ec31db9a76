"""The queue of copies: the rows themselves. What is due is claimed, tried, and noted; nothing is lost when one dies.

A copy follows its document: whenever a patient's record has changed (their stamp, models/stamp.py), edits, deletions
and consents among it, what was sent is held against what may leave now.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session as DbSession

from integration_api.ehr.use_cases import note_health
from integration_api.events import messages
from models import (
    Deed,
    Document,
    EhrConnection,
    EhrCopy,
    Extent,
    Patient,
    PatientStamp,
    Reach,
    append_deeds,
    consents_to,
    has_come,
    is_next_due,
    stamp_of,
)
from models.facing import facing_documents

LEASE = timedelta(minutes=5)  # longer than all calls of one try take
ATTEMPTS = messages.ATTEMPTS
NOT_RECALLED = "not_recalled"
NOT_FOUND = "not_found"
NOT_ASKED_AGAIN = "not_asked_again"
SEARCHED_FOR = timedelta(days=7)  # until somebody there has let it in, or an index has come up with it
_LOOKED_AT = 100  # copies in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a try ended. `state` is `waiting` where it is to be tried again; `stamp` the patient's when it began.

    `is_told`: words about the patient may have reached the other side. `has_left`: the document itself went out, and
    was not refused.
    """

    state: str
    reason: str | None = None
    status: int | None = None
    error: str | None = None
    remote_id: str | None = None
    remote_version: str | None = None
    remote_patient_id: str | None = None
    version: int | None = None
    stamp: int = 0
    retry_after: str | None = None
    is_told: bool = False
    has_left: bool = False


def allowed(db_session: DbSession, copy: EhrCopy) -> Document | None:
    """Give a copy's document if it may leave for record systems now; the patient's consent is asked anew."""
    agreed = Reach(copy.organization_id, UUID(int=0), Extent.CONSENTED)  # nobody's own writing
    return db_session.scalars(facing_documents(agreed).where(Document.id == copy.document_id)).one_or_none()


def to_send(db_session: DbSession, copy: EhrCopy) -> Document | None:
    """Give a copy's document if it is to be sent; None: it is to be taken back.

    What is being taken back stays so though its patient shares it again: it comes back when a clinician asks for it.
    A copy that waits to be sent has no reason.
    """
    is_being_taken_back = copy.missing_since is not None or copy.reason is not None
    return None if is_being_taken_back else allowed(db_session, copy)


def reason_to_withdraw(db_session: DbSession, copy: EhrCopy) -> str:
    """Say why a copy may not be there, or is not to be there although it may."""
    if allowed(db_session, copy) is not None:
        return NOT_ASKED_AGAIN
    agrees = select(Patient.id).where(Patient.id == copy.patient_id, consents_to(Patient.id, "ehr"))
    return "consent" if db_session.scalar(agrees) is None else "not_shared"


def notice_changes(db_session: DbSession, at: datetime) -> int:
    """Have those copies made anew, or withdrawn, whose document has changed or may not leave any more."""
    found = db_session.execute(_changed().limit(_LOOKED_AT).with_for_update(of=EhrCopy, skip_locked=True)).unique()
    count = 0
    for copy, stamp in found:
        count += 1
        document = allowed(db_session, copy)
        is_old = copy.state == "sent" and document is not None and document.version != copy.sent_version
        if document is None or is_old:
            copy.state, copy.reason, copy.tries, copy.next_at = "waiting", None, 0, at
        copy.seen_stamp = stamp
    db_session.flush()
    return count


def has_changes(db_session: DbSession) -> bool:
    """Tell whether a record has changed of which copies are somewhere."""
    return db_session.execute(_changed().limit(1)).first() is not None


def _changed() -> Select[EhrCopy, int]:
    return (
        select(EhrCopy, PatientStamp.stamp)
        .join(PatientStamp, PatientStamp.patient_id == EhrCopy.patient_id)
        .where(
            EhrCopy.state.in_(("sent", "refused")),
            EhrCopy.tried_at.is_not(None),
            or_(EhrCopy.reason.is_(None), EhrCopy.reason != NOT_RECALLED),
            PatientStamp.stamp != EhrCopy.seen_stamp,
        )
        .order_by(EhrCopy.id)
    )


def _is_due(at: datetime) -> list[ColumnElement[bool]]:
    return [
        EhrCopy.state == "waiting",
        is_next_due(EhrCopy, at, messages.LONGEST_WAIT),
        or_(EhrCopy.claimed_until.is_(None), has_come(EhrCopy.claimed_until, at, LEASE)),
        EhrConnection.state == "active",
        or_(EhrConnection.rests_until.is_(None), has_come(EhrConnection.rests_until, at, messages.LONGEST_REST)),
    ]


def has_due(db_session: DbSession, at: datetime) -> bool:
    """Tell whether a copy is to be dealt with."""
    query = select(EhrCopy.id).join(EhrConnection, EhrConnection.id == EhrCopy.connection_id)
    return db_session.scalar(query.where(*_is_due(at)).limit(1)) is not None


def claim(db_session: DbSession, at: datetime) -> EhrCopy | None:
    """Take the next copy in hand. From the moment that this is kept, the other side may have it."""
    query = select(EhrCopy).join(EhrConnection, EhrConnection.id == EhrCopy.connection_id).where(*_is_due(at))
    query = query.order_by(EhrCopy.next_at, EhrCopy.id).limit(1)
    copy = db_session.scalars(query.with_for_update(of=EhrCopy, skip_locked=True)).unique().one_or_none()
    if copy is None:
        return None
    if copy.tried_at is None and allowed(db_session, copy) is None:
        copy.state, copy.reason = "withdrawn", reason_to_withdraw(db_session, copy)  # it never left
    else:
        if copy.claimed_until is not None:  # who had it in hand has died, and may have sent it
            copy.told_at = copy.told_at or copy.tried_at
        copy.claimed_until = at + LEASE
        copy.tried_at = at
    db_session.flush()
    return copy


def record(db_session: DbSession, copy_id: UUID, outcome: Outcome, at: datetime, chance: Callable[[], float]) -> None:
    """Note how a try ended, and what follows. `chance` gives 0 to 1."""
    query = select(EhrCopy).where(EhrCopy.id == copy_id).with_for_update(of=EhrCopy)
    copy = db_session.scalars(query).unique().one_or_none()
    if copy is None:
        return
    is_erased, is_asked_again = copy.patient_id is None, _is_asked_again(copy, outcome)
    if not is_asked_again:
        outcome = _searched_long_enough(copy, outcome, at)
    copy.claimed_until, copy.last_status, copy.error = None, outcome.status, outcome.error
    copy.told_at = at if outcome.has_left else copy.told_at
    for name in ("remote_id", "remote_version", *(() if is_erased else ("remote_patient_id",))):
        setattr(copy, name, getattr(outcome, name) or getattr(copy, name))
    copy.state, copy.reason = outcome.state, outcome.reason
    if is_asked_again or (is_erased and outcome.version is not None):  # sent while its patient was being erased
        copy.state, copy.reason, copy.next_at = "waiting", None, at
    elif outcome.state == "waiting":
        _wait(copy, outcome, at, chance)
    else:
        copy.tries, copy.failing_since, copy.seen_stamp = 0, None, outcome.stamp
    if outcome.state == "sent":
        copy.sent_version, copy.sent_at = outcome.version, at
    _tell_trail(db_session, copy, outcome, at)
    is_well = outcome.state != "waiting" or outcome.reason == NOT_FOUND
    tried = messages.Outcome(0, outcome.status, outcome.error, outcome.retry_after)
    rests_until = None if is_well else messages.rest(tried, copy.connection.failures + 1, at)
    note_health(copy.connection, at, rests_until=rests_until, is_well=is_well)
    if is_erased and outcome.state == "withdrawn":
        db_session.delete(copy)  # of an erased patient nothing is left to do
    db_session.flush()


def _is_asked_again(copy: EhrCopy, outcome: Outcome) -> bool:
    """Tell whether a clinician has asked for a copy while it was being taken back: it is due anew, though in hand."""
    is_due_anew = copy.tried_at is not None and copy.next_at > copy.tried_at
    return is_due_anew and outcome.version is None and copy.patient_id is not None


def _searched_long_enough(copy: EhrCopy, outcome: Outcome, at: datetime) -> Outcome:
    """Give up a copy that went out and is to be withdrawn, once days of searching have not found it.

    Never as withdrawn: somebody may let it in yet, so the clinic must see to it there.
    """
    if outcome.reason != NOT_FOUND:
        copy.missing_since = copy.missing_since if outcome.state == "waiting" else None
        return outcome
    copy.missing_since = copy.missing_since or at
    if at - copy.missing_since < SEARCHED_FOR:
        return outcome
    copy.missing_since = None
    return replace(outcome, state="refused", reason=NOT_RECALLED)


def _wait(copy: EhrCopy, outcome: Outcome, at: datetime, chance: Callable[[], float]) -> None:
    """Try again later; what is to be withdrawn for as long as it takes."""
    copy.tries += 1
    copy.failing_since = copy.failing_since or at
    copy.next_at = at + messages.wait(copy.tries, chance())
    if copy.tries >= ATTEMPTS and outcome.version is not None:
        copy.state, copy.reason = "refused", "attempts"


def _tell_trail(db_session: DbSession, copy: EhrCopy, outcome: Outcome, at: datetime) -> None:
    """Put what another system was given, or may have been, into the patient's audit trail: it is a disclosure."""
    if not outcome.is_told or copy.patient_id is None:
        return
    deed = Deed(
        operation="sendEhrCopy" if outcome.version is not None else "withdrawEhrCopy",
        resource="EhrCopy",
        action="create" if outcome.version is not None else "delete",
        outcome="done" if outcome.state in ("sent", "withdrawn") else "failed",
        purpose="ehr",
        actor_id=copy.user_id,
        actor_role="system",
        origin="worker",
        patient_id=copy.patient_id,
        record_id=copy.document_id,
        client=str(copy.connection_id),
    )
    append_deeds(db_session, copy.organization_id, at, [deed])


def stamp_now(db_session: DbSession, copy: EhrCopy) -> int:
    """Give the patient's stamp; 0 for an erased one."""
    return 0 if copy.patient_id is None else stamp_of(db_session, copy.patient_id)
