"""/me/apps."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.oauth import apps, schemas
from integration_api.web.blueprint import Blueprint
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint("Apps", __name__, url_prefix="/v1/me/apps", description="Which apps a person has let in.")


def _as_of() -> apps.AsOf:
    settings: Settings = current_app.config["SETTINGS"]
    return apps.AsOf(parts().now(), timedelta(minutes=settings.token_minutes))


@blp.route("")
class Apps(MethodView):
    """The apps that the caller has let in."""

    @blp.lists("listApps", schemas.AppSchema, PageQuery, of=Resource.APP)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List the apps that one has let in.

        By name, each with what it may do. One that was shut out, has run out or was switched off by the clinic is not
        among them; one that was let in several times, as on two telephones, is there once.
        """
        with reading() as db_session:
            return apps.list_apps(db_session, caller, _as_of(), page)


@blp.route("/<uuid:app_id>")
class OneApp(MethodView):
    """An app that the caller has let in."""

    @blp.reads("readApp", schemas.AppSchema, of=Resource.APP)
    def get(self, caller: Principal, app_id: UUID) -> object:
        """Read an app that one has let in.

        What it may do, since when, and until when.
        """
        with reading() as db_session:
            return apps.read_app(db_session, caller, app_id, _as_of())

    @blp.deletes("endApp", schemas.AppSchema, of=Resource.APP)
    def delete(self, caller: Principal, match: Any, app_id: UUID) -> None:
        """Shut an app out.

        All that it has of the caller's ends at once: access tokens, refresh tokens, codes, on every device. What it did
        stays. It can be let in again. An app that is at work gets a new ETag each time that it comes for a token, so
        `If-Match: *` shuts it out whatever it does. Shutting it out again changes nothing, and is no error.
        """
        with unit_of_work() as db_session:
            apps.end_app(db_session, caller, app_id, match, _as_of())
