"""What the clock says where a patient is."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from models import JournalEntry, ReminderSettings, time_in


def zone_of(db_session: DbSession, patient_id: UUID, at: datetime) -> tzinfo:
    """Give the zone that the patient has set; else the offset of the latest entry by `at`; else UTC."""
    of_patient = ReminderSettings.patient_id == patient_id
    name = db_session.scalar(select(ReminderSettings.timezone).where(of_patient))
    if name is not None:
        return ZoneInfo(name)
    latest = (
        select(JournalEntry.written_offset_minutes)
        .where(JournalEntry.patient_id == patient_id, JournalEntry.deleted_at.is_(None))
        .order_by(time_in(JournalEntry, JournalEntry.written_at, at).desc(), JournalEntry.id.desc())
        .limit(1)
    )
    minutes = db_session.scalar(latest)
    return UTC if minutes is None else timezone(timedelta(minutes=minutes))
