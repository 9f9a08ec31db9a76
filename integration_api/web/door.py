"""The one door: every route names what it needs, and nothing behind it runs for a caller who may not."""

from flask import current_app, request

from integration_api.access import policy
from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.access.use_cases import bearer
from integration_api.config import Settings
from integration_api.db import reading
from integration_api.errors import Unauthenticated
from integration_api.wiring import parts


def enter(resource: Resource, action: Action) -> Principal:
    """Say who is calling; raise `Unauthenticated`, or `NotAllowed` where the role or scope rules it out."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send a bearer token in the Authorization header.")
    settings: Settings = current_app.config["SETTINGS"]
    with reading() as db_session:
        principal = bearer(db_session, token.strip(), issuer=settings.public_url, at=parts().now())
    policy.reach(principal, resource, action)
    return principal
