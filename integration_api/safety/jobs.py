"""Escalating what nobody has acknowledged in time: when somebody looks, or from the command line."""

from flask import current_app

from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.safety import use_cases
from integration_api.safety.routing import Timing
from integration_api.wiring import parts


def timing() -> Timing:
    """Tell the time, and what the settings say of escalation."""
    settings: Settings = current_app.config["SETTINGS"]
    return Timing(parts().now(), settings.escalate_minutes)


def escalate_overdue() -> int:
    """Escalate what is overdue: within a request the caller's organization's, else everybody's; tell how many."""
    at = parts().now()
    with reading() as db_session:
        overdue = use_cases.list_overdue(db_session, at)
    if not overdue:
        return 0
    with unit_of_work() as db_session:
        return use_cases.escalate(db_session, overdue, at)
