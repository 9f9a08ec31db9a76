"""What every table shares: the declarative base, identity, versions and times in UTC."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import DateTime, Dialect, ForeignKey, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, registry


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): unique everywhere, and later ids sort after earlier ones."""
    return uuid_utils.compat.uuid7()


def now() -> datetime:
    """Tell the time in UTC, to the microsecond."""
    return datetime.now(UTC)


def offset_minutes_of(at: datetime) -> int:
    """Tell how far a clock is ahead of UTC, in whole minutes; 0 where it does not say."""
    offset = at.utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def on_clock(at: datetime, offset_minutes: int) -> datetime:
    """Give a moment as a clock has it that is so many minutes ahead of UTC."""
    return at.astimezone(timezone(timedelta(minutes=offset_minutes)))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets time zones, so they are put back on the way out; naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Turn any zoned time into UTC before it is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without an offset cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give the stored time its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The one registry of tables."""

    # Set here rather than as attributes of the class: Flask-SQLAlchemy derives a base of its own from this one.
    registry = registry(metadata=MetaData(naming_convention=_NAMES), type_annotation_map={datetime: UtcDateTime})


class Identified:
    """A row with an id of its own (UUIDv7, the client's or ours) and the times of its making and last change."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Versioned(Identified):
    """A row that two callers may change: the version counts up, and a lost race raises `StaleDataError`."""

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        """Let SQLAlchemy check the version in every UPDATE and DELETE."""
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class OfOrganization:
    """A row that belongs to one organization; no query may reach across."""

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="RESTRICT"), index=True)


class ManyOfOrganization(OfOrganization):
    """The same for tables of very many rows, whose readers always know more than the organization.

    With an index on the organization alone, SQLite would walk through all of its rows rather than one patient's.
    """

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id", ondelete="RESTRICT"))
