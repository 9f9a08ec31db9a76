"""The prompts that a clinic has: the library's, as far as they are switched on, and its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Fault, Invalid, NotFound
from integration_api.prompts.library import Gentleness, Need, Phase, Prompt, Purpose, faults_of_care, load_library
from integration_api.themes.own import known_themes
from models import ClinicPrompt, PromptSwitch, new_id
from nlp import load_taxonomy


@dataclass(frozen=True, slots=True)
class PromptDraft:
    """A prompt as a clinic words it."""

    texts: dict[str, str]
    purpose: str
    gentleness: str
    phases: tuple[str, ...]
    themes: tuple[str, ...] = ()
    needs: str | None = None
    reviewed_by: str | None = None
    is_on: bool = True
    id: UUID | None = None


def known_prompts(db_session: DbSession, organization_id: UUID) -> dict[UUID, Prompt]:
    """Give every prompt that an organization has or had, by id: those switched off and retired, too."""
    switches = db_session.scalars(select(PromptSwitch).where(PromptSwitch.organization_id == organization_id))
    switched = {each.prompt_id: each.is_on for each in switches}
    library = {each.id: replace(each, is_on=switched.get(each.id, True)) for each in load_library().prompts.values()}
    own = db_session.scalars(select(ClinicPrompt).where(ClinicPrompt.organization_id == organization_id))
    return library | {each.id: _of_clinic(each) for each in own}


def is_known(db_session: DbSession, organization_id: UUID, prompt_id: UUID) -> bool:
    """Tell whether there is or was such a prompt: a phone that was offline may name one that is retired."""
    of_clinic = (ClinicPrompt.organization_id == organization_id, ClinicPrompt.id == prompt_id)
    return (
        prompt_id in load_library().prompts or db_session.scalar(select(ClinicPrompt.id).where(*of_clinic)) is not None
    )


def read_prompt(db_session: DbSession, caller: Principal, prompt_id: UUID, action: Action = Action.READ) -> Prompt:
    """Read one prompt, also one that is switched off or retired; raise `NotFound`."""
    reach(caller, Resource.PROMPT, action)
    found = known_prompts(db_session, caller.organization_id).get(prompt_id)
    if found is None:
        raise NotFound("There is no such prompt.")
    return found


def add_prompt(db_session: DbSession, caller: Principal, draft: PromptDraft) -> Prompt:
    """Add a prompt of the clinic's own; it is offered from then on."""
    reach(caller, Resource.PROMPT, Action.CREATE)
    if draft.id in load_library().prompts:
        raise Invalid.at("/id", "The library has a prompt of this id.")
    row = ClinicPrompt(id=draft.id or new_id(), organization_id=caller.organization_id)
    _describe(db_session, row, draft)
    db_session.add(row)
    db_session.flush()
    return _of_clinic(row)


def change_prompt(
    db_session: DbSession, caller: Principal, prompt_id: UUID, merge: Callable[[Prompt], PromptDraft]
) -> Prompt:
    """Change a prompt of the clinic's own, or switch one of the library's on or off."""
    found = read_prompt(db_session, caller, prompt_id, Action.UPDATE)
    draft = merge(found)
    if not found.is_own:
        return _switch(db_session, caller, found, draft)
    row = db_session.get_one(ClinicPrompt, prompt_id)
    _describe(db_session, row, draft)
    db_session.flush()
    return _of_clinic(row)


def retire_prompt(
    db_session: DbSession, caller: Principal, prompt_id: UUID, match: Callable[[Prompt], object], at: datetime
) -> None:
    """Take a prompt of the clinic's own out. It stays readable, for the entries that answer it."""
    found = read_prompt(db_session, caller, prompt_id, Action.DELETE)
    if not found.is_own or found.is_retired:
        raise NotFound("Your clinic has no prompt of its own by this id.")
    match(found)
    db_session.get_one(ClinicPrompt, prompt_id).retired_at = at
    db_session.flush()


def _switch(db_session: DbSession, caller: Principal, prompt: Prompt, draft: PromptDraft) -> Prompt:
    if _worded(draft) != _worded(_drafted(prompt)):
        raise Invalid.at("", "A prompt of the library is switched on or off; its words stay. Add one of your own.")
    of_prompt = (PromptSwitch.organization_id == caller.organization_id, PromptSwitch.prompt_id == prompt.id)
    row = db_session.scalars(select(PromptSwitch).where(*of_prompt)).one_or_none()
    if row is None:
        row = PromptSwitch(organization_id=caller.organization_id, prompt_id=prompt.id)
        db_session.add(row)
    row.is_on = draft.is_on
    db_session.flush()
    return replace(prompt, is_on=draft.is_on)


def _drafted(prompt: Prompt) -> PromptDraft:
    given = (dict(prompt.texts), prompt.purpose, prompt.gentleness, tuple(prompt.phases), tuple(prompt.themes))
    return PromptDraft(*given, prompt.needs, prompt.reviewed_by, prompt.is_on, prompt.id)


def _worded(draft: PromptDraft) -> tuple[object, ...]:
    parts = (draft.purpose, draft.gentleness, frozenset(draft.phases), frozenset(draft.themes))
    return (draft.texts, *parts, draft.needs, draft.reviewed_by)


def _describe(db_session: DbSession, row: ClinicPrompt, draft: PromptDraft) -> None:
    known = known_themes(db_session, row.organization_id).keys() - load_taxonomy().safety
    fresh = set(draft.themes) - set(row.themes or ())  # one that stands there may have been taken out by now
    if not known.issuperset(fresh):
        raise Invalid.at("/themes", "There is no such theme, or it is one of safety, which no prompt is tied to.")
    row.texts, row.reviewed_by = draft.texts, draft.reviewed_by
    row.purpose, row.gentleness, row.needs = draft.purpose, draft.gentleness, draft.needs
    row.phases, row.themes, row.is_on = list(draft.phases), list(draft.themes), draft.is_on
    faults = faults_of_care(_of_clinic(row))
    if faults:
        raise Invalid(*(Fault(each, pointer="") for each in faults))


def _of_clinic(row: ClinicPrompt) -> Prompt:
    return Prompt(
        id=row.id,
        texts=row.texts,
        purpose=Purpose(row.purpose),
        gentleness=Gentleness(row.gentleness),
        phases=frozenset(Phase(each) for each in row.phases),
        themes=frozenset(row.themes),
        needs=None if row.needs is None else Need(row.needs),
        version=row.version or 1,
        reviewed_by=row.reviewed_by,
        is_on=row.is_on,
        is_retired=row.retired_at is not None,
        is_own=True,
    )
