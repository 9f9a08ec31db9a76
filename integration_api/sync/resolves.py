"""Intentions and commitments from a phone. Words that clash stay on the phone, which is told what stands here."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action.schemas import CommitmentDraftSchema, IntentionDraftSchema
from integration_api.action.use_cases import (
    COMMITMENTS,
    Kind,
    Looking,
    ResolveDraft,
    change_resolve,
    read_resolve,
    set_resolve,
    take_back,
)
from integration_api.errors import NotFound
from integration_api.sync.writing import APPLIED, GONE, LEFT, UNCHANGED, Change, Outcome
from integration_api.themes.jobs import themes_in
from integration_api.web.body import load
from integration_api.web.preconditions import merge
from models import has_been


@dataclass(frozen=True, slots=True)
class Resolves:
    """The writer of one of the two."""

    kind: Kind

    def put(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Set or change one."""
        found = self._find(db_session, caller, change.id, Action.UPDATE)
        if found is not None:
            return self._change(db_session, caller, change, found, at)
        if self._was(db_session, caller, change.id):
            return self._recover(db_session, caller, change, at)
        self._set(db_session, caller, change, change.id, at)
        return APPLIED

    def delete(self, db_session: DbSession, caller: Principal, change: Change) -> Outcome:
        """Take one back, unless it has been changed since."""
        found = self._find(db_session, caller, change.id, Action.DELETE)
        if found is None:
            return UNCHANGED if self._was(db_session, caller, change.id) else GONE
        if found.version != change.base_version:
            return LEFT
        take_back(db_session, caller, self.kind, change.id, lambda _: None)
        return APPLIED

    def _find(self, db_session: DbSession, caller: Principal, resolve_id: UUID, action: Action) -> Any:
        try:
            return read_resolve(db_session, caller, self.kind, resolve_id, action)
        except NotFound:
            return None

    def _was(self, db_session: DbSession, caller: Principal, resolve_id: UUID) -> bool:
        return caller.patient_id is not None and has_been(
            db_session, self.kind.table.feed_kind, resolve_id, caller.patient_id
        )

    def _recover(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Keep an edit's words when what it edits was taken back: as a private one under the change's own id."""
        if change.base_version is None or "text" not in (change.record or {}):
            return GONE
        if self._find(db_session, caller, change.change_id, Action.UPDATE) is None:
            self._set(db_session, caller, change, change.change_id, at)
        return Outcome("gone", change.change_id)

    def _set(self, db_session: DbSession, caller: Principal, change: Change, record_id: UUID, at: datetime) -> None:
        draft = self._load(change.record)
        if record_id != change.id:
            draft = replace(draft, visibility="private")
        themes = themes_in(draft.text) if draft.themes is None else ()
        set_resolve(db_session, caller, self.kind, replace(draft, id=record_id), themes, at)

    def _change(self, db_session: DbSession, caller: Principal, change: Change, found: Any, at: datetime) -> Outcome:
        draft = self._load(merge(self._shown(found), change.record))
        before = found.version
        is_same = self._shown(found) == self._shown(draft) and draft.themes in (None, tuple(found.themes))
        if change.base_version != before:
            return UNCHANGED if is_same else LEFT
        change_resolve(db_session, caller, self.kind, change.id, lambda _: draft, Looking(themes_in, at))
        return UNCHANGED if found.version == before else APPLIED

    def _load(self, record: Any) -> ResolveDraft:
        schema = CommitmentDraftSchema() if self.kind is COMMITMENTS else IntentionDraftSchema()
        draft: ResolveDraft = load(schema, record)
        return replace(draft, is_from_phone=True)

    def _shown(self, found: Any) -> dict[str, Any]:
        """Give one as a phone could have sent it, without what it leaves open."""
        names = ["text", "session_id", "visibility"]
        if self.kind is COMMITMENTS:
            names += ["intention_id", "due_on", "status"]
        values = {name: getattr(found, name) for name in names}
        return {name: value if isinstance(value, str) else str(value) for name, value in values.items() if value}
