"""What a phone can do with its record: hand in changes, and ask what is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Invalid, NotAllowed
from integration_api.sync.writing import LEFT, UNCHANGED, Change, Outcome
from models import Creation, Place, changes_after, has_come_to, stamp_of

if TYPE_CHECKING:
    from integration_api.sync.kinds import Kind

DONE, NOT_DONE = "sync", "sync, left as it was"  # operations of creations


@dataclass(frozen=True, slots=True)
class Since:
    """Where a phone stands: what came after `place` is new; what was gone by number `base` it has never had."""

    place: Place
    base: int


@dataclass(frozen=True, slots=True)
class Item:
    """A record that has changed; `record` is None where it is gone for the caller."""

    place: Place
    record: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class News:
    """What is new. `is_all`: there is no more; `since` is where the phone stands after it."""

    items: Sequence[Item]
    since: Since
    is_all: bool


def carry_out(
    db_session: DbSession, caller: Principal, kinds: Mapping[str, "Kind"], change: Change, digest: str, at: datetime
) -> Outcome:
    """Carry out one change, once: the same `change_id` again finds it done."""
    kind = kinds.get(change.kind)
    if kind is None:
        raise Invalid.at("/kind", "There is no such kind of record for this caller.")
    if kind.writer is None:
        raise NotAllowed("Records of this kind are not changed by their patient.")
    _check(change)
    before = _before(db_session, caller, change, digest)
    if before is not None:
        return before
    if change.op == "put":
        outcome = kind.writer.put(db_session, caller, change, at)
    else:
        outcome = kind.writer.delete(db_session, caller, change)
    db_session.add(
        Creation(
            organization_id=caller.organization_id,
            user_id=caller.user_id,
            operation=DONE if outcome.is_stored else NOT_DONE,
            key=f"id:{change.change_id}",
            body_digest=digest,
            record_id=outcome.record_id or change.id,
        )
    )
    db_session.flush()
    return outcome


def _before(db_session: DbSession, caller: Principal, change: Change, digest: str) -> Outcome | None:
    """Say what came of this very change before; a phone that lost the answer hears again that words are left to it."""
    key = f"id:{change.change_id}"
    found = db_session.scalars(
        select(Creation).where(
            Creation.user_id == caller.user_id, Creation.operation.in_((DONE, NOT_DONE)), Creation.key == key
        )
    ).one_or_none()
    if found is None:
        return None
    if found.body_digest != digest:
        raise Invalid.at("/change_id", "This change_id was used before for another change.")
    if found.operation == NOT_DONE:
        return LEFT
    return UNCHANGED if found.record_id == change.id else Outcome("gone", found.record_id)


def _check(change: Change) -> None:
    if change.op == "put" and change.record is None:
        raise Invalid.at("/record", "A put needs what it puts.")
    if change.op == "delete" and change.base_version is None:
        raise Invalid.at("/base_version", "A delete needs the version that was seen.")
    if change.record is not None and change.record.get("id", str(change.id)) != str(change.id):
        raise Invalid.at("/record/id", "Not the id of the change.")


def start(db_session: DbSession, caller: Principal) -> Since:
    """Say where a phone begins that has nothing."""
    return Since(Place(), stamp_of(db_session, patient_of(caller)))


def where_it_stands(db_session: DbSession, caller: Principal, since: Since) -> Since:
    """Give the place to go on from: the phone's, or the very beginning where this database was never so far.

    It was put back from a copy then, and has given, or will give, the same numbers to other changes. The phone is told
    all that there is, and all that is gone; what only the phone has, it keeps.
    """
    patient_id = patient_of(caller)
    is_ahead = since.base > stamp_of(db_session, patient_id) or not has_come_to(db_session, patient_id, since.place)
    return Since(Place(), 0) if is_ahead else since


def read_news(db_session: DbSession, caller: Principal, kinds: Mapping[str, "Kind"], since: Since, limit: int) -> News:
    """Read up to `limit` records that changed since, in the order of their latest change."""
    rows = db_session.scalars(changes_after(patient_of(caller), kinds, since.place).limit(limit + 1)).all()
    shown = rows[:limit]
    found = {
        name: kinds[name].read(db_session, caller, [each.record_id for each in shown if each.kind == name])
        for name in sorted({each.kind for each in shown})
    }
    items = [Item(Place(each.seq, each.kind, each.record_id), found[each.kind].get(each.record_id)) for each in shown]
    last = items[-1].place if items else since.place
    news = [each for each in items if each.record is not None or each.place.seq > since.base]
    return News(news, Since(last, since.base), len(rows) <= limit)


def patient_of(caller: Principal) -> UUID:
    """Give the patient whose phone it is."""
    patient_id = reach(caller, Resource.SYNC, Action.UPDATE).patient_id
    if patient_id is None:
        raise NotAllowed("Only a patient's phone holds a record.")
    return patient_id
