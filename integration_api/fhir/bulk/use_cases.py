"""Exports as those who want one see them: asked for, looked at, let go of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, extent_of, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Fault, Invalid, NotAllowed, NotFound, TooMany
from integration_api.fhir.bulk.asking import Wish, asked_by
from integration_api.fhir.known import Known
from integration_api.fhir.resources.group import groups_to_export
from integration_api.fhir.resources.registry import TYPES
from integration_api.fhir.search import Search
from integration_api.fhir.sources import ResourceType, Rows
from integration_api.fhir.use_cases import search_resources, type_named
from integration_api.jobs.queue import ask_for
from models import BulkExport, BulkFile, Extent, Job, Patient, Reach, User, new_id
from models.facing import facing_patients

JOB = "bulk_export"
AGAIN = 30  # seconds, after which somebody with too many exports may ask again
# What was stored in these seconds may not have been there yet for who read; the next `_since` reads it.
MARGIN = timedelta(seconds=5)
_BATCH = 500
_ONLY_NAMED = frozenset({"AuditEvent"})  # each export would be told of in the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class KickOff:
    """How an export was asked for. `hours` and `at_once` are the settings'."""

    level: str
    group: str | None = None
    address: str
    is_lenient: bool
    at: datetime
    hours: int
    at_once: int


def refuse_others(caller: Principal) -> None:
    """Raise `NotAllowed` for whoever is no record system: applications of people read and search."""
    if extent_of(caller.role, Resource.BULK_EXPORT, Action.CREATE) is Extent.NOBODY:
        raise NotAllowed("Exports are for record systems.")


def begin(known: Known, wish: Wish, said: KickOff) -> BulkExport:
    """Have an export made in the background, with the scopes of the token that asks for it."""
    caller, db_session = known.caller, known.db_session
    refuse_others(caller)
    types = _types(caller, wish, said)
    group_id = _group(known, said)
    _check_filters(known, types, wish, said)
    _check_patients(known, wish, said, group_id)
    _check_room(db_session, caller, said.at_once)
    export_id = new_id()
    own = {"organization_id": caller.organization_id, "user_id": caller.user_id}
    job = ask_for(db_session, JOB, {"export_id": str(export_id)}, **own, at=said.at)
    export = BulkExport(
        id=export_id,
        **own,
        job_id=job.id,
        client=caller.client,
        scope=sorted(str(each) for each in caller.scopes),
        level=said.level,
        group_id=group_id,
        patient_ids=[str(each) for each in wish.patient_ids] or None,
        types=types,
        since=wish.since,
        transaction_time=said.at - MARGIN,
        expires_at=said.at + timedelta(hours=said.hours),
    )
    export.question = {"request": said.address, "filters": wish.filters}
    db_session.add(export)
    db_session.flush()
    return export


def is_of_patients(kind: ResourceType) -> bool:
    """Tell whether resources of a type are each of one patient. What is listed is not, though one may ask (Device)."""
    rows = (each for each in kind.sources if isinstance(each, Rows))
    return kind.name == "Patient" or any("patient" in each.parameters for each in rows)


def _types(caller: Principal, wish: Wish, said: KickOff) -> list[str]:
    """Give the types that are wanted and may be searched; one that is named and may not be is an error."""
    may = {name for name, kind in TYPES.items() if _may_search(caller, kind)}
    if not wish.types:
        usual = [kind for kind in TYPES.values() if kind.name not in _ONLY_NAMED]
        found = [kind.name for kind in usual if kind.name in may and (said.level == "system" or is_of_patients(kind))]
    else:
        unknown = [each for each in wish.types if each not in TYPES]
        if unknown and not said.is_lenient:
            raise Invalid(Fault("This server has no such type of resource.", parameter="_type"))
        if not said.is_lenient:
            check_scope(caller, wish.types)
        found = [name for name in TYPES if name in may and name in wish.types]
    if not found:
        raise NotAllowed("None of this may be exported with these scopes.")
    return found


def _may_search(caller: Principal, kind: ResourceType) -> bool:
    try:
        reach(caller, kind.resource, Action.SEARCH)
    except NotAllowed:
        return False
    return True


