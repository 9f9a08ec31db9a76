"""Who comes next: the one answer of the brief and the caseload."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import lazyload

from models import Reach, Session, sessions_within


def next_sessions(
    db_session: DbSession, limits: Reach, patient_ids: Sequence[UUID], at: datetime
) -> dict[UUID, Session]:
    """Find each patient's next session: the first that is planned. One that was called off or is over is none."""
    planned = sessions_within(limits).where(
        Session.patient_id.in_(patient_ids), Session.starts_at > at, Session.status == "planned"
    )
    planned = planned.options(lazyload(Session.vitals)).order_by(Session.starts_at.desc(), Session.id.desc())
    return {each.patient_id: each for each in db_session.scalars(planned).unique()}
