"""What holds of every birth date, whichever door it comes in by."""

from datetime import date, datetime

from integration_api.errors import Invalid
from models import EARLY


def require_born(day: date | None, at: datetime, where: str = "/birth_date") -> None:
    """Refuse a birth date that has not come yet anywhere; `where` names it as the sender does."""
    if day is not None and day > (at + EARLY).date():
        raise Invalid.at(where, "This day has not come yet.")
