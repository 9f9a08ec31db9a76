"""What one can do with the prompts of a clinic: look through them, and say that one was seen."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import NotFound
from integration_api.prompts.library import Prompt
from integration_api.prompts.own import is_known, known_prompts
from integration_api.prompts.showings import note_shown, showings_of
from models import Page, PageRequest, PromptShowing, Role, page_of_list


def list_prompts(
    db_session: DbSession, caller: Principal, phase: str | None, purpose: str | None, page: PageRequest
) -> Page[Prompt]:
    """List the library and the clinic's own, by id; those switched off for who may switch them on."""
    reach(caller, Resource.PROMPT, Action.SEARCH)
    sees_all = caller.is_clinician or caller.role is Role.ADMIN
    found = [
        each
        for each in known_prompts(db_session, caller.organization_id).values()
        if not each.is_retired
        and (each.is_on or sees_all)
        and (phase is None or phase in each.phases)
        and purpose in (None, each.purpose)
    ]
    return page_of_list(sorted(found, key=lambda each: each.id), lambda each: (each.id,), page)


def see_prompt(db_session: DbSession, caller: Principal, prompt_id: UUID, at: datetime) -> PromptShowing:
    """Take the app's word that the patient has seen a prompt; raise `NotFound`."""
    limits = reach(caller, Resource.PROMPT_OFFER, Action.UPDATE)
    if limits.patient_id is None or not is_known(db_session, limits.organization_id, prompt_id):
        raise NotFound("There is no such prompt.")
    return note_shown(db_session, limits.organization_id, limits.patient_id, prompt_id, at)


def list_showings(db_session: DbSession, caller: Principal) -> list[PromptShowing]:
    """List when each prompt was last put to the caller."""
    limits = reach(caller, Resource.PROMPT_OFFER, Action.READ)
    return [] if limits.patient_id is None else showings_of(db_session, limits.patient_id)
