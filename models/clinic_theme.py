"""Themes that a clinic has added to the taxonomy for itself."""

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, OfOrganization, Versioned
from models.data_key import KeyOwner
from models.sealing import Sealed, SealedText


class ClinicTheme(Sealed, OfOrganization, Versioned, Base):
    """A theme of one organization: what it covers, phrases that name it, sentences that speak of it."""

    __tablename__ = "clinic_themes"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    name: Mapped[str] = mapped_column(String(60))
    facet: Mapped[str] = mapped_column(String(40))
    label_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    definition_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phrases_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    examples_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    label = SealedText[str]("label_sealed")
    definition = SealedText[str]("definition_sealed")
    phrases = SealedText[list[str]]("phrases_sealed")
    examples = SealedText[list[str]]("examples_sealed")

    @property
    def key_owner(self) -> KeyOwner:
        """The clinic."""
        return KeyOwner("organization", self.organization_id, self.organization_id)
