"""/ehr-connections, and a document's copies."""

from typing import Any
from uuid import UUID

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.config import Environment, Settings
from integration_api.db import reading, unit_of_work
from integration_api.ehr import copies, schemas, use_cases
from integration_api.events.jobs import guard
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.wiring import parts

blp = Blueprint("Record systems", __name__, url_prefix="/v1", description="Writing to the clinic's record systems.")


def _installation() -> use_cases.Installation:
    settings: Settings = current_app.config["SETTINGS"]
    is_production = settings.environment is Environment.PRODUCTION
    return use_cases.Installation(guard(), parts().key_service, is_production)


@blp.route("/ehr-connections")
class Connections(MethodView):
    """Which record systems are written to."""

    @blp.lists(
        "listEhrConnections", schemas.EhrConnectionSchema, schemas.EhrConnectionQuery, of=Resource.EHR_CONNECTION
    )
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List record systems.

        Those that the organization writes to, the oldest first, each with how it fares.
        """
        with reading() as db_session:
            return use_cases.list_connections(db_session, caller, page)

    @blp.creates(
        "connectEhr", schemas.EhrConnectionDraftSchema, schemas.EhrConnectionSchema, of=Resource.EHR_CONNECTION
    )
    def post(self, caller: Principal, draft: use_cases.ConnectionDraft, once: Once) -> object:
        """Connect a record system.

        We come to it as a SMART backend service (`private_key_jwt`, ES384); our keys are at `/.well-known/jwks.json`.
        Nothing is sent until a clinician asks for it, document by document.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: use_cases.connect(db_session, caller, draft, _installation()),
                lambda connection_id: use_cases.read_connection(db_session, caller, connection_id),
            )


@blp.route("/ehr-connections/<uuid:connection_id>")
class Connection(MethodView):
    """One record system."""

    @blp.reads("readEhrConnection", schemas.EhrConnectionSchema, of=Resource.EHR_CONNECTION)
    def get(self, caller: Principal, connection_id: UUID) -> object:
        """Read a record system.

        With how it fares: since when it fails, until when it is let be.
        """
        with reading() as db_session:
            return use_cases.read_connection(db_session, caller, connection_id)

    @blp.patches(
        "changeEhrConnection",
        schemas.EhrConnectionDraftSchema,
        schemas.EhrConnectionSchema,
        of=Resource.EHR_CONNECTION,
    )
    def patch(self, caller: Principal, merge: Any, connection_id: UUID) -> object:
        """Change a record system.

        A merge patch. While it is paused nothing is sent there, and nothing is withdrawn.
        """
        with unit_of_work() as db_session:
            return use_cases.change_connection(db_session, caller, connection_id, merge, _installation())


@blp.route("/ehr-connections/<uuid:connection_id>/copies")
class CopiesThere(MethodView):
    """What is in one record system."""

    @blp.lists(
        "listEhrConnectionCopies",
        schemas.EhrCopySchema,
        schemas.EhrCopyQuery,
        of=Resource.EHR_CONNECTION,
        missing=True,
    )
    def get(self, caller: Principal, query: dict[str, Any], page: Any, connection_id: UUID) -> object:
        """List all copies in a record system.

        Ids and states, the latest first; `state=refused` are those to see to, `not_recalled` among them.
        """
        with reading() as db_session:
            return use_cases.list_copies_there(db_session, caller, connection_id, query["state"], page)


@blp.route("/documents/<uuid:document_id>/ehr-copies")
class Copies(MethodView):
    """A document's copies in record systems."""

    @blp.lists("listEhrCopies", schemas.EhrCopySchema, schemas.CopiesQuery, of=Resource.EHR_COPY, missing=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any, document_id: UUID) -> object:
        """List a document's copies.

        Of a shared journal entry or a progress note: where it has gone, and whether it is there as it is now.
        """
        with reading() as db_session:
            return copies.list_copies(db_session, caller, document_id, page)

    @blp.creates("sendEhrCopy", schemas.CopyDraftSchema, schemas.EhrCopySchema, of=Resource.EHR_COPY, missing=True)
    def post(self, caller: Principal, draft: copies.CopyDraft, once: Once, document_id: UUID) -> object:
        """Send a document to a record system.

        A progress note or a shared journal entry, once the patient has agreed (`ehr`). It is sent in the background,
        and from then on follows the document: edited with it, withdrawn when it may no longer be shared.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: copies.ask_for_copy(db_session, caller, document_id, draft, parts().now()),
                lambda copy_id: copies.read_copy(db_session, caller, copy_id),
            )
