"""How a patient felt over time, as the brief shows it: moods of entries and of check-ins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_
from sqlalchemy.orm import Session as DbSession

from models import Document, MoodCheckIn, Reach, documents_within, mood_check_ins_within, time_in


@dataclass(frozen=True, slots=True)
class Felt:
    """How the patient felt, as an entry or a check-in tells it; an entry may leave one of the two out."""

    at: datetime
    valence: int | None
    arousal: int | None
    source: str


def moods_since(db_session: DbSession, limits: Reach, patient_id: UUID, since: datetime, at: datetime) -> list[Felt]:
    """Give the moods of entries and check-ins in the order of time."""
    is_told = or_(Document.valence.is_not(None), Document.arousal.is_not(None))
    entries: Select[Any] = documents_within(limits).where(Document.patient_id == patient_id, is_told)
    written_at = time_in(Document, Document.written_at, at)
    entries = entries.where(written_at >= since).order_by(written_at, Document.id)
    rows = db_session.execute(entries.with_only_columns(written_at, Document.valence, Document.arousal))
    told = [Felt(*row, "entry") for row in rows]
    felt_at = time_in(MoodCheckIn, MoodCheckIn.at, at)
    query: Select[Any] = mood_check_ins_within(limits).where(MoodCheckIn.patient_id == patient_id, felt_at >= since)
    checked_in = query.with_only_columns(felt_at, MoodCheckIn.valence, MoodCheckIn.arousal)
    told += [Felt(*row, "check_in") for row in db_session.execute(checked_in)]
    return sorted(told, key=lambda each: each.at)
