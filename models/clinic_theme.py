"""Themes that a clinic has added to the taxonomy for itself."""

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OfOrganization, Versioned


class ClinicTheme(OfOrganization, Versioned, Base):
    """A theme of one organization: what it covers, phrases that name it, sentences that speak of it."""

    __tablename__ = "clinic_themes"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    name: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(80))
    facet: Mapped[str] = mapped_column(String(40))
    definition: Mapped[str] = mapped_column(String(1000))
    phrases: Mapped[list[str]] = mapped_column(JSON)
    examples: Mapped[list[str]] = mapped_column(JSON)
