"""GET /prompts: what fits the calling patient now."""

from datetime import datetime
from typing import Any

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import showing, unit_of_work
from integration_api.offers import schemas, use_cases
from integration_api.web.blueprint import Blueprint
from integration_api.web.languages import language, told_in
from integration_api.web.operations import colliding
from integration_api.wiring import parts

blp = Blueprint("Offers", __name__, url_prefix="/v1/prompts", description="Questions that fit a patient now.")


@blp.route("")
class Offers(MethodView):
    """What is put to the patient now."""

    @blp.reads("readPrompts", schemas.OfferSchema, of=Resource.PROMPT_OFFER, query=schemas.OfferQuery)
    def get(self, caller: Principal, query: dict[str, Any]) -> object:
        """Read the prompts that fit now.

        By phase and hours since dosing, by what the patient's own entries return to or have left, by which commitment
        is due; each with its reasons. Within a day of dosing gentle ones only, after signs of danger grounding ones
        only, beside where help is. What stands first stays so for the day, until it was seen; then, and the next day,
        another does. It is for the patient alone.
        """
        at, spoken = parts().now(), language()
        told_in(spoken)
        with showing() as db_session:
            offer = use_cases.offer_prompts(db_session, caller, query["limit"], spoken, at)
        if offer.is_new:
            put_first(caller, offer, at)
        return offer


def put_first(caller: Principal, offer: use_cases.Offer, at: datetime) -> None:
    """Note what was offered, as the trail notes who read: it changes nothing that the patient has."""
    colliding(lambda: _keep(caller, offer, at))


def _keep(caller: Principal, offer: use_cases.Offer, at: datetime) -> None:
    with unit_of_work() as db_session:
        use_cases.keep_offer(db_session, caller, offer, at)
