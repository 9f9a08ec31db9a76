"""Narrowing a list: by what must be equal, and by a stretch of time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

Row = TypeVar("Row", bound=Any)
Equal = Iterable[tuple[InstrumentedAttribute[Any], Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A stretch of time: from `since` on, itself included, and before `until`. None: open on that side."""

    since: datetime | None = None
    until: datetime | None = None


def narrowed(
    query: Select[Row],
    equal: Equal,
    at: InstrumentedAttribute[datetime] | None = None,
    between: Between | None = None,
) -> Select[Row]:
    """Keep the rows whose columns have the wanted values (None: any), and whose time lies in the stretch."""
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    if at is not None and between is not None and between.since is not None:
        query = query.where(at >= between.since)
    if at is not None and between is not None and between.until is not None:
        query = query.where(at < between.until)
    return query
