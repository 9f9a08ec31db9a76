"""Pages by key: a page starts after the last row of the one before, however many rows came or went since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.clocks import EARLY

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is sorted by. The columns together must be unique; all go up, or all down."""

    columns: tuple[InstrumentedAttribute[Any], ...]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many rows, and after which key (one value a column of the order; None: from the start).

    `most_bytes`: a page whose rows' texts would come to more ends before, yet never without a row.
    """

    limit: int = 50
    after: tuple[Any, ...] | None = None
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the key to go on after (None: there is no more)."""

    items: Sequence[Row]
    next_after: tuple[Any, ...] | None


def page_of(
    db_session: Session,
    query: Select[Row],
    order: Order,
    request: PageRequest,
    text: InstrumentedAttribute[Any] | None = None,
) -> Page[Row]:
    """Run `query` for one page in `order`. `text`: what may be long of a row."""
    if request.after is not None:
        query = query.where(_beyond(order, request.after))
    by = [column.desc() if order.is_descending else column.asc() for column in order.columns]
    query, limit = query.order_by(*by), request.limit
    if text is not None and request.most_bytes is not None:
        sizes = db_session.scalars(query.with_only_columns(func.length(text)).limit(limit)).all()
        limit = _fitting(sizes, limit, request.most_bytes)
    rows = db_session.scalars(query.limit(limit + 1)).unique().all()
    items = rows[:limit]
    if len(rows) <= limit:
        return Page(items, None)
    return Page(items, _key_of(items[-1], order))


def page_in_time(
    db_session: Session,
    query: Select[Row],
    said: InstrumentedAttribute[Any],
    request: PageRequest,
    at: datetime,
    text: InstrumentedAttribute[Any] | None = None,
) -> Page[Row]:
    """Run `query` for one page, the latest first by the time `said`; what cannot have been yet stands where it came.

    Two pages are read and put together, each in the order of an index: sorting by which of the two times holds would
    read and sort all rows.
    """
    table: Any = said.class_
    orders = (
        (said <= at + EARLY, Order((said, table.id), is_descending=True)),
        (said > at + EARLY, Order((table.created_at, table.id), is_descending=True)),
    )
    pages = [(page_of(db_session, query.where(kept), order, request, text), order) for kept, order in orders]
    rows = [(_key_of(row, order), row) for page, order in pages for row in page.items]
    rows.sort(key=lambda each: each[0], reverse=True)
    ends = [page.next_after for page, _ in pages if page.next_after is not None]
    if ends:  # beyond it stand rows that were not read
        rows = [each for each in rows if each[0] >= max(ends)]
    shown = rows[: request.limit]
    if text is not None and request.most_bytes is not None:
        sizes = [len(getattr(row, text.key)) for _, row in shown]
        shown = shown[: _fitting(sizes, request.limit, request.most_bytes)]
    return Page([row for _, row in shown], shown[-1][0] if ends or len(shown) < len(rows) else None)


def _key_of(row: Any, order: Order) -> tuple[Any, ...]:
    return tuple(getattr(row, column.key) for column in order.columns)


def _fitting(sizes: Sequence[int | None], limit: int, most_bytes: int) -> int:
    """Tell how many rows fit: at least one, and all where they come to no more than that."""
    sums = accumulate(size or 0 for size in sizes)
    return max(1, next((count for count, total in enumerate(sums) if total > most_bytes), limit))


def page_of_list(items: Sequence[Row], key: Callable[[Row], tuple[Any, ...]], request: PageRequest) -> Page[Row]:
    """Cut one page out of a list that is whole in memory and sorted by a unique `key`."""
    rest = items if request.after is None else [item for item in items if key(item) > request.after]
    shown = rest[: request.limit]
    return Page(shown, key(shown[-1]) if len(rest) > request.limit else None)


def page_of_ranked(items: Sequence[Row], name: Callable[[Row], str], request: PageRequest) -> Page[Row]:
    """Cut one page out of a list whose order changes while somebody reads: what was not shown yet, the first of it.

    So nothing comes twice and nothing is left out, whatever has come up since. The key is all names that were shown.
    """
    before = request.after or ()
    rest = [item for item in items if name(item) not in before]
    shown = rest[: request.limit]
    return Page(shown, (*before, *map(name, shown)) if len(rest) > request.limit else None)


def _beyond(order: Order, after: tuple[Any, ...]) -> ColumnElement[bool]:
    """Rows that sort behind the key: written out, since row values lose the columns' types."""
    steps: list[ColumnElement[bool]] = []
    for number, (column, value) in enumerate(zip(order.columns, after, strict=True)):
        ties = [earlier == key for earlier, key in zip(order.columns[:number], after[:number], strict=True)]
        steps.append(and_(*ties, column < value if order.is_descending else column > value))
    return or_(*steps)
