"""/prompts/library, /prompts/{id}, /prompts/{id}/shown, and a clinic's own by POST /prompts."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, unit_of_work
from integration_api.prompts import own, schemas, use_cases
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.web.languages import language, told_in
from integration_api.web.operations import colliding
from integration_api.wiring import parts

blp = Blueprint("Prompts", __name__, url_prefix="/v1/prompts", description="Questions to write by.")


@blp.route("")
class Prompts(MethodView):
    """A clinic's own prompts."""

    @blp.creates("addPrompt", schemas.PromptDraftSchema, schemas.PromptSchema, of=Resource.PROMPT)
    def post(self, caller: Principal, draft: own.PromptDraft, once: Once) -> object:
        """Add a prompt of the clinic's own.

        It is offered beside those of the library from now on. Have a clinician review it, and say who did.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: own.add_prompt(db_session, caller, draft),
                lambda prompt_id: own.read_prompt(db_session, caller, prompt_id),
            )


@blp.route("/library")
class Library(MethodView):
    """All prompts that a clinic has."""

    @blp.lists("listPrompts", schemas.PromptSchema, schemas.LibraryQuery, of=Resource.PROMPT)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List the prompts.

        The library and the clinic's own, with their phases, themes and sources; of one phase or purpose, if asked for.
        Those that are switched off are listed for clinicians and admins, who may switch them on.
        """
        told_in(language())
        with reading() as db_session:
            return use_cases.list_prompts(db_session, caller, query["phase"], query["purpose"], page)


@blp.route("/<uuid:prompt_id>")
class OnePrompt(MethodView):
    """One prompt."""

    @blp.reads("readPrompt", schemas.PromptSchema, of=Resource.PROMPT)
    def get(self, caller: Principal, prompt_id: UUID) -> object:
        """Read a prompt.

        In every language that there is. One that is no longer offered stays readable, for the entries that answer it.
        """
        with reading() as db_session:
            found = own.read_prompt(db_session, caller, prompt_id)
        told_in(found.language_for(language()))
        return found

    @blp.patches("changePrompt", schemas.PromptDraftSchema, schemas.PromptSchema, of=Resource.PROMPT)
    def patch(self, caller: Principal, merge: Any, prompt_id: UUID) -> object:
        """Change a prompt of the clinic's own, or switch one of the library off or on.

        A merge patch. The words of the library stay as they are.
        """
        with unit_of_work() as db_session:
            return own.change_prompt(db_session, caller, prompt_id, merge)

    @blp.deletes("retirePrompt", schemas.PromptSchema, of=Resource.PROMPT)
    def delete(self, caller: Principal, match: Any, prompt_id: UUID) -> None:
        """Take a prompt of the clinic's own out.

        It is no longer offered or listed; entries that answer it can still show it.
        """
        with unit_of_work() as db_session:
            own.retire_prompt(db_session, caller, prompt_id, match, parts().now())


@blp.route("/<uuid:prompt_id>/shown")
class Shown(MethodView):
    """A prompt that was seen."""

    @blp.acts("seePrompt", schemas.SeenSchema, schemas.ShowingSchema, of=Resource.PROMPT_OFFER)
    def post(self, caller: Principal, _draft: dict[str, Any], prompt_id: UUID) -> object:
        """Say that the patient has seen a prompt.

        Then another one comes first. An entry written with its `prompt_id` says the same. Safe to repeat.
        """

        def see() -> object:
            with unit_of_work() as db_session:
                return use_cases.see_prompt(db_session, caller, prompt_id, parts().now())

        return colliding(see)
