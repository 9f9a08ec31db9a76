"""When a patient was dosed, for what is told around the dose."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from models import HELD_STATUSES, Reach, Session, sessions_within
from nlp.relations import Dosing


def held_dosings(db_session: DbSession, limits: Reach, patient_id: UUID) -> list[Dosing]:
    """Read the dosing sessions that were held: one that is only planned has dosed nobody."""
    held = sessions_within(limits).where(
        Session.patient_id == patient_id,
        Session.kind == "dosing",
        Session.status.in_(HELD_STATUSES),
    )
    columns = (Session.id, Session.starts_at, Session.route, Session.dose_mg, Session.weight_kg)
    return [Dosing(str(row[0]), *row[1:]) for row in db_session.execute(held.with_only_columns(*columns))]
