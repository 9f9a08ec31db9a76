"""Opening a record outside one's care teams, for a stated reason and a short time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, NotFound
from integration_api.people.use_cases import patient_within
from models import (
    BreakGlass,
    CareTeam,
    CareTeamMember,
    Order,
    Page,
    PageRequest,
    new_id,
    page_of,
)

LONGEST = 60  # minutes; enough for an emergency, and little enough to be asked again


@dataclass(frozen=True, slots=True)
class BreakGlassDraft:
    """Why a record is opened, and for how many minutes."""

    reason: str
    minutes: int = 30
    id: UUID | None = None


def break_glass(
    db_session: DbSession, caller: Principal, patient_id: UUID, draft: BreakGlassDraft, at: datetime
) -> BreakGlass:
    """Open a patient's record to a clinician of the same organization who is not on the care team.

    What the care team reads can be read then: no private entry, no psychotherapy note; nothing can be changed.
    """
    limits = reach(caller, Resource.BREAK_GLASS, Action.CREATE)
    if caller.clinician_id is None:
        raise NotFound("The account belongs to no clinician.")
    if patient_within(db_session, limits, patient_id).erased_at is not None:
        raise NotFound("There is no such patient.")
    member = select(CareTeamMember.id).join(CareTeam, CareTeam.id == CareTeamMember.care_team_id)
    if db_session.scalar(
        member.where(CareTeam.patient_id == patient_id, CareTeamMember.clinician_id == caller.clinician_id)
    ):
        raise Conflict("You are on this patient's care team; the record is open to you.")
    opened = BreakGlass(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        patient_id=patient_id,
        clinician_id=caller.clinician_id,
        opened_at=at,
        expires_at=at + timedelta(minutes=draft.minutes),
        reason=draft.reason,
    )
    db_session.add(opened)
    db_session.flush()
    return read_opening(db_session, caller, opened.id)


def read_opening(db_session: DbSession, caller: Principal, opening_id: UUID) -> BreakGlass:
    """Read an opening of one's own."""
    query = select(BreakGlass).where(BreakGlass.id == opening_id, BreakGlass.clinician_id == caller.clinician_id)
    found = db_session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("There is no such opening.")
    return found


def list_openings(db_session: DbSession, caller: Principal, patient_id: UUID, page: PageRequest) -> Page[BreakGlass]:
    """List who has opened a patient's record by break-glass, when and why, the latest first."""
    limits = reach(caller, Resource.BREAK_GLASS, Action.SEARCH)
    patient_within(db_session, limits, patient_id)
    found = select(BreakGlass).where(
        BreakGlass.organization_id == limits.organization_id, BreakGlass.patient_id == patient_id
    )
    return page_of(db_session, found, Order((BreakGlass.opened_at, BreakGlass.id), is_descending=True), page)
