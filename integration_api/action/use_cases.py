"""Intentions and commitments: set, changed, let go of; and what later entries say of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.care.use_cases import session_of
from integration_api.errors import Invalid, NotAllowed, NotFound
from integration_api.safety.raising import settle_resolve, withdraw_with
from integration_api.safety.routing import Timing
from integration_api.themes.own import require_known
from integration_api.wording import Sentence
from models import (
    Commitment,
    Intention,
    Order,
    Page,
    PageRequest,
    Patient,
    narrowed,
    new_id,
    page_of,
    patients_within,
    resolves_within,
    stamp_records,
)

STALLS_AFTER = timedelta(days=14)  # our own figure: two usual weeks between sessions without a word of it


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveDraft:
    """An intention or commitment as it is sent. `themes`: None leaves it to the tagger.

    `is_from_phone`: it may have been written offline before a theme was taken out, so no name of one refuses it.
    """

    text: str
    patient_id: UUID | None = None
    session_id: UUID | None = None
    visibility: str | None = None
    themes: tuple[str, ...] | None = None
    id: UUID | None = None
    is_from_phone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentDraft(ResolveDraft):
    """A commitment as it is sent."""

    intention_id: UUID | None = None
    due_on: date | None = None
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Looking:
    """How themes are found in words, and what time it is."""

    themes_of: Callable[[str], Sequence[str]]
    at: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """What intentions and commitments differ in, for what they have in common."""

    table: type[Any]
    resource: Resource
    missing: str
    stays: str
    others: str
    words: str


INTENTIONS = Kind(
    Intention,
    Resource.INTENTION,
    Sentence("There is no such intention."),
    Sentence("The intention stays its patient's."),
    Sentence("Only who wrote the intention takes it back."),
    Sentence("Only the patient, or who wrote the intention, changes its words."),
)
COMMITMENTS = Kind(
    Commitment,
    Resource.COMMITMENT,
    Sentence("There is no such commitment."),
    Sentence("The commitment stays its patient's."),
    Sentence("Only who wrote the commitment takes it back."),
    Sentence("Only the patient, or who wrote the commitment, changes its words."),
)


def list_resolves(
    db_session: DbSession, caller: Principal, kind: Kind, equal: Sequence[tuple[str, Any]], page: PageRequest
) -> Page[Any]:
    """List what the caller may read of a kind, the latest first."""
    visible = resolves_within(kind.table, reach(caller, kind.resource, Action.SEARCH))
    found = narrowed(visible, tuple((getattr(kind.table, name), value) for name, value in equal))
    return page_of(db_session, found, Order((kind.table.created_at, kind.table.id), is_descending=True), page)


def read_resolve(
    db_session: DbSession, caller: Principal, kind: Kind, resolve_id: UUID, action: Action = Action.READ
) -> Any:
    """Read one; raise `NotFound`."""
    visible: Select[Any] = resolves_within(kind.table, reach(caller, kind.resource, action))
    found = db_session.scalars(visible.where(kind.table.id == resolve_id)).one_or_none()
    if found is None:
        raise NotFound(kind.missing)
    return found


def set_resolve(
    db_session: DbSession, caller: Principal, kind: Kind, draft: ResolveDraft, themes: Sequence[str], at: datetime
) -> Any:
    """Keep one. A patient's own is private unless shared; one that a clinician writes down is the care team's."""
    _require_known_themes(db_session, caller, draft, ())
    limits = reach(caller, kind.resource, Action.CREATE)
    patient_id = draft.patient_id or limits.patient_id
    visible = patients_within(limits).where(Patient.id == patient_id)
    if patient_id is None or db_session.scalars(visible).one_or_none() is None:
        raise Invalid.at("/patient_id", "There is no such patient.")
    made = kind.table(
        id=draft.id or new_id(),
        organization_id=caller.organization_id,
        patient_id=patient_id,
        author_id=caller.user_id,
    )
    _describe(db_session, caller, made, draft, themes, at)
    db_session.add(made)
    db_session.flush()
    return made


def change_resolve(
    db_session: DbSession,
    caller: Principal,
    kind: Kind,
    resolve_id: UUID,
    merge: Callable[[Any], ResolveDraft],
    looking: Looking,
) -> Any:
    """Change one; new words are looked at anew unless other themes are given: a merge shows those that stand there."""
    found = read_resolve(db_session, caller, kind, resolve_id, Action.UPDATE)
    draft = merge(found)
    _require_known_themes(db_session, caller, draft, found.themes)
    if draft.patient_id not in (None, found.patient_id):
        raise Invalid.at("/patient_id", kind.stays)
    if draft.text != found.text and caller.is_clinician and found.author_id != caller.user_id:
        raise NotAllowed(kind.words)  # they would stand as somebody's who never wrote them
    if draft.text != found.text and draft.themes in (None, tuple(found.themes)):
        draft = replace(draft, themes=tuple(looking.themes_of(draft.text)))
    _describe(db_session, caller, found, draft, found.themes, looking.at)
    db_session.flush()
    if not found.is_patients_own:  # a clinician's words again: what the patient's own had raised is not there any more
        settle_resolve(db_session, found, Timing(looking.at))
    return found


def take_back(
    db_session: DbSession, caller: Principal, kind: Kind, resolve_id: UUID, match: Callable[[Any], Any]
) -> None:
    """Take one back. What was not said by oneself is not one's own to take back."""
    found = read_resolve(db_session, caller, kind, resolve_id, Action.DELETE)
    match(found)
    if found.author_id != caller.user_id:
        raise NotAllowed(kind.others)
    patient_id, organization_id = found.patient_id, found.organization_id
    came_of_it = select(Commitment.id).where(Commitment.patient_id == patient_id, Commitment.intention_id == resolve_id)
    left = db_session.scalars(came_of_it).all()
    # It is held before its patient's stamp, as whoever changes it holds the two.
    db_session.execute(select(kind.table.id).where(kind.table.id == resolve_id).with_for_update())
    withdraw_with(db_session, found)
    db_session.delete(found)
    db_session.flush()
    stamp_records(db_session, organization_id, patient_id, left)  # the database lets go of it in them, unseen


