"""One exchange: each change in its own unit of work, so that none holds up another, then what is new."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any
from uuid import UUID

from flask import current_app, g

from integration_api.access.principals import Principal
from integration_api.action.use_cases import COMMITMENTS, INTENTIONS
from integration_api.db import CHANGED_ELSEWHERE, Collision, showing, unit_of_work
from integration_api.errors import Conflict, IntegrationError, Invalid, NotAllowed, NotFound, Stale, Unreadable
from integration_api.sync import use_cases
from integration_api.sync.kinds import Kind, kinds_of
from integration_api.sync.tokens import read_token, write_token
from integration_api.sync.writing import Change, Outcome
from integration_api.themes.jobs import look_through, tag_stored
from integration_api.web.preconditions import etag_of
from integration_api.web.problems import problem_of
from integration_api.wiring import parts
from models.sealing import CannotOpen

MOST_BYTES = 1_000_000  # of changes in an answer, one record at least
AT_ONCE = 10  # records that are read for it
MAY_WAIT = ("applied", "conflict", "unchanged")  # for the tagger; the last where it failed the first time
_RESOLVES = {"intention": INTENTIONS, "commitment": COMMITMENTS}
_AT_OTHER_ADDRESSES = ("intention", "commitment", "mood_check_in")  # are not shown there as a phone holds them


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one change, with the record as it is now."""

    change: Change
    outcome: str
    record: dict[str, Any] | None = None
    recovered_id: UUID | None = None
    kept: Sequence[str] = ()
    problem: dict[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        """Give it as it is answered."""
        has_etag = self.record is not None and self.change.kind not in _AT_OTHER_ADDRESSES
        return {
            "change_id": self.change.change_id,
            "kind": self.change.kind,
            "id": self.change.id,
            "outcome": self.outcome,
            "version": None if self.record is None else self.record["version"],
            "etag": etag_of(self.record) if has_etag else None,
            "record": self.record,
            "recovered_id": self.recovered_id,
            "kept": self.kept,
            "problem": self.problem,
        }


@dataclass(slots=True)
class Exchange:
    """A caller's exchange, with the kinds that the caller may read."""

    caller: Principal
    kinds: Mapping[str, Kind] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = kinds_of(self.caller)

    def answer(self, token: str | None, changes: Sequence[Change], limit: int) -> dict[str, Any]:
        """Take the changes, and tell what is new; raise `Expired` before anything is done."""
        since = None if token is None else read_token(self.caller, self.kinds, token)
        g.trace.subjects[use_cases.patient_of(self.caller)] = None
        results = [self._take(change) for change in changes]
        for result in results:
            _read_words(result)
        return {"results": [each.shown() for each in self._with_records(results)]} | self._news(since, limit)

    def _take(self, change: Change) -> Result:
        for _ in range(2):  # a change that met another one at the same moment sees it the second time
            try:
                outcome = self._carry_out(change)
            except (Collision, Stale) as error:
                again: IntegrationError = error
            except CannotOpen:
                return Result(change, "refused", problem=problem_of(Unreadable()))
            except (Invalid, NotAllowed, NotFound, Conflict) as error:
                return Result(change, "invalid" if isinstance(error, Invalid) else "refused", problem=problem_of(error))
            else:
                is_left = change.op == "put" and not outcome.is_stored
                problem = problem_of(Conflict(CHANGED_ELSEWHERE)) if is_left else None
                return Result(change, outcome.outcome, None, outcome.record_id, outcome.kept, problem)
        return Result(change, "refused", problem=problem_of(again))

    def _carry_out(self, change: Change) -> Outcome:
        was_told = g.trace.is_recorded
        try:
            with unit_of_work() as db_session:
                return use_cases.carry_out(db_session, self.caller, self.kinds, change, _digest(change), parts().now())
        except BaseException:
            g.trace.is_recorded = was_told  # what an earlier change told stays told
            raise

    def _with_records(self, results: Sequence[Result]) -> list[Result]:
        """Put the records to what came of their changes, all as they are at one moment."""
        wanted: dict[str, list[UUID]] = {}
        for each in results:
            wanted.setdefault(each.change.kind, []).append(each.change.id)
        if not wanted:
            return []
        with showing() as db_session:
            found = {
                name: self.kinds[name].read(db_session, self.caller, record_ids)
                for name, record_ids in wanted.items()
                if name in self.kinds
            }
        return [_with_record(each, found.get(each.change.kind, {}).get(each.change.id)) for each in results]

    def _news(self, since: use_cases.Since | None, limit: int) -> dict[str, Any]:
        """Tell what is new, read a few records at a time: of long ones few have room, and all others were in vain."""
        shown: list[dict[str, Any]] = []
        room, is_all = _Room(), False
        with showing() as db_session:
            if since is None:
                stands = use_cases.start(db_session, self.caller)
            else:
                stands = use_cases.where_it_stands(db_session, self.caller, since)
            for read in range(0, limit, AT_ONCE):
                news = use_cases.read_news(db_session, self.caller, self.kinds, stands, min(AT_ONCE, limit - read))
                fitting = list(takewhile(room.has, map(_shown, news.items)))
                shown += fitting
                if len(fitting) < len(news.items):
                    last = news.items[len(fitting) - 1].place if fitting else stands.place
                    stands = use_cases.Since(last, stands.base)
                    break
                stands, is_all = news.since, news.is_all
                if is_all:
                    break
        return {"changes": shown, "token": write_token(self.caller, self.kinds, stands), "has_more": not is_all}


@dataclass(slots=True)
class _Room:
    """What an answer has room for."""

    size: int = 0

    def has(self, item: dict[str, Any]) -> bool:
        """Take one more in, if there is room; there always is for the first."""
        is_first = self.size == 0
        self.size += len(current_app.json.dumps(item).encode())
        return is_first or self.size <= MOST_BYTES


def _with_record(result: Result, record: dict[str, Any] | None) -> Result:
    """Put the record to what came of its change. The phone may have the only words of one that cannot be opened."""
    if record is None or not record.get("is_unreadable"):
        return replace(result, record=record)
    return replace(result, problem=result.problem or problem_of(Unreadable()))


def _shown(item: use_cases.Item) -> dict[str, Any]:
    """Show what is new. A record that cannot be opened is neither gone nor told: the phone keeps what it has of it."""
    told = {"kind": item.place.kind, "id": item.place.record_id, "deleted": item.record is None, "record": item.record}
    if item.record is not None and item.record.get("is_unreadable"):
        return told | {"record": None, "problem": problem_of(Unreadable())}
    return told


def _read_words(result: Result) -> None:
    """Have what was stored read by the tagger. The words of an entry that is gone are a draft, which nobody reads."""
    if result.change.kind == "journal_entry" and result.outcome in MAY_WAIT:
        tag_stored(result.change.id)
    if result.change.kind in _RESOLVES and (result.outcome in MAY_WAIT or result.recovered_id is not None):
        look_through(_RESOLVES[result.change.kind].table, result.recovered_id or result.change.id)


def _digest(change: Change) -> str:
    """Seal a change, so that another one under the same id is noticed and none is kept."""
    said = [change.kind, str(change.id), change.op, change.base_version, change.record, list(map(str, change.resolves))]
    canonical = current_app.json.dumps(said, sort_keys=True).encode("utf-8", "surrogatepass")
    return hmac.new(current_app.config["SECRET_KEY"].encode(), canonical, hashlib.sha256).hexdigest()
