"""Which prompts were put to a patient, and when: so that none comes twice in a row."""

from datetime import datetime, tzinfo
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.prompts.choosing import History
from models import PromptShowing


def history_of(db_session: DbSession, patient_id: UUID, at: datetime, zone: tzinfo) -> History:
    """Tell what was put to a patient. What was offered first today, and not seen since, stands for the day."""
    rows = showings_of(db_session, patient_id)
    offered = max((each for each in rows if each.offered_at), key=lambda each: each.turn, default=None)
    stands = offered is not None and _stands(offered, rows, at, zone)
    return History(
        turns={each.prompt_id: each.turn for each in rows},
        last_offered=offered.prompt_id if offered else None,
        standing=offered.prompt_id if offered and stands else None,
    )


def _stands(offered: PromptShowing, rows: list[PromptShowing], at: datetime, zone: tzinfo) -> bool:
    """Tell whether an offer holds: nothing was seen since, and it is the same day where the patient is."""
    since = offered.offered_at
    if since is None or since.astimezone(zone).date() != at.astimezone(zone).date():
        return False
    is_latest = all(each.turn <= offered.turn for each in rows)
    return is_latest and (offered.shown_at is None or offered.shown_at < since)


def showings_of(db_session: DbSession, patient_id: UUID) -> list[PromptShowing]:
    """Read what was put to a patient, the latest last."""
    of_patient = select(PromptShowing).where(PromptShowing.patient_id == patient_id)
    return list(db_session.scalars(of_patient.order_by(PromptShowing.turn)))


def note_offer(db_session: DbSession, organization_id: UUID, patient_id: UUID, prompt_id: UUID, at: datetime) -> None:
    """Keep that a prompt stands first today."""
    row, rows = _row(db_session, organization_id, patient_id, prompt_id)
    row.turn, row.offered_at = _turn(rows) + 1, at
    db_session.flush()


def note_shown(
    db_session: DbSession, organization_id: UUID, patient_id: UUID, prompt_id: UUID, at: datetime
) -> PromptShowing:
    """Keep that the patient has seen a prompt. It is a turn of its own, unless it was the last that was put."""
    row, rows = _row(db_session, organization_id, patient_id, prompt_id)
    if row.turn != _turn(rows) or row not in rows:
        row.turn = _turn(rows) + 1
    row.shown_at = at
    db_session.flush()
    return row


def _row(
    db_session: DbSession, organization_id: UUID, patient_id: UUID, prompt_id: UUID
) -> tuple[PromptShowing, list[PromptShowing]]:
    rows = showings_of(db_session, patient_id)
    found = next((each for each in rows if each.prompt_id == prompt_id), None)
    if found is None:
        found = PromptShowing(organization_id=organization_id, patient_id=patient_id, prompt_id=prompt_id, turn=0)
        db_session.add(found)
    return found, rows


def _turn(rows: list[PromptShowing]) -> int:
    return max((each.turn for each in rows), default=0)
