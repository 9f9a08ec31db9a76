"""What times can be told of care: nothing is held, and nothing measured, before its time."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_

from integration_api.errors import Invalid
from models import HELD_STATUSES, Session, is_early

# So long a session that nobody has closed may be the one that is sat in now: longer than any lasts, a whole day of
# dosing included, and past by the next morning, when yesterday's is "last time", closed or not.
UNDER_WAY = timedelta(hours=12)


def is_over(at: datetime) -> ColumnElement[bool]:
    """Select the sessions that are over: closed, or past their end, or begun so long ago that nobody sits in them."""
    is_closed = and_(Session.status == "completed", Session.starts_at <= at)
    is_past = and_(Session.ends_at.is_not(None), Session.ends_at <= at)
    return or_(is_closed, is_past, Session.starts_at <= at - UNDER_WAY)


def require_begun(session: Session, status: str, starts_at: datetime, at: datetime, place: str = "/status") -> None:
    """Refuse to say anew that a session was held which is still to come; what stands there is let stand."""
    is_new = (status, starts_at) != (session.status, session.starts_at)
    if is_new and status in HELD_STATUSES and is_early(starts_at, at):
        raise Invalid.at(place, "It is still to come: it can be planned or cancelled, and not yet be held.")


def require_measured(measured_at: datetime, session: Session, at: datetime) -> None:
    """Refuse a reading of the future, or of before the session: its day, or the day before, as zones have it."""
    if is_early(measured_at, at):
        raise Invalid.at("/at", "This time has not come yet.")
    if measured_at.astimezone(UTC).date() < session.starts_at.date() - timedelta(days=1):
        raise Invalid.at("/at", "This was before the day of the session.")
