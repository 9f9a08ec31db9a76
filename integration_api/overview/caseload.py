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


@dataclass(frozen=True, slots=True)
class _Written:
    """What a patient has written, and whether there is anything of this week to read, notes among it."""

    entries_this_week: int = 0
    last_entry_at: datetime | None = None
    documents_this_week: int = 0


_NOTHING = _Written()


def list_caseload(db_session: DbSession, caller: Principal, page: PageRequest, at: datetime) -> Page[Glance]:
    """List the caller's patients by name, each at a glance."""
    limits = reach(caller, Resource.CASELOAD, Action.SEARCH)
    patients = page_of(db_session, patients_within(limits), Order((Patient.name, Patient.id)), page)
    ids = [each.id for each in patients.items]
    written = dict.fromkeys(ids, _NOTHING) | _written(db_session, limits, ids, at)
    coming, flags = next_sessions(db_session, limits, ids, at), _waiting_flags(db_session, limits, ids)
    risen = _risen(db_session, caller, [each for each in ids if written[each].documents_this_week], at)
    glances = [
        Glance(
            patient=each,
            entries_this_week=written[each.id].entries_this_week,
            last_entry_at=written[each.id].last_entry_at,
            is_silent=_is_silent(written[each.id].last_entry_at, at),
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


def _written(db_session: DbSession, limits: Reach, ids: Sequence[UUID], at: datetime) -> dict[UUID, _Written]:
    """Tell for each patient what came this week, and when the last entry was written."""
    query: Any = documents_within(limits).where(Document.patient_id.in_(ids))
    written_at, is_entry = time_in(Document, Document.written_at, at), Document.source == "journal"
    is_recent = written_at > at - WEEK
    entries, last = func.count().filter(is_entry, is_recent), func.max(written_at).filter(is_entry)
    query = query.with_only_columns(Document.patient_id, entries, last, func.count().filter(is_recent))
    rows = db_session.execute(query.group_by(Document.patient_id))
    return {patient_id: _Written(*row) for patient_id, *row in rows}


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
