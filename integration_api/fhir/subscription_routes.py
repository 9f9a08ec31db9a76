"""/fhir/R4/Subscription: how a system subscribes for itself. What it is told is the room of events'."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, request

from integration_api.access.policy import Resource
from integration_api.access.scopes import Action
from integration_api.db import reading, unit_of_work
from integration_api.errors import Fault, Invalid
from integration_api.events import fhir, subscriptions
from integration_api.events.jobs import guard
from integration_api.fhir.answering import base_url
from integration_api.fhir.bundles import Cursors, read_question, searchset
from integration_api.fhir.facade import check_format
from integration_api.fhir.incoming_routes import read_body
from integration_api.fhir.outcome import prefers
from integration_api.fhir.search import Search, read_search
from integration_api.fhir.sources import Hit, ResourceType
from integration_api.fhir.use_cases import Found
from integration_api.web.door import enter, traced
from integration_api.wiring import parts
from models import Webhook, new_id

blp = Blueprint("fhir_subscriptions", __name__, url_prefix="/fhir/R4/Subscription")
blp.before_request(check_format)
_TYPE = ResourceType(
    name="Subscription",
    resource=Resource.SUBSCRIPTION,
    sources=(),
    summary=("status", "end", "error"),
    mandatory=("status", "reason", "criteria", "channel"),
)


def _written(resource: dict[str, Any], status: int = 200, **headers: str) -> Response:
    body = current_app.json.dumps(resource) + "\n"
    return Response(body, status, headers=headers, mimetype=fhir.FHIR_JSON)


@blp.post("")
def subscribe() -> Response:
    """Subscribe; the endpoint is sent a handshake."""
    with traced("fhirCreateSubscription", Resource.SUBSCRIPTION, Action.CREATE, {}):
        caller = enter(Resource.SUBSCRIPTION, Action.CREATE)
        if "If-None-Exist" in request.headers:  # passed over, it would make the same one at each start of a system
            raise Invalid(Fault("A Subscription is not created by condition.", parameter="If-None-Exist"))
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
        cursors = Cursors(current_app.config["SECRET_KEY"], caller.user_id, _TYPE.name)
        pairs = list(request.args.items(multi=True))
        asked = _listable(read_question(_TYPE, pairs, cursors, is_lenient=prefers("handling=lenient")))
        with reading() as db_session:
            found = _page(subscriptions.subscriptions_of(db_session, caller), asked)
        return _written(searchset(base_url(), _TYPE, asked, found, parts().now(), cursors.write(asked, found)))


def _listable(asked: Search) -> Search:
    """Refuse what a list of Subscriptions is not narrowed, sorted or widened by."""
    for each in asked.asked:
        raise each.refuse("This server does not search by it.")
    for name in ("includes", "revincludes"):
        if getattr(asked, name):
            parameter = f"_{name.removesuffix('s')}"
            raise Invalid(Fault("There is no such reference to include.", parameter=parameter))
    if asked.sort == "date":
        raise Invalid(Fault("These resources are not sorted by date.", parameter="_sort"))
    return asked


def _page(rows: Sequence[Webhook], asked: Search) -> Found:
    """Give the page that is asked for. None is ever changed by its system, so that they stand as they were made."""
    if asked.summary == "count":
        return Found((), total=len(rows))
    keyed = [((each.created_at, each.id, 0), each) for each in (reversed(rows) if asked.is_descending else rows)]
    if asked.after is not None:
        after, is_down = asked.after, asked.is_descending
        keyed = [(key, each) for key, each in keyed if (key < after if is_down else key > after)]
    there = [Hit(fhir.write_subscription(subscriptions.standing_of(each)), key=key) for key, each in keyed]
    shown = there[: asked.count]
    return Found(shown, total=len(rows), next_after=shown[-1].key if len(there) > len(shown) else None)


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
