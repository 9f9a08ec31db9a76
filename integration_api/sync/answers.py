"""What a phone sends and never changes: mood check-ins, and answers to questionnaires."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session as DbSession

from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotAllowed, NotFound
from integration_api.measures.schemas import MeasureResponseDraftSchema
from integration_api.measures.use_cases import ResponseDraft, keep_response, read_response
from integration_api.moods.schemas import MoodCheckInDraftSchema
from integration_api.moods.use_cases import CheckInDraft, check_in, read_check_in, take_back
from integration_api.safety.jobs import timing
from integration_api.sync.writing import APPLIED, GONE, UNCHANGED, Change, Outcome
from integration_api.web.body import load
from integration_api.web.creation import other_content
from integration_api.web.languages import language
from models import MeasureResponse, MoodCheckIn, has_been, is_early


class CheckIns:
    """The writer of mood check-ins: made and taken back."""

    def put(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Keep how a patient feels."""
        draft: CheckInDraft = load(MoodCheckInDraftSchema(), _whole(change))
        found = self._find(db_session, caller, change, Action.READ)
        if found is not None:
            return _known(is_same=_is_same_check_in(found, draft))
        if _was(db_session, caller, change):
            return GONE
        check_in(db_session, caller, draft, at)
        return APPLIED

    def delete(self, db_session: DbSession, caller: Principal, change: Change) -> Outcome:
        """Take a check-in back."""
        if self._find(db_session, caller, change, Action.DELETE) is None:
            return UNCHANGED if _was(db_session, caller, change) else GONE
        take_back(db_session, caller, change.id, lambda _: None)
        return APPLIED

    def _find(self, db_session: DbSession, caller: Principal, change: Change, action: Action) -> MoodCheckIn | None:
        try:
            return read_check_in(db_session, caller, change.id, action)
        except NotFound:
            return None


class Answers:
    """The writer of answers to questionnaires. What somebody must see soon raises its flag in the same transaction."""

    def put(self, db_session: DbSession, caller: Principal, change: Change, at: datetime) -> Outcome:
        """Keep a filled-in questionnaire, in the language that it says it was shown in, or the request's.

        Where the phone's clock is fast, it was answered when it came: nobody could mend that at the phone, and what
        somebody must see soon does not wait until the clock is right.
        """
        draft: ResponseDraft = load(MeasureResponseDraftSchema(), _whole(change))
        if draft.answered_at is not None and is_early(draft.answered_at, at):
            draft = replace(draft, answered_at=None)
        found = self._find(db_session, caller, change)
        if found is not None:
            return _known(is_same=_is_same_response(found, draft))
        if _was(db_session, caller, change):
            return GONE
        keep_response(db_session, caller, draft, language(), timing())
        return APPLIED

    def delete(self, _db_session: DbSession, _caller: Principal, _change: Change) -> Outcome:
        """Refuse: answers are taken back where they are shown with what they raised."""
        raise NotAllowed("Answers are not taken back from a phone that is offline.")

    def _find(self, db_session: DbSession, caller: Principal, change: Change) -> MeasureResponse | None:
        try:
            return read_response(db_session, caller, change.id)
        except NotFound:
            return None


def _whole(change: Change) -> dict[str, Any]:
    if change.base_version is not None:
        raise NotAllowed("This is not changed. Please take it back, and make it anew.")
    return (change.record or {}) | {"id": str(change.id)}


def _was(db_session: DbSession, caller: Principal, change: Change) -> bool:
    return caller.patient_id is not None and has_been(db_session, change.kind, change.id, caller.patient_id)


def _known(*, is_same: bool) -> Outcome:
    """Answer for an id that is taken: other content stays with the phone, which has the only copy of it."""
    if not is_same:
        raise other_content()
    return UNCHANGED


def _is_same_check_in(found: MoodCheckIn, draft: CheckInDraft) -> bool:
    """Tell whether a check-in says what was sent; a time that was left to us is no difference."""
    session_id = found.session_id if found.is_session_given else None
    is_same_time = draft.at in (None, found.at)
    sent = (draft.valence, draft.arousal, draft.visibility, draft.session_id)
    return is_same_time and sent == (found.valence, found.arousal, found.visibility, session_id)


def _is_same_response(found: MeasureResponse, draft: ResponseDraft) -> bool:
    """Tell whether a response says what was sent; a time or language that was left to us is no difference."""
    is_same_form = draft.language in (None, found.language) and draft.answered_at in (None, found.answered_at)
    is_same_patient = draft.patient_id in (None, found.patient_id)
    sent = (draft.measure, list(draft.answers), draft.gate, draft.replaces)
    held = (found.measure, found.answers, found.gate, found.replaces_id)
    return is_same_form and is_same_patient and sent == held
