"""Who cares for whom."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, OfOrganization, Versioned, now
from models.person import Clinician


class CareTeam(OfOrganization, Versioned, Base):
    """The clinicians of one patient; made with the patient, changed as a whole."""

    __tablename__ = "care_teams"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), unique=True)

    members: Mapped[list["CareTeamMember"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="CareTeamMember.since"
    )

    def consist_of(self, members: Iterable["CareTeamMember"]) -> None:
        """Say who is in the team from now on."""
        self.members = list(members)
        self.updated_at = now()  # a change of members alone would not count as a change of the team


class CareTeamMember(OfOrganization, Identified, Base):
    """One clinician's place in a care team."""

    __tablename__ = "care_team_members"
    __table_args__ = (Index("uq_care_team_members_pair", "care_team_id", "clinician_id", unique=True),)

    care_team_id: Mapped[UUID] = mapped_column(ForeignKey("care_teams.id", ondelete="CASCADE"))
    clinician_id: Mapped[UUID] = mapped_column(ForeignKey("clinicians.id", ondelete="CASCADE"), index=True)
    since: Mapped[datetime] = mapped_column(default=now)

    clinician: Mapped[Clinician] = relationship(lazy="joined")
