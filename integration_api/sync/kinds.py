"""The kinds of records that a phone holds. A new kind is one line here and one in its table (`feed_kind`)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.use_cases import COMMITMENTS, INTENTIONS
from integration_api.attachments.schemas import AttachmentSchema
from integration_api.care.schemas import CourseSchema, SessionSchema
from integration_api.errors import NotAllowed
from integration_api.journal.schemas import JournalEntrySchema
from integration_api.journal.use_cases import with_conflicts
from integration_api.measures.schemas import MeasureResponseSchema
from integration_api.notes.schemas import NoteSchema
from integration_api.sync.answers import Answers, CheckIns
from integration_api.sync.entries import ENTRIES
from integration_api.sync.resolves import Resolves
from integration_api.sync.schemas import HeldCheckInSchema, HeldCommitmentSchema, HeldIntentionSchema
from integration_api.sync.writing import Writer
from integration_api.web.schema import Schema
from models import (
    Commitment,
    Intention,
    Reach,
    attachments_within,
    courses_within,
    journal_entries_within,
    measure_responses_within,
    mood_check_ins_within,
    notes_within,
    resolves_within,
    sessions_within,
)

Complete = Callable[[DbSession, Principal, Iterable[Any]], None]


def _as_it_is(_db_session: DbSession, _caller: Principal, _records: Iterable[Any]) -> None:
    return


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: what protects it, how it is selected and shown, and how a phone changes it, if it may."""

    resource: Resource
    within: Callable[[Reach], Select[Any]]
    schema: type[Schema]
    writer: Writer | None = None
    complete: Complete = _as_it_is

    def read(self, db_session: DbSession, caller: Principal, record_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """Read those of some records that the caller may read, as they are shown."""
        visible = self.within(reach(caller, self.resource, Action.READ))
        table = visible.column_descriptions[0]["entity"]
        found = db_session.scalars(visible.where(table.id.in_(record_ids))).unique().all()
        self.complete(db_session, caller, found)
        schema = self.schema()
        return {each.id: schema.dump(each) for each in found}

    def is_for(self, caller: Principal) -> bool:
        """Tell whether the caller's role and token allow to read it at all."""
        try:
            reach(caller, self.resource, Action.READ)
        except NotAllowed:
            return False
        return True


KINDS: dict[str, Kind] = {
    "journal_entry": Kind(
        Resource.JOURNAL_ENTRY, journal_entries_within, JournalEntrySchema, ENTRIES, complete=with_conflicts
    ),
    "intention": Kind(
        Resource.INTENTION, partial(resolves_within, Intention), HeldIntentionSchema, Resolves(INTENTIONS)
    ),
    "commitment": Kind(
        Resource.COMMITMENT, partial(resolves_within, Commitment), HeldCommitmentSchema, Resolves(COMMITMENTS)
    ),
    "mood_check_in": Kind(Resource.MOOD_CHECK_IN, mood_check_ins_within, HeldCheckInSchema, CheckIns()),
    "measure_response": Kind(Resource.MEASURE_RESPONSE, measure_responses_within, MeasureResponseSchema, Answers()),
    "attachment": Kind(Resource.ATTACHMENT, attachments_within, AttachmentSchema),
    "session": Kind(Resource.SESSION, sessions_within, SessionSchema),
    "course": Kind(Resource.COURSE, courses_within, CourseSchema),
    "note": Kind(Resource.NOTE, notes_within, NoteSchema),
}


def kinds_of(caller: Principal) -> dict[str, Kind]:
    """Give the kinds that a caller may read."""
    return {name: kind for name, kind in KINDS.items() if kind.is_for(caller)}
