"""How often a clinic's patients speak of a theme, all together: what little-known patients are compared with."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, OfOrganization


class ClinicTally(OfOrganization, Identified, Base):
    """Affirmed mentions of one theme among the words that are shared with care teams. Counted now and then."""

    __tablename__ = "clinic_tallies"
    __table_args__ = (UniqueConstraint("organization_id", "theme"),)

    theme: Mapped[str] = mapped_column(String(80))
    mentions: Mapped[int]
    words: Mapped[int]
    counted_at: Mapped[datetime]
