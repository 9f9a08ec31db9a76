"""Escalating what nobody has acknowledged in time, and opening what nobody has in hand any more.

When somebody looks, by the worker, or from the command line.
"""

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
    """Escalate what is overdue: within a request the caller's organization's, else everybody's; tell how many.

    What a clinician had taken on who has left the care team since waits again.
    """
    at = parts().now()
    with reading() as db_session:
        overdue, left = use_cases.list_overdue(db_session, at), use_cases.list_left_behind(db_session)
    if left:
        with unit_of_work() as db_session:
            use_cases.put_back(db_session, left, timing())
    if not overdue:
        return 0
    with unit_of_work() as db_session:
        return use_cases.escalate(db_session, overdue, at)
