"""/me/home."""

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading
from integration_api.home import schemas, use_cases
from integration_api.web.blueprint import Blueprint
from integration_api.wiring import parts

blp = Blueprint("Home", __name__, url_prefix="/v1/me/home", description="What a phone shows first.")


@blp.route("")
class FirstScreen(MethodView):
    """The first screen."""

    @blp.reads("readHome", schemas.HomeSchema, of=Resource.HOME)
    def get(self, caller: Principal) -> object:
        """Read what a phone shows first.

        The next and the last session, how the latest entries and open commitments begin, and how many there are:
        always under 10 kB. Poll it with `If-None-Match`.
        """
        with reading() as db_session:
            return use_cases.read_home(db_session, caller, parts().now())
