"""A phone: one writes, edits and deletes on it at once; it exchanges with the server whenever it can.

It follows `docs/sync.md`. What was sent is frozen until its answer is here; what is written meanwhile waits behind it.
Any call may be cut short at any point: `sync` again goes on.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from integration_api.phone.queue import Pending, Queue

ENTRY = "journal_entry"
MOST_CHANGES, MOST_BYTES = 100, 500_000  # of one request
_OK, _GONE = 200, 410

Send = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]


class Unreachable(Exception):
    """The server did not answer as it should; nothing is lost, try again later."""


def new_id(at: float | None = None) -> str:
    """Make a UUIDv7 (RFC 9562, 5.7)."""
    milliseconds = int((time.time() if at is None else at) * 1000) & (2**48 - 1)
    low = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (0x7 << 76) | ((low >> 62 & 0xFFF) << 64) | (0b10 << 62) | (low & (2**62 - 1))
    return str(UUID(int=number))


@dataclass(slots=True)
class Device:
    """A phone with its store. `send` posts a body to `/v1/sync`, and gives the status and the answer."""

    queue: Queue
    send: Send
    limit: int = 100
    clock: Callable[[], float] = time.time

    def write(self, record: Mapping[str, Any], kind: str = ENTRY) -> str:
        """Write a new record, and give its id."""
        record_id = new_id(self.clock())
        with self.queue.transaction():
            self.queue.put(Pending(new_id(self.clock()), kind, record_id, "put", None, dict(record), []))
        return record_id

    def edit(self, record_id: str, said: Mapping[str, Any], kind: str = ENTRY, resolves: tuple[str, ...] = ()) -> None:
        """Change some fields of a record; `resolves` names conflicts that the new words settle.

        To change a new record that was turned down is to offer it again.
        """
        with self.queue.transaction():
            refused = self._refused_create(kind, record_id)
            if refused is not None:
                self._offer_again(refused, said)
                return
            seen = self.view(kind).get(record_id)
            if seen is None:
                raise KeyError(record_id)
            last = self._last(kind, record_id)
            if last is not None and not last.is_sent and last.op == "put":
                last.record = (last.record or {}) | dict(said)
                last.resolves = sorted({*last.resolves, *resolves})
                self.queue.put(last)
                return
            base, change_id = self._base(kind, record_id), new_id(self.clock())
            self.queue.put(Pending(change_id, kind, record_id, "put", base, dict(said), [*resolves], seen.get("text")))

    def delete(self, record_id: str, kind: str = ENTRY) -> None:
        """Delete a record."""
        with self.queue.transaction():
            refused = self._refused_create(kind, record_id)
            if refused is not None:
                self.queue.drop(refused.change_id)
                return
            seen = self.view(kind).get(record_id)
            if seen is None:
                raise KeyError(record_id)
            base, text, last = self._base(kind, record_id), seen.get("text"), self._last(kind, record_id)
            if last is not None and not last.is_sent:
                self.queue.drop(last.change_id)
                base, text = last.base_version, last.seen_text
                last = self._last(kind, record_id)  # what it waited behind, which may have arrived
            if base is None and (last is None or not last.is_sent):
                return  # it never left the phone
            conflicts = [each["id"] for each in seen.get("conflicts", ())]
            self.queue.put(Pending(new_id(self.clock()), kind, record_id, "delete", base, None, conflicts, text))

    def view(self, kind: str = ENTRY) -> dict[str, dict[str, Any]]:
        """Give all records of a kind as their writer sees them: what the server told, and what waits on top of it."""
        found = self.queue.records(kind)
        for each in self.queue.pending():
            if each.kind != kind or each.problem is not None:
                continue
            if each.op == "delete":
                found.pop(each.id, None)
            elif each.id in found or each.base_version is None:
                found[each.id] = found.get(each.id, {"id": each.id}) | (each.record or {})
        return found

    def turned_down(self) -> list[Pending]:
        """List the changes that the server will not take, with their problems: their words are here alone."""
        return [each for each in self.queue.pending() if each.problem is not None]

    def let_go(self, change_id: str) -> None:
        """Forget a change that was turned down, once its writer has said what shall become of its words."""
        with self.queue.transaction():
            for each in self.turned_down():
                if each.change_id == change_id:
                    self.queue.drop(change_id)

    def is_quiet(self) -> bool:
        """Tell whether nothing waits to be sent."""
        return not any(each.problem is None for each in self.queue.pending())

    def sync(self) -> None:
        """Exchange until nothing waits and nothing is new; raise `Unreachable` where that fails half-way."""
        while self.step():
            pass

    def step(self) -> bool:
        """Make one exchange; tell whether there is more to do."""
        with self.queue.transaction():
            batch = self._batch()
            for each in batch:
                each.is_sent = True
                self.queue.put(each)
        body = {
            "token": self.queue.fact("token"),
            "changes": [each.as_sent() for each in batch],
            "limit": self.limit,
        }
        status, answer = self.send(body)
        if status == _GONE:
            with self.queue.transaction():
                self.queue.set_fact("token", None)
                self.queue.set_fact("is_anew", "yes")
                self.queue.doubt_all()
            return True
        if status != _OK:
            raise Unreachable(status)
        with self.queue.transaction():
            self._take(answer)
        return bool(answer["has_more"]) or not self.is_quiet()

    def _take(self, answer: dict[str, Any]) -> None:
        for result in answer["results"]:
            self._take_result(result)
        for item in answer["changes"]:
            if item.get("problem") is None:
                self.queue.keep(item["kind"], item["id"], item["record"])
            else:  # the server cannot open it now: what is here may be the only words of it
                self.queue.trust(item["kind"], item["id"])
        self.queue.set_fact("token", answer["token"])
        if not answer["has_more"] and self.queue.fact("is_anew"):
            self.queue.forget_doubtful()
            self.queue.set_fact("is_anew", None)

    def _take_result(self, result: dict[str, Any]) -> None:
        waiting = self.queue.pending()
        done = next((each for each in waiting if each.change_id == result["change_id"]), None)
        if done is None:
            return
        if result["problem"] is not None:
            self._turn_down(done, waiting, result)
            return
        self.queue.drop(done.change_id)
        self.queue.keep(done.kind, done.id, result["record"])
        for each in waiting:
            if (each.kind, each.id) == (done.kind, done.id) and not each.is_sent:
                self._follow(each, done, result)

    def _turn_down(self, done: Pending, waiting: list[Pending], result: dict[str, Any]) -> None:
        """Keep what the server did not. What waits behind a new record goes with it, and may be what mends it."""
        done.problem = result["problem"]
        self.queue.put(done)
        if result["outcome"] == "conflict" and result["record"] is not None:
            self.queue.keep(done.kind, done.id, result["record"])
        if done.base_version is not None:
            return
        for each in waiting:
            if (each.kind, each.id) == (done.kind, done.id) and not each.is_sent:
                self.queue.drop(each.change_id)
                if each.op == "delete":
                    self.queue.drop(done.change_id)
                else:
                    self._offer_again(done, each.record or {})

    def _offer_again(self, refused: Pending, said: Mapping[str, Any]) -> None:
        """Put a new record that was turned down anew, as it is now."""
        self.queue.drop(refused.change_id)
        record = (refused.record or {}) | dict(said)
        self.queue.put(Pending(new_id(self.clock()), refused.kind, refused.id, "put", None, record, []))

    def _refused_create(self, kind: str, record_id: str) -> Pending | None:
        found = (each for each in self.turned_down() if (each.kind, each.id) == (kind, record_id))
        return next((each for each in found if each.op == "put" and each.base_version is None), None)

    def _follow(self, later: Pending, done: Pending, result: dict[str, Any]) -> None:
        """Put a later change of the same record on top of what came of the one before."""
        record, recovered = result["record"], result["recovered_id"]
        if recovered is not None:
            later.id, later.base_version = recovered, 1
        elif record is not None:
            if later.base_version is None or record.get("text") == later.seen_text:
                later.base_version = record["version"]
            if done.change_id in [each["id"] for each in record.get("conflicts", ())]:
                later.resolves = [*later.resolves, done.change_id]
        elif later.base_version is None:
            later.base_version = 1  # its create is long done, and it was deleted elsewhere: this is an edit
        self.queue.put(later)

    def _batch(self) -> list[Pending]:
        """Choose what to send: the first that waits of each record, as it was sent before if it was."""
        chosen: dict[tuple[str, str], Pending] = {}
        size = 0
        for each in self.queue.pending():
            if each.problem is not None or (each.kind, each.id) in chosen:
                continue
            size += len(json.dumps(each.as_sent()))
            if chosen and (size > MOST_BYTES or len(chosen) == MOST_CHANGES):
                break
            chosen[each.kind, each.id] = each
        return list(chosen.values())

    def _last(self, kind: str, record_id: str) -> Pending | None:
        found = [each for each in self.queue.pending() if (each.kind, each.id) == (kind, record_id)]
        return next((each for each in reversed(found) if each.problem is None), None)

    def _base(self, kind: str, record_id: str) -> int | None:
        record = self.queue.record(kind, record_id)
        return None if record is None else int(record["version"])
