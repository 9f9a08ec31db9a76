"""Offers on the wire."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from flask import current_app
from marshmallow import fields, pre_dump, validate

from integration_api.config import Settings
from integration_api.offers.use_cases import Offer
from integration_api.prompts.choosing import Chosen, Reason, Why
from integration_api.prompts.library import LANGUAGES
from integration_api.prompts.schemas import GENTLENESS, PHASES, PROMPT_ID, PURPOSES
from integration_api.safety.schemas import SupportSchema
from integration_api.safety.support import Support
from integration_api.web.languages import language
from integration_api.web.schema import Answer, Choice, Id, Schema

WORDING = Path(__file__).with_name("wording.toml")
_SUPPORT = {"description": "What the app shows beside the prompts when something grave was written of late; else null."}


class OfferQuery(Schema):
    """How many prompts."""

    limit = fields.Integer(
        load_default=5,
        validate=validate.Range(1, 20),
        metadata={"description": "How many items at most.", "default": 5},
    )


class ReasonSchema(Answer):
    """Why a prompt is offered: in a word for the app, in a sentence for the patient, and what it rests on."""

    example: ClassVar[dict[str, Any]] = {
        "kind": "commitment_due",
        "text": "You set out to do something, and this is a good day to look at it.",
        "links": ["/v1/commitments/0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e0d"],
    }

    kind = Choice(tuple(map(str, Why)), required=True)
    text = fields.String(required=True)
    links = fields.List(
        fields.String(), required=True, metadata={"description": "The patient's own entries, commitment or intention."}
    )


class OfferedPromptSchema(Answer):
    """A prompt that fits this patient now."""

    example: ClassVar[dict[str, Any]] = {
        "id": PROMPT_ID,
        "text": "You made a plan for yourself. How is it going? Any answer is fine.",
        "language": "en",
        "texts": {
            "en": "You made a plan for yourself. How is it going? Any answer is fine.",
            "es": "Usted hizo un plan. ¿Cómo va? Cualquier respuesta está bien.",
        },
        "purpose": "action",
        "gentleness": "gentle",
        "version": 1,
        "reasons": [ReasonSchema.example],
    }

    id = Id(required=True)
    text = fields.String(required=True)
    language = Choice(LANGUAGES, required=True, metadata={"description": "Which language `text` is in."})
    texts = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "The question in every language that there is."},
    )
    purpose = Choice(PURPOSES, required=True)
    gentleness = Choice(GENTLENESS, required=True)
    version = fields.Integer(required=True)
    reasons = fields.List(
        fields.Nested(ReasonSchema),
        required=True,
        metadata={"description": "The first is what brought it here, in words of what the patient has done."},
    )


class OfferSchema(Answer):
    """Prompts for the patient now, the one to put first."""

    example: ClassVar[dict[str, Any]] = {
        "items": [OfferedPromptSchema.example],
        "next_cursor": None,
        "phases": ["72_hours_to_7_days"],
        "hours_since_dosing": 81,
        "support": None,
    }

    items = fields.List(fields.Nested(OfferedPromptSchema), required=True)
    next_cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Always null: there are no further pages. Ask again when one was seen."},
    )
    phases = fields.List(Choice(PHASES), required=True)
    hours_since_dosing = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Whole hours since the last dosing session began."}
    )
    support = fields.Nested(SupportSchema, required=True, allow_none=True, metadata=_SUPPORT)

    @pre_dump
    def told(self, offer: Offer, **_: Any) -> dict[str, Any]:
        """Put the offer into words."""
        return {
            "items": [_shown(each, offer) for each in offer.items],
            "next_cursor": None,
            "phases": offer.phases,
            "hours_since_dosing": offer.hours_since_dosing,
            "support": _support(offer),
        }


def _shown(chosen: Chosen, offer: Offer) -> dict[str, Any]:
    prompt, spoken = chosen.prompt, language()
    return {
        "id": prompt.id,
        "text": prompt.texts[spoken],
        "language": spoken,
        "texts": prompt.texts,
        "purpose": prompt.purpose,
        "gentleness": prompt.gentleness,
        "version": prompt.version,
        "reasons": [_reason(each, offer) for each in chosen.reasons],
    }


def _reason(reason: Reason, offer: Offer) -> dict[str, Any]:
    links = [f"/v1/journal-entries/{each}" for each in reason.entries]
    links += [f"/v1/commitments/{reason.commitment}"] if reason.commitment else []
    links += [f"/v1/intentions/{reason.intention}"] if reason.intention else []
    return {"kind": str(reason.why), "text": _sentence(reason, offer), "links": links}


def _sentence(reason: Reason, offer: Offer) -> str:
    words = _words()[language()]
    if reason.why is not Why.PHASE:
        return words[reason.why].format(sessions=reason.sessions)
    if offer.is_tender:
        return words["gentle"]
    return words["intention" if reason.intention else offer.phases[0]]


def _support(offer: Offer) -> Support | None:
    settings: Settings = current_app.config["SETTINGS"]
    return Support(_words()[language()]["support"], settings.crisis_resources) if offer.is_tender else None


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(WORDING.read_text("utf-8"))
