"""/me/home."""

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.config import Settings
from integration_api.db import showing
from integration_api.home import schemas, use_cases
from integration_api.measures.due import load_schedule
from integration_api.offers.routes import put_first
from integration_api.web.blueprint import Blueprint
from integration_api.web.languages import language
from integration_api.wiring import parts

blp = Blueprint("Home", __name__, url_prefix="/v1/me/home", description="What a phone shows first.")


@blp.route("")
class FirstScreen(MethodView):
    """The first screen."""

    @blp.reads("readHome", schemas.HomeSchema, of=Resource.HOME)
    def get(self, caller: Principal) -> object:
        """Read what a phone shows first.

        A question to write by, which measures are due, the next reminders, the next and the last session, how the
        latest entries and open commitments begin, and how many there are: always under 10 kB. Poll it with
        `If-None-Match`.
        """
        settings: Settings = current_app.config["SETTINGS"]
        asked = use_cases.Asked(parts().now(), language(), load_schedule(settings.measure_schedule))
        with showing() as db_session:
            home = use_cases.read_home(db_session, caller, asked)
        if (offer := home.new_offer) is not None:
            put_first(caller, offer, asked.at)
        return home
