"""/fhir/R4/Subscription: how a system subscribes for itself. Part of the FHIR facade; errors take that one's shape."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, request

from integration_api.access.policy import Resource
from integration_api.access.scopes import Action
from integration_api.config import Settings
from integration_api.db import reading, unit_of_work
from integration_api.events import fhir, subscriptions
from integration_api.events.jobs import guard
from integration_api.web.body import JSON, read_json
from integration_api.web.door import enter, traced
from integration_api.wiring import parts
from models import new_id

blp = Blueprint("fhir_subscriptions", __name__, url_prefix="/fhir/R4/Subscription")


def _base() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.public_url}/fhir/R4"


def _written(resource: dict[str, Any], status: int = 200, **headers: str) -> Response:
    body = current_app.json.dumps(resource) + "\n"
    return Response(body, status, headers=headers, mimetype=fhir.FHIR_JSON)


@blp.post("")
def subscribe() -> Response:
    """Subscribe; the endpoint is sent a handshake."""
    with traced("fhirCreateSubscription", Resource.SUBSCRIPTION, Action.CREATE, {}):
        caller = enter(Resource.SUBSCRIPTION, Action.CREATE)
        draft = fhir.read_subscription(read_json(JSON if request.mimetype == JSON else fhir.FHIR_JSON))
        with unit_of_work() as db_session:
            made = subscriptions.subscribe(db_session, caller, draft, guard(), parts().now())
            standing = subscriptions.standing_of(made)
        place = f"{_base()}/Subscription/{standing.id}"
        return _written(fhir.write_subscription(standing), 201, Location=place)


@blp.get("")
def search() -> Response:
    """List the caller's own."""
    with traced("fhirSearchSubscription", Resource.SUBSCRIPTION, Action.SEARCH, {}):
        caller = enter(Resource.SUBSCRIPTION, Action.SEARCH)
        with reading() as db_session:
            found = [subscriptions.standing_of(each) for each in subscriptions.subscriptions_of(db_session, caller)]
        entries = [
            {"fullUrl": f"{_base()}/Subscription/{each.id}", "resource": fhir.write_subscription(each)}
            for each in found
        ]
        page: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
        page["link"] = [{"relation": "self", "url": f"{_base()}/Subscription"}]
        return _written(page | ({"entry": entries} if entries else {}))


@blp.get("/<uuid:subscription_id>")
def read(subscription_id: UUID) -> Response:
    """Read one of the caller's own."""
    return _written(fhir.write_subscription(_standing("fhirReadSubscription", subscription_id)))


@blp.get("/<uuid:subscription_id>/$status")
def status(subscription_id: UUID) -> Response:
    """Tell how one stands."""
    standing = _standing("fhirSubscriptionStatus", subscription_id)
    return _written(fhir.status_bundle(standing, _base(), parts().now(), new_id()))


def _standing(operation: str, subscription_id: UUID) -> fhir.Standing:
    with traced(operation, Resource.SUBSCRIPTION, Action.READ, {"subscription_id": subscription_id}):
        caller = enter(Resource.SUBSCRIPTION, Action.READ)
        with reading() as db_session:
            found = subscriptions.read_subscription_of(db_session, caller, subscription_id)
            return subscriptions.standing_of(found)


@blp.delete("/<uuid:subscription_id>")
def unsubscribe(subscription_id: UUID) -> Response:
    """End one of the caller's own."""
    path = {"subscription_id": subscription_id}
    with traced("fhirDeleteSubscription", Resource.SUBSCRIPTION, Action.DELETE, path):
        caller = enter(Resource.SUBSCRIPTION, Action.DELETE)
        with unit_of_work() as db_session:
            subscriptions.unsubscribe(db_session, caller, subscription_id)
        return Response(status=204)
