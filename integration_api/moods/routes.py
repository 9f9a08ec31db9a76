"""/mood-check-ins."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, unit_of_work
from integration_api.moods import schemas, use_cases
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.wiring import parts

blp = Blueprint("Moods", __name__, url_prefix="/v1/mood-check-ins", description="How patients feel, without words.")


@blp.route("")
class MoodCheckIns(MethodView):
    """How patients feel."""

    @blp.lists("listMoodCheckIns", schemas.MoodCheckInSchema, schemas.CheckInQuery, of=Resource.MOOD_CHECK_IN)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List mood check-ins.

        The latest first; of one patient, session, visibility or stretch of time, if asked for.
        """
        with reading() as db_session:
            return use_cases.list_check_ins(db_session, caller, query["wanted"], page, parts().now())

    @blp.creates("checkInMood", schemas.MoodCheckInDraftSchema, schemas.MoodCheckInSchema, of=Resource.MOOD_CHECK_IN)
    def post(self, caller: Principal, draft: use_cases.CheckInDraft, once: Once) -> object:
        """Say how one feels.

        By the patient: two numbers, private unless shared.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.check_in(db_session, caller, draft, parts().now()),
                lambda check_in_id: use_cases.read_check_in(db_session, caller, check_in_id),
            )


@blp.route("/<uuid:check_in_id>")
class OneMoodCheckIn(MethodView):
    """How a patient felt."""

    @blp.reads("readMoodCheckIn", schemas.MoodCheckInSchema, of=Resource.MOOD_CHECK_IN)
    def get(self, caller: Principal, check_in_id: UUID) -> object:
        """Read a mood check-in.

        It is not changed; a mistaken one is taken back and made anew.
        """
        with reading() as db_session:
            return use_cases.read_check_in(db_session, caller, check_in_id)

    @blp.deletes("deleteMoodCheckIn", schemas.MoodCheckInSchema, of=Resource.MOOD_CHECK_IN)
    def delete(self, caller: Principal, match: Any, check_in_id: UUID) -> None:
        """Take a mood check-in back.

        It is gone, from every sum and pattern, too.
        """
        with unit_of_work() as db_session:
            use_cases.take_back(db_session, caller, check_in_id, match)
