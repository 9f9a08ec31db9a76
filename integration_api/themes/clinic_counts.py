"""The clinic's usual rates: counted over what is shared with care teams, and never over fewer than five people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, distinct, func, or_, select
from sqlalchemy.orm import Session as DbSession

from integration_api.themes.gleaned import looked_through
from models import ClinicTally, Document, Mention, Organization, declines, stamp_all
from nlp.recurrence.counts import Tally

FEWEST = 5  # people who speak of a theme, or it is not counted: a rate of few would tell of one


def count_clinics(db_session: DbSession, at: datetime) -> int:
    """Count anew for every organization; tell how many themes have a rate."""
    return sum(_count(db_session, each, at) for each in db_session.scalars(select(Organization.id)).all())


def clinic_rates(db_session: DbSession, organization_id: UUID) -> dict[str, Tally]:
    """Give the rates that were counted last, by theme."""
    found = select(ClinicTally).where(ClinicTally.organization_id == organization_id)
    return {each.theme: Tally(each.mentions, each.words) for each in db_session.scalars(found)}


def _count(db_session: DbSession, organization_id: UUID, at: datetime) -> int:
    words = db_session.scalar(_shared(select(func.sum(Document.word_count)), organization_id)) or 0
    counted = select(Mention.theme, func.count()).join(Document, Document.id == Mention.document_id)
    affirmed = (Mention.assertion == "affirmed", Mention.review.is_distinct_from("rejected"))
    many = func.count(distinct(Mention.patient_id)) >= FEWEST
    rows = db_session.execute(
        _shared(counted, organization_id).where(*affirmed).group_by(Mention.theme).having(many)
    ).all()
    gone = delete(ClinicTally).where(ClinicTally.organization_id == organization_id)
    db_session.execute(gone.execution_options(synchronize_session=False))
    for theme, mentions in rows:
        tally = ClinicTally(organization_id=organization_id, theme=theme, mentions=mentions, words=words, counted_at=at)
        db_session.add(tally)
    stamp_all(db_session, organization_id)
    db_session.flush()
    return len(rows)


def _shared(query: Any, organization_id: UUID) -> Any:
    """Keep what care teams may read: no private entry, no psychotherapy note, nothing that a patient has closed."""
    is_journal = and_(Document.visibility == "care_team", ~declines(Document.patient_id, "care_team"))
    return query.where(
        Document.organization_id == organization_id,
        Document.deleted_at.is_(None),
        Document.tagging_state == "done",
        ~Document.is_draft,
        looked_through(),
        or_(is_journal, Document.note_kind == "progress"),
    )
