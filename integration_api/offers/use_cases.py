"""What is put to a patient now: the prompts that fit, each with its reasons."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, full_scope, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action, parse_scopes
from integration_api.errors import NotFound
from integration_api.journal.clock import zone_of
from integration_api.offers.situation import situation_of
from integration_api.prompts.choosing import Chosen, choose
from integration_api.prompts.library import Phase
from integration_api.prompts.own import known_prompts
from integration_api.prompts.showings import history_of, note_offer


@dataclass(frozen=True, slots=True)
class Offer:
    """Prompts for a patient now, the one to put first. `is_new`: it was not the first before."""

    patient_id: UUID
    phases: Sequence[Phase]
    hours_since_dosing: int | None
    is_tender: bool
    items: Sequence[Chosen]
    is_new: bool


def offer_prompts(db_session: DbSession, caller: Principal, limit: int, language: str, at: datetime) -> Offer:
    """Choose the prompts that fit the calling patient now, of those that have words in a language."""
    patient_id = reach(caller, Resource.PROMPT_OFFER, Action.READ).patient_id
    if patient_id is None:
        raise NotFound("The account belongs to no patient.")
    me = replace(caller, scopes=parse_scopes(full_scope(caller.role)))  # what is chosen shows nothing but ids
    zone = zone_of(db_session, patient_id, at)
    situation, hours = situation_of(db_session, me, patient_id, at, zone)
    history = history_of(db_session, patient_id, at, zone)
    prompts = known_prompts(db_session, caller.organization_id).values()
    offered = (each for each in prompts if each.is_on and not each.is_retired and language in each.texts)
    found = choose(offered, situation, history, limit, lambda prompt_id: _rank(patient_id, prompt_id))
    is_new = bool(found) and found[0].prompt.id != history.standing
    return Offer(patient_id, situation.phases, hours, situation.is_tender, found, is_new)


def keep_offer(db_session: DbSession, caller: Principal, offer: Offer, at: datetime) -> None:
    """Keep what stands first, so that something else will the next time."""
    history = history_of(db_session, offer.patient_id, at, zone_of(db_session, offer.patient_id, at))
    first = offer.items[0].prompt.id
    if history.standing != first:  # another request of the same moment may have kept it
        note_offer(db_session, caller.organization_id, offer.patient_id, first, at)


def _rank(patient_id: UUID, prompt_id: UUID) -> bytes:
    """Shuffle prompts patient by patient, always in the same way."""
    return hashlib.sha256(patient_id.bytes + prompt_id.bytes).digest()
