"""Who there is: organizations, users, patients, clinicians."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Identified, OfOrganization, Versioned


class Role(StrEnum):
    """What a user is to the clinic. The first three roles after the patient's are clinicians."""

    PATIENT = "patient"
    THERAPIST = "therapist"
    PHYSICIAN = "physician"
    NURSE = "nurse"
    ADMIN = "admin"
    SYSTEM = "system"


GENDERS = ("female", "male", "other", "unknown")
CLINICAL_ROLES = frozenset({Role.THERAPIST, Role.PHYSICIAN, Role.NURSE})
STAFF_ROLES = CLINICAL_ROLES | {Role.ADMIN}  # who works for the clinic
_CLINICAL = ", ".join(f"'{role}'" for role in sorted(CLINICAL_ROLES))
_ALL = ", ".join(f"'{role}'" for role in sorted(Role))


class Organization(Identified, Base):
    """A clinic or practice: the wall that no record crosses."""

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(String(200))


class User(OfOrganization, Identified, Base):
    """Somebody or something that may ask for a token; `username` is unique across the installation."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(f"role in ({_ALL})", name="role"),)

    username: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True)


class _WithAccount:
    """A person who may have an account."""

    if TYPE_CHECKING:
        user: Mapped[User | None]

    @property
    def is_active(self) -> bool:
        """Whether the account is let in; where there is none yet, it will be. The record is in use anyway."""
        return self.user is None or self.user.is_active


class Patient(_WithAccount, OfOrganization, Versioned, Base):
    """A person in care. `user_id` is null until the person has an account."""

    __tablename__ = "patients"

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    family: Mapped[str | None] = mapped_column(String(200))  # the name in parts, where a record system told them
    given: Mapped[str | None] = mapped_column(String(200))
    gender: Mapped[str | None] = mapped_column(String(10))  # administrative, as a record system told it
    birth_date: Mapped[date | None]
    retain_until: Mapped[date | None]  # the clinic must keep the record until this day
    erased_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="joined")

    @property
    def account_name(self) -> str | None:
        """The name of the person's account, if there is one."""
        return self.user.username if self.user else None


class Clinician(_WithAccount, OfOrganization, Versioned, Base):
    """A person who gives care: therapist, physician or nurse."""

    __tablename__ = "clinicians"
    __table_args__ = (CheckConstraint(f"role in ({_CLINICAL})", name="role"),)

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))

    user: Mapped[User | None] = relationship(lazy="joined")

    @property
    def account_name(self) -> str | None:
        """The name of the person's account, if there is one and it is the reader's to know."""
        return self.user.username if self.user and "_without_account" not in self.__dict__ else None

    def show_without_account(self) -> None:
        """Keep what the person signs in with from who reads it: half of a password, as it were."""
        self.__dict__["_without_account"] = True
