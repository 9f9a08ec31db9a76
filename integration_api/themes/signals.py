"""What a patient's intentions and commitments say of danger: found, kept, and flagged, as of a document.

Nothing else that the tagger finds in them is kept here: what they are about is with them (`themes`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.safety.raising import settle_resolve
from integration_api.safety.routing import Timing
from integration_api.themes.own import known_themes, wanted_of
from models import FACET, Commitment, Intention, Resolve, Signal, stamp_records
from models.sealing import seal_value
from nlp import Analysis, OwnTheme
from nlp import Mention as Finding

TABLES: tuple[type[Any], ...] = (Intention, Commitment)


@dataclass(frozen=True, slots=True)
class Unread:
    """Words of a patient's own that nobody has looked through. `version` says of which state of them it is."""

    table: type[Any]
    id: UUID
    version: int
    text: str
    own: tuple[OwnTheme, ...]


def read_unread(db_session: DbSession, table: type[Any], resolve_id: UUID) -> Unread | None:
    """Read one that waits to be looked through; None where nothing waits under this id."""
    found = db_session.scalars(select(table).where(table.id == resolve_id, *_waits(table))).one_or_none()
    if found is None:
        return None
    return Unread(table, found.id, found.version, found.text, wanted_of(db_session, found.organization_id))


def list_unread(db_session: DbSession) -> list[tuple[type[Any], UUID]]:
    """List what waits, the oldest first, in all organizations."""
    waiting = {table: select(table.id).where(*_waits(table)).order_by(table.created_at, table.id) for table in TABLES}
    return [(table, each) for table, query in waiting.items() for each in db_session.scalars(query)]


def await_reading(db_session: DbSession, pipeline_version: str | None) -> None:
    """Let what another version of the pipeline has looked through wait for this one; None: all of it."""
    for table in TABLES:
        is_other = table.pipeline_version != pipeline_version
        which = table.pipeline_version.is_not(None) if pipeline_version is None else is_other
        _update(db_session, table, [which], pipeline_version=None)


def keep_signals(db_session: DbSession, unread: Unread, analysis: Analysis, timing: Timing) -> None:
    """Keep what was found in the words, and raise their safety flags, unless they have changed since.

    It is no edit: version and time of change stay.
    """
    table = unread.table
    row = db_session.get(table, unread.id)
    if row is None or row.data_key is None:
        return
    themes = known_themes(db_session, row.organization_id)
    facets = {name: theme.facet for name, theme in themes.items()}
    signals = [_signal(each) for each in analysis.mentions if facets.get(each.theme) == FACET]
    place = Resolve.signals.place(row, row.data_key)
    as_it_was = (table.id == unread.id, table.version == unread.version, table.data_key_id == row.data_key.id)
    values = {"pipeline_version": analysis.pipeline_version}
    sealed = seal_value(row.data_key.cipher, place, signals)
    if not _update(db_session, table, [*as_it_was, *_waits(table)], **values, signals_sealed=sealed):
        return
    is_news = signals != row.found_signals
    row = db_session.get_one(table, unread.id, populate_existing=True)
    settle_resolve(db_session, row, timing)
    if is_news:
        stamp_records(db_session, row.organization_id, row.patient_id, [row.id])


def _waits(table: type[Any]) -> tuple[ColumnElement[bool], ...]:
    return (table.is_patients_own, table.pipeline_version.is_(None))


def _update(db_session: DbSession, table: type[Any], which: Iterable[ColumnElement[bool]], **values: Any) -> bool:
    query = update(table).where(*which).values(**values, updated_at=table.updated_at)
    found = db_session.execute(query.execution_options(synchronize_session=False))
    return bool(found.rowcount)  # type: ignore[attr-defined]


def _signal(found: Finding) -> Signal:
    return Signal(found.theme, found.assertion, found.severity, found.start, found.end, found.score)
