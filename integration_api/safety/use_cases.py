"""What clinicians do with safety flags: see, acknowledge, assign, resolve, reopen; and what time does with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Fault, Invalid, NotFound
from integration_api.safety.raising import reopen
from integration_api.safety.routing import Timing, not_for
from integration_api.wording import Sentence
from models import (
    CLOCKS_DIFFER,
    CareTeam,
    CareTeamMember,
    ClinicTheme,
    Document,
    Order,
    Page,
    PageRequest,
    SafetyFlag,
    SafetyFlagEvent,
    narrowed,
    new_id,
    page_of,
    safety_flags_for_the_team,
    safety_flags_within,
    shown_safety_flags,
    stamp,
    with_origins,
)
from nlp import load_taxonomy

_LEADS_TO = {"acknowledged": "acknowledged", "resolved": "resolved", "reopened": "open"}  # each act to a state
_IN_ORDER = (SafetyFlag.patient_id, SafetyFlag.id)  # one everywhere, so that nobody waits for each other


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """Which flags to list; None: whichever. `is_routed`: those only that are put before the caller."""

    patient_id: UUID | None = None
    status: str | None = None
    theme: str | None = None
    is_routed: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What a clinician says with an act."""

    note: str | None = None
    clinician_id: UUID | None = None


def list_flags(db_session: DbSession, caller: Principal, wanted: FlagFilter, page: PageRequest) -> Page[SafetyFlag]:
    """List the flags that the caller may see, the latest first."""
    visible = shown_safety_flags(reach(caller, Resource.SAFETY_FLAG, Action.SEARCH))
    equal = (
        (SafetyFlag.patient_id, wanted.patient_id),
        (SafetyFlag.status, wanted.status),
        (SafetyFlag.theme, wanted.theme),
    )
    found = narrowed(visible, equal)
    if wanted.theme is not None:
        _require_theme(db_session, caller, visible, wanted.theme)
    if wanted.is_routed:
        found = found.where(_is_routed_to(caller))
    return page_of(db_session, found, Order((SafetyFlag.raised_at, SafetyFlag.id), is_descending=True), page)


def _require_theme(db_session: DbSession, caller: Principal, visible: Select[Any], name: str) -> None:
    """Refuse a name of no theme, which would read as "no flags"; flags of one that was taken out are still found."""
    own = select(ClinicTheme.id).where(ClinicTheme.organization_id == caller.organization_id, ClinicTheme.name == name)
    if name in load_taxonomy().themes or db_session.scalar(own) is not None:
        return
    if db_session.scalar(visible.where(SafetyFlag.theme == name).with_only_columns(SafetyFlag.id).limit(1)) is None:
        raise Invalid(Fault("There is no such theme.", parameter="theme"))


def read_flag(db_session: DbSession, caller: Principal, flag_id: UUID) -> SafetyFlag:
    """Read one flag; raise `NotFound`."""
    return _read(db_session, caller, flag_id, Action.READ)


def acknowledge(db_session: DbSession, caller: Principal, flag_id: UUID, step: Step, timing: Timing) -> SafetyFlag:
    """Say that one has seen an open flag, and takes it on. It is not escalated any more."""
    flag, is_done = _to_act_on(db_session, caller, flag_id, "acknowledged", {"open"}, step)
    if is_done:
        return flag
    is_left = flag.assigned_to is not None and not _is_on_team(db_session, flag, flag.assigned_to)
    flag.status = "acknowledged"
    flag.assigned_to = None if is_left else flag.assigned_to  # who takes on what was meant for one who left has it
    return _told(db_session, caller, flag, "acknowledged", step, timing)


def assign(db_session: DbSession, caller: Principal, flag_id: UUID, step: Step, timing: Timing) -> SafetyFlag:
    """Put a flag into one clinician's hands. An open one stays open until somebody acknowledges it."""
    flag = _in_state(_read(db_session, caller, flag_id, Action.UPDATE), {"open", "acknowledged"})
    _require_reader(db_session, flag, caller, step.clinician_id)
    if flag.assigned_to == step.clinician_id:
        return flag
    flag.assigned_to = step.clinician_id
    return _told(db_session, caller, flag, "assigned", step, timing)


