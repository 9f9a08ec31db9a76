"""/fhir/R4/Subscription: how a system subscribes for itself. What it is told is the room of events'."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, request

from integration_api.access.policy import Resource
from integration_api.access.scopes import Action
from integration_api.db import reading, unit_of_work
from integration_api.events import fhir, subscriptions
from integration_api.events.jobs import guard
from integration_api.fhir.answering import base_url
from integration_api.fhir.facade import mind_formats
from integration_api.fhir.incoming_routes import read_body
from integration_api.fhir.outcome import prefers
from integration_api.fhir.search import read_search
from integration_api.web.door import enter, traced
from integration_api.wiring import parts
from models import new_id

blp = Blueprint("fhir_subscriptions", __name__, url_prefix="/fhir/R4/Subscription")
mind_formats(blp)


def _written(resource: dict[str, Any], status: int = 200, **headers: str) -> Response:
    body = current_app.json.dumps(resource) + "\n"
    return Response(body, status, headers=headers, mimetype=fhir.FHIR_JSON)


@blp.post("")
def subscribe() -> Response:
    """Subscribe; the endpoint is sent a handshake."""
    with traced("fhirCreateSubscription", Resource.SUBSCRIPTION, Action.CREATE, {}):
        caller = enter(Resource.SUBSCRIPTION, Action.CREATE)
        draft = fhir.read_subscription(read_body())
        with unit_of_work() as db_session:
            made = subscriptions.subscribe(db_session, caller, draft, guard(), parts().now())
            standing = subscriptions.standing_of(made)
        place = f"{base_url()}/Subscription/{standing.id}"
        return _written(fhir.write_subscription(standing), 201, Location=place)


@blp.get("")
def search() -> Response:
    """List the caller's own."""
    with traced("fhirSearchSubscription", Resource.SUBSCRIPTION, Action.SEARCH, {}):
        caller = enter(Resource.SUBSCRIPTION, Action.SEARCH)
        _check_parameters()
        with reading() as db_session:
            found = [subscriptions.standing_of(each) for each in subscriptions.subscriptions_of(db_session, caller)]
        entries = [
            {"fullUrl": f"{base_url()}/Subscription/{each.id}", "resource": fhir.write_subscription(each)}
            for each in found
        ]
        page: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
        page["link"] = [{"relation": "self", "url": f"{base_url()}/Subscription"}]
        return _written(page | ({"entry": entries} if entries else {}))


@blp.get("/<uuid:subscription_id>")
def read(subscription_id: UUID) -> Response:
    """Read one of the caller's own."""
    return _written(fhir.write_subscription(_standing("fhirReadSubscription", subscription_id)))


@blp.get("/<uuid:subscription_id>/$status")
def status(subscription_id: UUID) -> Response:
    """Tell how one stands."""
    standing = _standing("fhirSubscriptionStatus", subscription_id)
    return _written(fhir.status_bundle(standing, base_url(), parts().now(), new_id()))


def _standing(operation: str, subscription_id: UUID) -> fhir.Standing:
    with traced(operation, Resource.SUBSCRIPTION, Action.READ, {"subscription_id": subscription_id}):
        caller = enter(Resource.SUBSCRIPTION, Action.READ)
        _check_parameters()
        with reading() as db_session:
            found = subscriptions.read_subscription_of(db_session, caller, subscription_id)
            return subscriptions.standing_of(found)


def _check_parameters() -> None:
    """Refuse what narrows nothing here: a caller would take all of the answer for what was asked for."""
    read_search(list(request.args.items(multi=True)), (), is_lenient=prefers("handling=lenient"))


@blp.delete("/<uuid:subscription_id>")
def unsubscribe(subscription_id: UUID) -> Response:
    """End one of the caller's own."""
    path = {"subscription_id": subscription_id}
    with traced("fhirDeleteSubscription", Resource.SUBSCRIPTION, Action.DELETE, path):
        caller = enter(Resource.SUBSCRIPTION, Action.DELETE)
        with unit_of_work() as db_session:
            subscriptions.unsubscribe(db_session, caller, subscription_id)
        return Response(status=204)
