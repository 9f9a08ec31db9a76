"""The one door: every route names what it needs, and nothing behind it runs for a caller who may not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import current_app, g, request

from integration_api.access import policy
from integration_api.access.audit import Trace, outcome_of
from integration_api.access.outside import OutsideIssuer
from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.access.use_cases import bearer, outsider_principal
from integration_api.config import Settings
from integration_api.db import enter_organization, reading, unit_of_work
from integration_api.errors import RunOut, Unauthenticated
from integration_api.web.rates import rates
from integration_api.wiring import parts
from models import now


def enter(resource: Resource, action: Action) -> Principal:
    """Say who is calling; raise `Unauthenticated`, or `NotAllowed` where the role or scope rules it out."""
    principal = authenticated()
    policy.reach(principal, resource, action)
    return principal


def authenticated() -> Principal:
    """Say who is calling, for a request that holds several, each with needs of its own; raise `Unauthenticated`."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Please sign in. For apps: send a bearer token in the Authorization header.")
    settings: Settings = current_app.config["SETTINGS"]
    try:
        principal = _principal(settings, token.strip())
    except RunOut:
        rates().count_spent(token.strip())
        raise
    except Unauthenticated:
        rates().count_attempt(request.remote_addr or "unknown")  # tokens are not for guessing
        raise
    rates().count_call(principal.user_id)
    enter_organization(principal.organization_id)
    g.trace.caller = principal
    return principal


def _principal(settings: Settings, token: str) -> Principal:
    at = parts().now()
    outside: OutsideIssuer | None = current_app.extensions["outside_issuer"]
    outsider = None if outside is None else outside.read(token, at)  # may fetch keys, so it holds no transaction up
    with reading(everywhere=True) as db_session:
        if outsider is not None:
            return outsider_principal(db_session, outsider, at)
        return bearer(db_session, token, issuer=settings.public_url, at=at)


@contextmanager
def traced(operation: str, resource: str, action: Action, path: dict[str, Any]) -> Iterator[None]:
    """Have the audit trail know of what happens within, whichever way it ends; without that there is no answer."""
    ids = {name: each for name, each in path.items() if isinstance(each, UUID)}
    record_id = next((each for name, each in ids.items() if name != "patient_id"), None)
    origin = request.remote_addr or "unknown"
    trace = g.trace = Trace(operation, resource, action, origin, ids.get("patient_id"), record_id)
    try:
        yield
    except BaseException as error:
        _record(trace, outcome_of(error))
        raise
    _record(trace, "done")


def _record(trace: Trace, outcome: str) -> None:
    if trace.caller is not None and not trace.is_recorded:
        with unit_of_work() as db_session:
            trace.record(db_session, now(), outcome)
