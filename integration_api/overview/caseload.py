"""The caseload: a clinician's patients at a glance. Who wrote, who fell silent, what rose, who comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.overview.coming import next_sessions
from integration_api.themes.use_cases import Recurrence, list_without_evidence
from models import (
    Document,
    Order,
    Page,
    PageRequest,
    Patient,
    Reach,
    SafetyFlag,
    Session,
    documents_within,
    page_of,
    patients_within,
    safety_flags_within,
    time_in,
)

WEEK = timedelta(days=7)
SILENT_AFTER = timedelta(days=14)  # our own figure: two usual weeks between sessions
_NOTHING: tuple[int, datetime | None] = (0, None)
_RISES = ("new", "emerging", "resurfaced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One patient at a glance, as far as the caller may read."""

    patient: Patient
    entries_this_week: int
    last_entry_at: datetime | None
    is_silent: bool
    waiting_flags: int
    next_session: Session | None
    risen: Sequence[Recurrence]

    @property
    def patient_id(self) -> UUID:
        """Whose glance it is."""
        return self.patient.id


def list_caseload(db_session: DbSession, caller: Principal, page: PageRequest, at: datetime) -> Page[Glance]:
    """List the caller's patients by name, each at a glance."""
    limits = reach(caller, Resource.CASELOAD, Action.SEARCH)
    patients = page_of(db_session, patients_within(limits), Order((Patient.name, Patient.id)), page)
    ids = [each.id for each in patients.items]
    written, coming = _written(db_session, limits, ids, at), next_sessions(db_session, limits, ids, at)
    flags = _waiting_flags(db_session, limits, ids)
    risen = _risen(db_session, caller, [each for each in ids if written.get(each, _NOTHING)[0]], at)
    glances = [
        Glance(
            patient=each,
            entries_this_week=written.get(each.id, _NOTHING)[0],
            last_entry_at=written.get(each.id, _NOTHING)[1],
            is_silent=_is_silent(written.get(each.id, _NOTHING)[1], at),
            waiting_flags=flags.get(each.id, 0),
            next_session=coming.get(each.id),
            risen=risen.get(each.id, ()),
        )
        for each in patients.items
    ]
    return Page(glances, patients.next_after)


def _is_silent(last: datetime | None, at: datetime) -> bool:
    return last is not None and at - last > SILENT_AFTER


def _waiting_flags(db_session: DbSession, limits: Reach, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Count each patient's flags that nobody has acknowledged."""
    visible: Any = safety_flags_within(limits).where(SafetyFlag.patient_id.in_(ids), SafetyFlag.status == "open")
    counted = visible.with_only_columns(SafetyFlag.patient_id, func.count(SafetyFlag.id))
    rows = db_session.execute(counted.group_by(SafetyFlag.patient_id))
    return {patient_id: count for patient_id, count in rows}  # noqa: C416  (rows are no pairs to dict)


def _written(
    db_session: DbSession, limits: Reach, ids: Sequence[UUID], at: datetime
) -> dict[UUID, tuple[int, datetime]]:
    """Tell for each patient how many entries came this week, and when the last one was written."""
    query: Any = documents_within(limits).where(Document.patient_id.in_(ids), Document.source == "journal")
    written_at = time_in(Document, Document.written_at, at)
    recent = func.count().filter(written_at > at - WEEK)
    query = query.with_only_columns(Document.patient_id, recent, func.max(written_at))
    rows = db_session.execute(query.group_by(Document.patient_id))
    return {patient_id: (count, last) for patient_id, count, last in rows}


def _risen(
    db_session: DbSession, caller: Principal, ids: Sequence[UUID], at: datetime
) -> dict[UUID, Sequence[Recurrence]]:
    """Tell for each patient which themes rose and were spoken of this week."""
    return {
        patient_id: [
            each
            for each in found
            if each.trajectory in _RISES and each.last_seen is not None and each.last_seen > at - WEEK
        ]
        for patient_id, found in list_without_evidence(db_session, caller, ids, at).items()
    }
