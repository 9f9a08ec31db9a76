"""Noticing which themes begin to rise for a patient, in what the care team may read; reckoned by the worker."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.themes.use_cases import trajectories_of
from models import Document, Extent, PatientStamp, Reach, RisingThemes, Webhook, append_event

RISES = ("new", "emerging", "resurfaced")
_TYPE = "theme.rising"


def changed_patients(db_session: DbSession, limit: int) -> list[tuple[UUID, UUID, int]]:
    """List patients (organization, patient, stamp) whose record has changed since it was last looked at.

    Only where somebody wants to be told: reckoning costs.
    """
    wanting = list(_wanting(db_session))
    query = (
        select(PatientStamp.organization_id, PatientStamp.patient_id, PatientStamp.stamp)
        .outerjoin(RisingThemes, RisingThemes.patient_id == PatientStamp.patient_id)
        .where(
            PatientStamp.organization_id.in_(wanting),
            or_(RisingThemes.stamp.is_(None), RisingThemes.stamp != PatientStamp.stamp),
        )
    )
    rows = db_session.execute(query.order_by(PatientStamp.patient_id).limit(limit))
    return [(organization_id, patient_id, stamp) for organization_id, patient_id, stamp in rows]


def _wanting(db_session: DbSession) -> dict[UUID, datetime]:
    """Give the organizations that want to hear of it, and since when."""
    found: dict[UUID, datetime] = {}
    for webhook in db_session.scalars(select(Webhook).where(Webhook.state == "active")):
        if webhook.types is None or _TYPE in webhook.types:
            found[webhook.organization_id] = min(
                webhook.created_at, found.get(webhook.organization_id, webhook.created_at)
            )
    return found


def rising_for(db_session: DbSession, organization_id: UUID, patient_id: UUID) -> list[str]:
    """Reckon which themes rise for a patient, by the names of the taxonomy."""
    shared = Reach(organization_id, UUID(int=0), Extent.ORGANIZATION)  # nobody's own: what is shared alone
    found = trajectories_of(db_session, shared, patient_id)
    return sorted(theme for theme, trajectory in found.items() if trajectory in RISES)


def note_rising(db_session: DbSession, organization_id: UUID, patient_id: UUID, stamp: int, themes: list[str]) -> bool:
    """Keep what rises, and tell if a theme does that did not before. A first look at an old record tells nothing.

    One event tells of all: which themes they are is for those to read who may read themes.
    """
    table = RisingThemes.metadata.tables[RisingThemes.__tablename__]
    query = select(RisingThemes).where(RisingThemes.patient_id == patient_id).with_for_update()
    before = db_session.scalars(query).one_or_none()
    values = {"stamp": stamp, "themes": themes}
    if before is None:
        of_patient = {"patient_id": patient_id, "organization_id": organization_id}
        db_session.execute(insert(table).values(**of_patient, **values))
        is_news = bool(themes) and _is_recent(db_session, organization_id, patient_id)
    else:
        is_news = bool(set(themes) - set(before.themes))
        db_session.execute(update(table).where(table.c.patient_id == patient_id).values(**values))
    if is_news:
        append_event(db_session, organization_id, patient_id, _TYPE, patient_id)
    return is_news


def _is_recent(db_session: DbSession, organization_id: UUID, patient_id: UUID) -> bool:
    """Tell whether anything was written since somebody wanted to hear of it."""
    since = _wanting(db_session).get(organization_id)
    latest = db_session.scalar(select(func.max(Document.created_at)).where(Document.patient_id == patient_id))
    return since is not None and latest is not None and latest >= since
