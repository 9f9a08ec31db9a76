"""/me/consents, /me/export, /me/erasure, /patients/{id}/break-glass, /audit-events."""

from typing import Any
from uuid import UUID

from flask import Response, current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.config import Settings
from integration_api.db import reading, showing, unit_of_work
from integration_api.privacy import audit, break_glass, consents, erasure, schemas
from integration_api.privacy.archive import MEDIA_TYPE, packed
from integration_api.privacy.export import everything_about, files_of, labels_of, pages_of
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.web.pages import PageQuery
from integration_api.wiring import parts

blp = Blueprint(
    "Privacy",
    __name__,
    url_prefix="/v1",
    template_folder="templates",
    description="What a person agrees to, and who has seen what.",
)


@blp.route("/me/consents")
class Consents(MethodView):
    """What the caller agrees to."""

    @blp.lists("listConsents", schemas.ConsentSchema, PageQuery, of=Resource.CONSENT, missing=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List one's consents.

        Every word that was said, the latest first; of each purpose the latest counts.
        """
        with showing() as db_session:
            return consents.list_consents(db_session, caller, page)

    @blp.creates("giveConsent", schemas.ConsentDraftSchema, schemas.ConsentSchema, of=Resource.CONSENT)
    def post(self, caller: Principal, draft: consents.ConsentDraft, once: Once) -> object:
        """Give consent, or take it back.

        With the wording that was shown. It takes effect at once.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: consents.say(db_session, caller, draft),
                lambda consent_id: consents.read_consent(db_session, caller, consent_id),
            )


@blp.route("/me/export")
class Export(MethodView):
    """Everything about the caller."""

    @blp.downloads("exportMe", MEDIA_TYPE, of=Resource.EXPORT)
    def get(self, caller: Principal) -> Response:
        """Take everything along.

        One archive: `record.json` for machines, `record.html` to read, pictures and voice notes. Psychotherapy notes
        are their authors' own, and not part of it (45 CFR 164.524).
        """
        with showing() as db_session:
            at = parts().now()
            record, files = everything_about(db_session, caller, at), files_of(db_session, caller)
            pages = pages_of(record, labels_of(db_session, caller))
        answer = Response(packed(pages, files, parts().file_store, at), mimetype=MEDIA_TYPE)
        answer.headers["Content-Disposition"] = 'attachment; filename="integration-journal.zip"'
        return answer


@blp.route("/me/erasure")
class OneErasure(MethodView):
    """The wish to be forgotten."""

    @blp.reads("readErasure", schemas.ErasureSchema, of=Resource.ERASURE)
    def get(self, caller: Principal) -> object:
        """Read what has become of the wish.

        When it was said, until when the clinic must keep the record, and when it was carried out.
        """
        with reading() as db_session:
            return erasure.read_erasure(db_session, caller)

    @blp.creates("askForErasure", schemas.ErasureDraftSchema, schemas.ErasureSchema, of=Resource.ERASURE, missing=True)
    def post(self, caller: Principal, draft: dict[str, Any], once: Once) -> object:
        """Ask to be forgotten.

        Private entries are gone at once, and nobody on a care team reads the rest any more. Where the clinic must keep
        its record until some day, it is erased then; otherwise now. The account ends with the record. It cannot be
        taken back.
        """
        settings: Settings = current_app.config["SETTINGS"]
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: erasure.ask_for_erasure(
                    db_session, caller, parts().now(), draft.get("id"), settings.retain_years
                ),
                lambda _: erasure.read_erasure(db_session, caller),
            )


@blp.route("/patients/<uuid:patient_id>/break-glass")
class BreakGlass(MethodView):
    """Openings of a record outside the care team."""

    @blp.lists("listBreakGlass", schemas.BreakGlassSchema, PageQuery, of=Resource.BREAK_GLASS, missing=True)
    def get(self, caller: Principal, query: dict[str, Any], page: Any, patient_id: UUID) -> object:
        """List who has opened a record by break-glass.

        When, for how long, and why; the latest first. For the patient, the care team and the admin.
        """
        with showing() as db_session:
            return break_glass.list_openings(db_session, caller, patient_id, page)

    @blp.creates(
        "breakGlass",
        schemas.BreakGlassDraftSchema,
        schemas.BreakGlassSchema,
        of=Resource.BREAK_GLASS,
        missing=True,
    )
    def post(self, caller: Principal, draft: break_glass.BreakGlassDraft, once: Once, patient_id: UUID) -> object:
        """Open a record outside one's care teams.

        For a stated reason and at most an hour: what the care team reads can be read then, nothing can be changed, and
        private entries and psychotherapy notes stay closed. The patient and the admin see it.
        """
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: break_glass.break_glass(db_session, caller, patient_id, draft, parts().now()),
                lambda opening_id: break_glass.read_opening(db_session, caller, opening_id),
            )


@blp.route("/audit-events")
class AuditEvents(MethodView):
    """Who saw or changed what."""

    @blp.lists("listAuditEvents", schemas.AuditEventSchema, schemas.AuditQuery, of=Resource.AUDIT_EVENT)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List who saw or changed what.

        The latest first: of one's own record for a patient, of the whole organization for an admin.
        """
        with reading() as db_session:
            return audit.list_events(db_session, caller, query["wanted"], page)