def resolve(db_session: DbSession, caller: Principal, flag_id: UUID, step: Step, timing: Timing) -> SafetyFlag:
    """Say what was done about an acknowledged flag, and close it."""
    flag, is_done = _to_act_on(db_session, caller, flag_id, "resolved", {"acknowledged"}, step)
    if is_done:
        return flag
    flag.status = "resolved"
    return _told(db_session, caller, flag, "resolved", step, timing)


def reopen_flag(db_session: DbSession, caller: Principal, flag_id: UUID, step: Step, timing: Timing) -> SafetyFlag:
    """Take a resolved flag up again. It waits anew, with its whole time before it."""
    flag, is_done = _to_act_on(db_session, caller, flag_id, "reopened", {"resolved"}, step)
    if is_done:
        return flag
    reopen(flag, timing)
    return _told(db_session, caller, flag, "reopened", step, timing)


def list_overdue(db_session: DbSession, at: datetime) -> list[UUID]:
    """List the open flags whose time is over and that are not escalated: of those that the care team can see."""
    query = with_origins(select(SafetyFlag.id))
    return list(db_session.scalars(query.where(_is_overdue(at), safety_flags_for_the_team()).order_by(*_IN_ORDER)))


def escalate(db_session: DbSession, flag_ids: Iterable[UUID], at: datetime) -> int:
    """Put overdue flags before everybody on the care team, each once however many ask for it; tell how many.

    Nobody has done anything to the record here, so the audit trail of whoever happens to be reading is left alone.
    """
    return sum(
        _by_itself(db_session, flag_id, _is_overdue(at), "escalated", at, escalated_at=at) for flag_id in flag_ids
    )


def list_left_behind(db_session: DbSession) -> list[tuple[UUID, str]]:
    """List the acknowledged flags, with their themes, that nobody has in hand: who had has left the care team."""
    query = with_origins(select(SafetyFlag.id, SafetyFlag.theme))
    query = query.where(_is_left_behind(), safety_flags_for_the_team()).order_by(*_IN_ORDER)
    return [(row[0], row[1]) for row in db_session.execute(query)]


def put_back(db_session: DbSession, flags: Iterable[tuple[UUID, str]], timing: Timing) -> int:
    """Open flags that were left behind again, each once, with their whole time before them; tell how many."""
    anew = {"status": "open", "assigned_to": None, "escalated_at": None}
    return sum(
        _by_itself(db_session, flag_id, _is_left_behind(), "reopened", timing.now, **anew, due_at=timing.due_at(theme))
        for flag_id, theme in flags
    )