def _require_known_themes(
    db_session: DbSession, caller: Principal, draft: ResolveDraft, standing: Iterable[str]
) -> None:
    """Refuse themes that there are not, but those that stand there: one may have been taken out by now."""
    if not draft.is_from_phone:
        fresh = set(draft.themes or ()).difference(standing)
        require_known(db_session, caller.organization_id, fresh, "/themes")


def _describe(
    db_session: DbSession, caller: Principal, made: Any, draft: ResolveDraft, themes: Sequence[str], at: datetime
) -> None:
    if made.text != draft.text:
        made.reword(draft.text, is_patients_own=not caller.is_clinician)
    made.themes = list(draft.themes if draft.themes is not None else themes)
    if caller.is_clinician and made.visibility == "private" and draft.visibility == "care_team":
        raise Invalid.at("/visibility", "The patient has made this private, and alone shares it again.")
    if caller.is_clinician and made.visibility != "private" and draft.visibility == "private":
        raise Invalid.at("/visibility", "What a clinician writes down is the care team's.")
    default = "care_team" if caller.is_clinician else "private"
    made.visibility = draft.visibility or made.visibility or default
    made.session_id = draft.session_id and session_of(db_session, caller, draft.session_id, made.patient_id)
    if isinstance(draft, CommitmentDraft):
        _describe_commitment(db_session, caller, made, draft, at)


def _describe_commitment(
    db_session: DbSession, caller: Principal, made: Commitment, draft: CommitmentDraft, at: datetime
) -> None:
    if draft.intention_id not in (None, made.intention_id):  # one that stands there may be private by now
        visible = resolves_within(Intention, reach(caller, Resource.INTENTION, Action.READ))
        own = visible.where(Intention.id == draft.intention_id, Intention.patient_id == made.patient_id)
        if db_session.scalars(own).one_or_none() is None:
            raise Invalid.at("/intention_id", "There is no such intention of this patient.")
    made.intention_id, made.due_on = draft.intention_id, draft.due_on
    if made.status != draft.status:
        made.status, made.status_at = draft.status, None if draft.status == "open" else at
