"""/invitations."""

from flask import current_app
from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.db import unit_of_work
from integration_api.login import invitations, schemas
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.wiring import parts

blp = Blueprint("Signing in", __name__, url_prefix="/v1", description="How people come to their passwords.")


@blp.route("/invitations")
class Invitations(MethodView):
    """Links to set a password."""

    @blp.creates("createInvitation", schemas.InvitationDraftSchema, schemas.InvitationSchema, of=Resource.INVITATION)
    def post(self, caller: Principal, draft: invitations.InvitationDraft, once: Once) -> object:
        """Invite somebody.

        Answers a link, good once and for seven days, by which the person sets a password and, with any role but the
        patient's, a second factor. It is shown this once; hand it over yourself. Older links of that person are void.
        Using it replaces the password and second factor that were there, and ends every sign-in from before.
        """
        inviter = invitations.Inviter(parts().key_service, current_app.config["SETTINGS"].public_url, parts().now())
        with unit_of_work() as db_session:
            return once(
                db_session,
                lambda: invitations.create_invitation(db_session, caller, draft, inviter),
                lambda invitation_id: invitations.read_invitation(db_session, caller, invitation_id),
            )