def _by_itself(
    db_session: DbSession, flag_id: UUID, still: ColumnElement[bool], what: str, at: datetime, **values: Any
) -> bool:
    """Change a flag that is `still` so, in nobody's name; tell whether it was."""
    found = db_session.execute(
        update(SafetyFlag)
        .where(SafetyFlag.id == flag_id, still)
        .values(**values)
        .returning(SafetyFlag.organization_id, SafetyFlag.patient_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if found is None:
        return False
    db_session.add(SafetyFlagEvent(id=new_id(), organization_id=found[0], flag_id=flag_id, what=what, at=at))
    db_session.flush()
    stamp(db_session, *found)  # the caseload and the brief tell of it, and are remembered
    return True


def _is_left_behind() -> ColumnElement[bool]:
    """Who took a flag on is whom it was assigned to, else who acknowledged it last."""
    acknowledged = select(SafetyFlagEvent.clinician_id).where(
        SafetyFlagEvent.flag_id == SafetyFlag.id, SafetyFlagEvent.what == "acknowledged"
    )
    latest = acknowledged.order_by(SafetyFlagEvent.at.desc(), SafetyFlagEvent.id.desc()).limit(1).scalar_subquery()
    on_team = select(CareTeamMember.id).join(CareTeam, CareTeam.id == CareTeamMember.care_team_id)
    has_it = CareTeamMember.clinician_id == func.coalesce(SafetyFlag.assigned_to, latest)
    is_there = on_team.where(CareTeam.patient_id == SafetyFlag.patient_id, has_it).exists()
    return and_(SafetyFlag.status == "acknowledged", ~is_there)


def _is_overdue(at: datetime) -> ColumnElement[bool]:
    """Its time is over; or nobody knows when it will be, since it waits since a time that has not come yet."""
    happened = (SafetyFlagEvent.flag_id == SafetyFlag.id, SafetyFlagEvent.at > at + CLOCKS_DIFFER)
    is_over = or_(SafetyFlag.due_at <= at, select(SafetyFlagEvent.id).where(*happened).exists())
    return and_(SafetyFlag.status == "open", SafetyFlag.escalated_at.is_(None), is_over)


def _is_routed_to(caller: Principal) -> ColumnElement[bool]:
    """Flags of the themes of the caller's role, escalated ones, those in the caller's hands, those of own notes."""
    is_own_note = and_(Document.note_kind == "psychotherapy", Document.author_id == caller.user_id)
    return or_(
        SafetyFlag.theme.not_in(not_for(caller.role)),
        SafetyFlag.escalated_at.is_not(None),
        SafetyFlag.assigned_to == caller.clinician_id,
        is_own_note,
    )


def _read(db_session: DbSession, caller: Principal, flag_id: UUID, action: Action) -> SafetyFlag:
    query = safety_flags_within(reach(caller, Resource.SAFETY_FLAG, action)).where(SafetyFlag.id == flag_id)
    if action is Action.UPDATE:
        query = query.with_for_update(of=SafetyFlag)  # of two who act at once, the second sees what the first did
    flag = db_session.scalars(query).unique().one_or_none()
    if flag is None:
        raise NotFound("There is no such safety flag.")
    return flag


def _to_act_on(
    db_session: DbSession, caller: Principal, flag_id: UUID, what: str, states: set[str], step: Step
) -> tuple[SafetyFlag, bool]:
    """Give the flag for an act, and whether the caller has done this very thing already: an answer may be lost."""
    flag = _read(db_session, caller, flag_id, Action.UPDATE)
    last = next((each for each in reversed(flag.history) if each.what in _LEADS_TO), None)
    is_done = (
        flag.status == _LEADS_TO[what]
        and last is not None
        and (last.what, last.clinician_id, last.note) == (what, caller.clinician_id, step.note)
    )
    return (flag, True) if is_done else (_in_state(flag, states), False)


def _in_state(flag: SafetyFlag, states: set[str]) -> SafetyFlag:
    if flag.status not in states:
        raise Conflict(
            Sentence(
                "The flag is {status}; this needs one that is {needed}.",
                status=flag.status,
                needed=" / ".join(sorted(states)),
            )
        )
    return flag


def _require_reader(db_session: DbSession, flag: SafetyFlag, caller: Principal, clinician_id: UUID | None) -> None:
    """A flag goes to those only who can see it: the care team, or the author of a psychotherapy note alone."""
    is_anothers = flag.is_authors_own and clinician_id != caller.clinician_id
    if is_anothers or not _is_on_team(db_session, flag, clinician_id):
        raise Invalid.at("/clinician_id", "There is no such clinician who could see this flag.")


def _is_on_team(db_session: DbSession, flag: SafetyFlag, clinician_id: UUID | None) -> bool:
    on_team = select(CareTeamMember.id).join(CareTeam, CareTeam.id == CareTeamMember.care_team_id)
    member = on_team.where(CareTeam.patient_id == flag.patient_id, CareTeamMember.clinician_id == clinician_id)
    return db_session.scalar(member) is not None


def _told(
    db_session: DbSession, caller: Principal, flag: SafetyFlag, what: str, step: Step, timing: Timing
) -> SafetyFlag:
    told = {"clinician_id": caller.clinician_id, "assigned_to": step.clinician_id, "note": step.note}
    flag.tell(what, timing.now, **told)
    db_session.flush()
    db_session.refresh(flag.history[-1], ["clinician"])  # who it was is answered when this transaction is over
    return flag
