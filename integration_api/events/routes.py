"""/webhooks."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import reading, unit_of_work
from integration_api.events import schemas, use_cases
from integration_api.events.jobs import guard
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.wiring import parts

blp = Blueprint("Events", __name__, url_prefix="/v1/webhooks", description="Telling other systems what happened.")


@blp.route("")
class Webhooks(MethodView):
    """Who is told of what."""

    @blp.lists("listWebhooks", schemas.WebhookSchema, schemas.WebhookQuery, of=Resource.WEBHOOK)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List webhooks.

        The organization's, the oldest first, each with how it fares.
        """
        with reading() as db_session:
            return use_cases.list_webhooks(db_session, caller, query["state"], page)

    @blp.creates("setUpWebhook", schemas.WebhookDraftSchema, schemas.WebhookSchema, of=Resource.WEBHOOK)
    def post(self, caller: Principal, draft: use_cases.WebhookDraft, once: Once) -> object:
        """Set a webhook up.

        The answer shows the secret, this once. What happens from now on is told, of patients who have consented
        (`ehr`): ids and links, never a word of the record.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.set_up(db_session, caller, draft, guard()),
                lambda webhook_id: use_cases.read_webhook(db_session, caller, webhook_id),
            )


@blp.route("/<uuid:webhook_id>")
class OneWebhook(MethodView):
    """One webhook."""

    @blp.reads("readWebhook", schemas.WebhookSchema, of=Resource.WEBHOOK)
    def get(self, caller: Principal, webhook_id: UUID) -> object:
        """Read a webhook.

        With how it fares: since when it fails, until when it rests.
        """
        with reading() as db_session:
            return use_cases.read_webhook(db_session, caller, webhook_id)

    @blp.patches("changeWebhook", schemas.WebhookDraftSchema, schemas.WebhookSchema, of=Resource.WEBHOOK)
    def patch(self, caller: Principal, merge: Any, webhook_id: UUID) -> object:
        """Change a webhook.

        A merge patch; `state` pauses it, or makes it active again, with everything that has waited.
        """
        with unit_of_work() as db_session:
            return use_cases.change(db_session, caller, webhook_id, merge, guard())

    @blp.deletes("takeDownWebhook", schemas.WebhookSchema, of=Resource.WEBHOOK)
    def delete(self, caller: Principal, match: Any, webhook_id: UUID) -> None:
        """Take a webhook down.

        What has not been told by then is not told.
        """
        with unit_of_work() as db_session:
            use_cases.take_down(db_session, caller, webhook_id, match)


@blp.route("/<uuid:webhook_id>/rotate-secret")
class Secret(MethodView):
    """What a webhook's messages are signed with."""

    @blp.acts("rotateWebhookSecret", schemas.NothingSchema, schemas.WebhookSchema, of=Resource.WEBHOOK)
    def post(self, caller: Principal, _draft: Any, webhook_id: UUID) -> object:
        """Give a webhook a new secret.

        The answer shows it, this once. For 24 hours messages carry two signatures, by the new secret and by the old.
        """
        with unit_of_work() as db_session:
            return use_cases.rotate_secret(db_session, caller, webhook_id, parts().now())


@blp.route("/<uuid:webhook_id>/ping")
class Ping(MethodView):
    """Whether a webhook listens."""

    @blp.acts("pingWebhook", schemas.NothingSchema, schemas.DeliverySchema, of=Resource.WEBHOOK)
    def post(self, caller: Principal, _draft: Any, webhook_id: UUID) -> object:
        """Ping a webhook.

        Lays out a message of type `ping`; look among its deliveries for what became of it.
        """
        with unit_of_work() as db_session:
            return use_cases.ping(db_session, caller, webhook_id, parts().now())


@blp.route("/<uuid:webhook_id>/deliveries")
class Deliveries(MethodView):
    """What became of each event."""

    @blp.lists("listDeliveries", schemas.DeliverySchema, schemas.DeliveryQuery, of=Resource.WEBHOOK, missing=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any, webhook_id: UUID) -> object:
        """List deliveries.

        The latest first, each with its tries; `state=dead` are those that were given up.
        """
        with reading() as db_session:
            return use_cases.list_deliveries(db_session, caller, webhook_id, query["state"], page)


@blp.route("/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay")
class Replay(MethodView):
    """Telling again."""

    @blp.acts("replayDelivery", schemas.NothingSchema, schemas.DeliverySchema, of=Resource.WEBHOOK)
    def post(self, caller: Principal, _draft: Any, webhook_id: UUID, delivery_id: UUID) -> object:
        """Replay a delivery.

        The same event under the same `webhook-id`, if it may still be told.
        """
        with unit_of_work() as db_session:
            return use_cases.replay(db_session, caller, webhook_id, delivery_id, parts().now())
