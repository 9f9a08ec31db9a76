"""Jobs: named work that goes on in the background, and goes on after a restart where it stood."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, OfOrganization

JOB_STATES = ("waiting", "done", "failed", "cancelled")


class Job(OfOrganization, Identified, Base):
    """One piece of work. Arguments and what it keeps are ids, numbers, times and names of kinds: never narrative."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(f"state in {JOB_STATES}", name="state"),
        Index("ix_jobs_state_next_at", "state", "next_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # in whose name
    name: Mapped[str] = mapped_column(String(80))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    kept: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what it has to know to go on, or has made
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    done: Mapped[int] = mapped_column(default=0)  # steps
    steps: Mapped[int | None]
    claims: Mapped[int] = mapped_column(default=0)  # by which who has it in hand is told from who had it before
    tries: Mapped[int] = mapped_column(default=0)  # that failed since it last got on
    deaths: Mapped[int] = mapped_column(default=0)  # of those who had it in hand, since it last got on
    error: Mapped[str | None] = mapped_column(String(80))  # the kind of the last one
    next_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]  # somebody is at it; who does not come back by then has died
    ended_at: Mapped[datetime | None]
