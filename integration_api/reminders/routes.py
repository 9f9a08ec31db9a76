"""/me/reminders, /me/reminder-settings."""

from typing import Any

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.measures.due import load_schedule
from integration_api.reminders import preferences, schemas, use_cases
from integration_api.web.blueprint import Blueprint
from integration_api.web.languages import language, told_in
from integration_api.wiring import parts

blp = Blueprint("Reminders", __name__, url_prefix="/v1/me", description="What an app can remind of by itself.")


@blp.route("/reminders")
class Reminders(MethodView):
    """What is still to come."""

    @blp.lists("listReminders", schemas.ReminderSchema, schemas.ReminderQuery, of=Resource.REMINDER)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List what the app can remind the caller of.

        The earliest first, for sixty days, in words that tell a stranger nothing. Ask again after every change: a
        reminder that moved keeps its id, one that is no longer listed is to be taken down.
        """
        told_in(language())
        settings: Settings = current_app.config["SETTINGS"]
        wish = use_cases.Wish(query["timezone"], load_schedule(settings.measure_schedule))
        with reading() as db_session:
            return use_cases.list_reminders(db_session, caller, wish, page, parts().now())


@blp.route("/reminder-settings")
class ReminderSettings(MethodView):
    """Which reminders the caller wants."""

    @blp.reads("readReminderSettings", schemas.ReminderSettingsSchema, of=Resource.REMINDER)
    def get(self, caller: Principal) -> object:
        """Read which reminders one wants.

        Kinds, quiet hours and the time zone.
        """
        with reading() as db_session:
            return preferences.read_preferences(db_session, caller)

    @blp.patches(
        "changeReminderSettings",
        schemas.ReminderSettingsDraftSchema,
        schemas.ReminderSettingsSchema,
        of=Resource.REMINDER,
    )
    def patch(self, caller: Principal, merge: Any) -> object:
        """Change which reminders one wants.

        A merge patch.
        """
        with unit_of_work() as db_session:
            return preferences.change_preferences(db_session, caller, merge)
