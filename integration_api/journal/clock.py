"""What the clock says where a patient is."""

from datetime import UTC, timedelta, timezone, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from models import JournalEntry, ReminderSettings


def zone_of(db_session: DbSession, patient_id: UUID) -> tzinfo:
    """Give the zone that the patient has set; else the offset of the latest entry; else UTC."""
    of_patient = ReminderSettings.patient_id == patient_id
    name = db_session.scalar(select(ReminderSettings.timezone).where(of_patient))
    if name is not None:
        return ZoneInfo(name)
    latest = (
        select(JournalEntry.written_offset_minutes)
        .where(JournalEntry.patient_id == patient_id, JournalEntry.deleted_at.is_(None))
        .order_by(JournalEntry.written_at.desc(), JournalEntry.id.desc())
        .limit(1)
    )
    minutes = db_session.scalar(latest)
    return UTC if minutes is None else timezone(timedelta(minutes=minutes))
