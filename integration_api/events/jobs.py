"""Carrying events out: what the worker does over and over, each step in transactions of its own."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from random import SystemRandom

from flask import current_app

from integration_api.access.outgoing import Call, Failed, Guard, OutgoingError, exchange
from integration_api.config import Environment, Settings
from integration_api.db import reading, unit_of_work
from integration_api.events import outbox, rising, subscriptions
from integration_api.events.messages import Message, Outcome
from integration_api.wiring import parts

SECONDS = 10.0  # that a receiver has to answer
LARGEST = 16 * 1024  # bytes of its answer that are read, and thrown away
AT_ONCE = 8
_LOOKED_AT = 20  # patients
log = logging.getLogger(__name__)
_chance = SystemRandom().random


def guard() -> Guard:
    """Say where webhooks may lead: the open internet, and what the settings open of the clinic's own network."""
    settings: Settings = current_app.config["SETTINGS"]
    return Guard(
        is_local_allowed=settings.environment is not Environment.PRODUCTION,
        networks=settings.outgoing_networks,
        ports=frozenset(settings.outgoing_ports),
    )


def dispatch_events() -> int:
    """Lay out what waits; tell how many events there were."""
    with reading() as db_session:
        if not outbox.has_undispatched(db_session):
            return 0
    with unit_of_work() as db_session:
        return outbox.dispatch(db_session, parts().now())


def deliver() -> int:
    """Send what is due, several at once; tell how many were dealt with."""
    settings: Settings = current_app.config["SETTINGS"]
    with reading() as db_session:
        if not outbox.has_due(db_session, parts().now()):
            return 0
    with unit_of_work() as db_session:
        messages, dropped = outbox.claim(db_session, settings.public_url, parts().now(), AT_ONCE)
    allowed = guard()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for message, outcome in zip(messages, pool.map(lambda each: send(each, allowed), messages), strict=True):
            with unit_of_work() as db_session:
                outbox.record(db_session, message.delivery_id, outcome, parts().now(), _chance)
            if not outcome.is_taken:
                log.info("delivery %s: %s", message.delivery_id, outcome.error or outcome.status)
    return len(messages) + dropped


def send(message: Message, allowed: Guard) -> Outcome:
    """Try once. What the receiver says beside its status is not kept."""
    started = time.monotonic()
    try:
        parts_of_url = allowed.check(message.url)
        call = Call("POST", parts_of_url, message.headers, message.body, seconds=SECONDS, largest=LARGEST)
        answer = exchange(call, allowed)
    except OutgoingError as error:
        return Outcome(_since(started), error=error.kind)
    except Exception as error:  # noqa: BLE001  (a receiver's oddity must not stop the others; only its kind is told)
        log.warning("delivery %s: %s", message.delivery_id, type(error).__name__)
        return Outcome(_since(started), error=Failed("answer").kind)
    return Outcome(_since(started), status=answer.status, retry_after=answer.headers.get("retry-after"))


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def beat() -> int:
    """Have Subscriptions show that they live, and end those that were to end."""
    with reading() as db_session:
        if not subscriptions.has_active(db_session):
            return 0
    with unit_of_work() as db_session:
        return subscriptions.beat(db_session, parts().now())


def prune_events() -> int:
    """Forget what was told long ago."""
    with unit_of_work() as db_session:
        return outbox.prune(db_session, parts().now())


def notice_rising() -> int:
    """Look at the records that have changed, and notice which themes begin to rise; tell how many were looked at."""
    with reading() as db_session:
        changed = rising.changed_patients(db_session, _LOOKED_AT)
    for organization_id, patient_id, stamp in changed:
        with reading() as db_session:
            themes = rising.rising_for(db_session, organization_id, patient_id)
        with unit_of_work() as db_session:
            rising.note_rising(db_session, organization_id, patient_id, stamp, themes)
    return len(changed)