def check_scope(caller: Principal, types: Iterable[str]) -> None:
    """Raise `NotAllowed` where the caller's token does not let it search all of these."""
    for name in types:
        reach(caller, type_named(name).resource, Action.SEARCH)


def _group(known: Known, said: KickOff) -> UUID | None:
    if said.group is None:
        return None
    members = groups_to_export(known)
    found = next((each for each in members if str(each) == said.group), None)
    if found is None:
        raise NotFound("There is no such resource.")
    return found


def _check_filters(known: Known, types: Sequence[str], wish: Wish, said: KickOff) -> None:
    for name, query in wish.filters.items():
        if name not in types:
            raise Invalid(Fault("It is of a type that is not exported.", parameter="_typeFilter"))
        asked = asked_by(TYPES[name], query, is_lenient=said.is_lenient)
        search_resources(known, TYPES[name], Search(asked=asked, count=1))  # what is wrong with it must show now


def _check_patients(known: Known, wish: Wish, said: KickOff, group_id: UUID | None) -> None:
    if not wish.patient_ids:
        return
    if said.level == "system":
        raise Invalid(Fault("An export of the whole system is not narrowed by it.", parameter="patient"))
    there = patients_there(known, group_id, wish.patient_ids)
    if not there >= set(wish.patient_ids):
        raise Invalid(Fault("There is no such patient.", parameter="patient"))


def patients_there(known: Known, group_id: UUID | None, ids: Iterable[UUID]) -> set[UUID]:
    """Give those of some patients whom the caller may see, and who are in the group where there is one."""
    if group_id is not None:
        members = groups_to_export(known)
        return set(members.get(group_id, ())) & set(ids)
    return patients_within_reach(known, reach(known.caller, Resource.PATIENT, Action.SEARCH), list(ids))


def patients_within_reach(known: Known, limits: Reach, ids: Sequence[UUID]) -> set[UUID]:
    """Give those of some patients that are within reach."""
    found: set[UUID] = set()
    for start in range(0, len(ids), _BATCH):
        some = facing_patients(limits).where(Patient.id.in_(ids[start : start + _BATCH]))
        found |= set(known.db_session.scalars(some.with_only_columns(Patient.id)))
    return found


def _check_room(db_session: DbSession, caller: Principal, at_once: int) -> None:
    db_session.scalars(select(User).where(User.id == caller.user_id).with_for_update()).one()  # one after the other
    running = (BulkExport.user_id == caller.user_id, Job.state == "waiting")
    query = select(func.count()).select_from(BulkExport).join(Job, Job.id == BulkExport.job_id).where(*running)
    if (db_session.scalar(query) or 0) >= at_once:
        raise TooMany("exports", at_once, AGAIN)


def find(db_session: DbSession, caller: Principal, export_id: UUID, at: datetime) -> BulkExport:
    """Find an export of this very client's and account's; raise `NotFound`, also when its time is over."""
    own = (BulkExport.organization_id == caller.organization_id, BulkExport.user_id == caller.user_id)
    same = (BulkExport.id == export_id, BulkExport.client.is_not_distinct_from(caller.client))
    found = db_session.scalars(select(BulkExport).where(*own, *same, BulkExport.expires_at > at)).one_or_none()
    if found is None:
        raise NotFound("There is no such export.")
    return found


def look(db_session: DbSession, export: BulkExport) -> tuple[Job, Sequence[BulkFile]]:
    """Give an export's job, and its files so far."""
    files = select(BulkFile).where(BulkFile.export_id == export.id).order_by(BulkFile.number)
    return db_session.get_one(Job, export.job_id), db_session.scalars(files).all()


def find_file(db_session: DbSession, caller: Principal, export_id: UUID, file_id: UUID, at: datetime) -> BulkFile:
    """Find a file of an export; raise `NotFound`, and `NotAllowed` where the token no longer allows its type."""
    export = find(db_session, caller, export_id, at)
    own = (BulkFile.id == file_id, BulkFile.export_id == export.id)
    found = db_session.scalars(select(BulkFile).where(*own)).one_or_none()
    if found is None or db_session.get_one(Job, export.job_id).state != "done":
        raise NotFound("There is no such file.")
    check_scope(caller, [found.type])
    return found
