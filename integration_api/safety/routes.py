"""/safety-flags."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import show_gaps, showing, unit_of_work
from integration_api.safety import schemas, use_cases
from integration_api.safety.jobs import escalate_overdue, timing
from integration_api.web.blueprint import Blueprint

blp = Blueprint("Safety", __name__, url_prefix="/v1/safety-flags", description="What a care team must see soon.")


def _act(act: Callable[..., object], caller: Principal, flag_id: UUID, step: use_cases.Step) -> object:
    escalate_overdue()
    with unit_of_work() as db_session:
        flag = act(db_session, caller, flag_id, step, timing())
        show_gaps(db_session)  # words that do not open keep nobody from acting on a flag
        return flag


@blp.route("")
class SafetyFlags(MethodView):
    """What a care team must see soon."""

    @blp.lists("listSafetyFlags", schemas.SafetyFlagSchema, schemas.FlagQuery, of=Resource.SAFETY_FLAG)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List safety flags.

        The latest first. What is put before one's role, escalated or assigned to one; with `routed=any` all that one
        may see. Flags are raised by what the tagger finds. What it misses may well be there: no flag is no all-clear.
        """
        escalate_overdue()
        with showing() as db_session:
            return use_cases.list_flags(db_session, caller, query["wanted"], page)


@blp.route("/<uuid:flag_id>")
class OneSafetyFlag(MethodView):
    """One safety flag."""

    @blp.reads("readSafetyFlag", schemas.SafetyFlagSchema, of=Resource.SAFETY_FLAG)
    def get(self, caller: Principal, flag_id: UUID) -> object:
        """Read a safety flag.

        With the passages that speak for it and everything that happened to it. Of private words it tells theme,
        severity and times alone, and only as long as the patient agrees to that.
        """
        escalate_overdue()
        with showing() as db_session:
            return use_cases.read_flag(db_session, caller, flag_id)


@blp.route("/<uuid:flag_id>/acknowledge")
class Acknowledgement(MethodView):
    """Having seen a flag."""

    @blp.acts("acknowledgeSafetyFlag", schemas.StepSchema, schemas.SafetyFlagSchema, of=Resource.SAFETY_FLAG)
    def post(self, caller: Principal, step: use_cases.Step, flag_id: UUID) -> object:
        """Acknowledge a safety flag.

        Says that one has seen an open flag. It is not escalated any more.
        """
        return _act(use_cases.acknowledge, caller, flag_id, step)


@blp.route("/<uuid:flag_id>/assign")
class Assignment(MethodView):
    """Whose a flag is."""

    @blp.acts("assignSafetyFlag", schemas.AssignmentSchema, schemas.SafetyFlagSchema, of=Resource.SAFETY_FLAG)
    def post(self, caller: Principal, step: use_cases.Step, flag_id: UUID) -> object:
        """Assign a safety flag.

        Puts an open or acknowledged flag into the hands of a clinician of the care team. An open one stays open.
        """
        return _act(use_cases.assign, caller, flag_id, step)


@blp.route("/<uuid:flag_id>/resolve")
class Resolution(MethodView):
    """What was done about a flag."""

    @blp.acts("resolveSafetyFlag", schemas.ReasonedStepSchema, schemas.SafetyFlagSchema, of=Resource.SAFETY_FLAG)
    def post(self, caller: Principal, step: use_cases.Step, flag_id: UUID) -> object:
        """Resolve a safety flag.

        Says what was done about an acknowledged flag, and closes it.
        """
        return _act(use_cases.resolve, caller, flag_id, step)


@blp.route("/<uuid:flag_id>/reopen")
class Reopening(MethodView):
    """Taking a flag up again."""

    @blp.acts("reopenSafetyFlag", schemas.ReasonedStepSchema, schemas.SafetyFlagSchema, of=Resource.SAFETY_FLAG)
    def post(self, caller: Principal, step: use_cases.Step, flag_id: UUID) -> object:
        """Reopen a safety flag.

        Takes a resolved flag up again. It waits anew, and is escalated anew if nobody acknowledges it.
        """
        return _act(use_cases.reopen_flag, caller, flag_id, step)
