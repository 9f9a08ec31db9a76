"""/sync."""

from typing import Any

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.sync import schemas
from integration_api.sync.exchange import Exchange
from integration_api.web.blueprint import Blueprint
from integration_api.web.body import write_json

blp = Blueprint("Sync", __name__, url_prefix="/v1", description="For phones that are offline now and then.")


@blp.route("/sync")
class Sync(MethodView):
    """What a phone wrote in, what is new out."""

    @blp.exchanges("sync", schemas.SyncRequestSchema, schemas.SyncAnswerSchema, of=Resource.SYNC)
    def post(self, caller: Principal, asked: dict[str, Any]) -> object:
        """Exchange changes with a phone.

        Each change is carried out by itself, and has its own result; repeating a request does nothing twice. Then
        come the records that changed since `token`. See `docs/sync.md`.
        """
        return write_json(schemas.SyncAnswerSchema().dump(Exchange(caller).answer(**asked)))
