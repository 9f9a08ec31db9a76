"""/intentions and /commitments."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from integration_api.access.policy import Resource
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.action import progress, schemas, use_cases
from integration_api.action.use_cases import COMMITMENTS, INTENTIONS, Kind
from integration_api.db import reading, showing, unit_of_work
from integration_api.themes.jobs import look_through, themes_in
from integration_api.web.blueprint import Blueprint
from integration_api.web.creation import Once
from integration_api.wiring import parts

blp = Blueprint(
    "Action", __name__, url_prefix="/v1", description="What a session is entered with, and what comes of it."
)


def _list(caller: Principal, kind: Kind, query: dict[str, Any], page: Any) -> object:
    with showing() as db_session:
        found = use_cases.list_resolves(db_session, caller, kind, query["equal"], page)
        return progress.follow_page(db_session, caller, found, parts().now())


def _read(caller: Principal, kind: Kind, resolve_id: UUID) -> object:
    with reading() as db_session:
        found = use_cases.read_resolve(db_session, caller, kind, resolve_id)
        return progress.follow(db_session, caller, [found], parts().now())[0]


def _create(caller: Principal, kind: Kind, draft: use_cases.ResolveDraft, once: Once) -> object:
    themes = themes_in(draft.text) if draft.themes is None else ()
    with unit_of_work() as db_session:
        made = once(
            db_session,
            lambda: use_cases.set_resolve(db_session, caller, kind, draft, themes, parts().now()),
            lambda resolve_id: use_cases.read_resolve(db_session, caller, kind, resolve_id),
        )
    return _looked_through(caller, kind, made.id, Action.CREATE)


def _change(caller: Principal, kind: Kind, merge: Any, resolve_id: UUID) -> object:
    with unit_of_work() as db_session:

        def merged(found: Any) -> use_cases.ResolveDraft:
            draft: use_cases.ResolveDraft = merge(progress.follow(db_session, caller, [found], parts().now())[0])
            return draft

        found = use_cases.change_resolve(
            db_session, caller, kind, resolve_id, merged, use_cases.Looking(themes_in, parts().now())
        )
    return _looked_through(caller, kind, found.id, Action.UPDATE)


def _looked_through(caller: Principal, kind: Kind, resolve_id: UUID, action: Action) -> object:
    """The words are safe: look for danger in them, and read them back as far as who may do this to them."""
    look_through(kind.table, resolve_id)
    with reading() as db_session:
        found = use_cases.read_resolve(db_session, caller, kind, resolve_id, action)
        return progress.follow(db_session, caller, [found], parts().now())[0]


def _delete(caller: Principal, kind: Kind, match: Any, resolve_id: UUID) -> None:
    with unit_of_work() as db_session:

        def matched(found: Any) -> None:
            match(progress.follow(db_session, caller, [found], parts().now())[0])

        use_cases.take_back(db_session, caller, kind, resolve_id, matched)


@blp.route("/intentions")
class Intentions(MethodView):
    """What sessions are entered with."""

    @blp.lists("listIntentions", schemas.IntentionSchema, schemas.ResolveQuery, of=Resource.INTENTION)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List intentions.

        The latest first, each with what later writing says of it.
        """
        return _list(caller, INTENTIONS, query, page)

    @blp.creates("setIntention", schemas.IntentionDraftSchema, schemas.IntentionSchema, of=Resource.INTENTION)
    def post(self, caller: Principal, draft: use_cases.ResolveDraft, once: Once) -> object:
        """Set an intention.

        By the patient, or by a clinician of the care team who writes it down.
        """
        return _create(caller, INTENTIONS, draft, once)


@blp.route("/intentions/<uuid:intention_id>")
class OneIntention(MethodView):
    """What a session is entered with."""

    @blp.reads("readIntention", schemas.IntentionSchema, of=Resource.INTENTION)
    def get(self, caller: Principal, intention_id: UUID) -> object:
        """Read an intention.

        With the sentences of later entries and notes that come back to it.
        """
        return _read(caller, INTENTIONS, intention_id)

    @blp.patches("changeIntention", schemas.IntentionDraftSchema, schemas.IntentionSchema, of=Resource.INTENTION)
    def patch(self, caller: Principal, merge: Any, intention_id: UUID) -> object:
        """Change an intention.

        A merge patch of its words, themes, session or visibility. Clinicians change no words but their own.
        """
        return _change(caller, INTENTIONS, merge, intention_id)

    @blp.deletes("deleteIntention", schemas.IntentionSchema, of=Resource.INTENTION)
    def delete(self, caller: Principal, match: Any, intention_id: UUID) -> None:
        """Take an intention back.

        By who wrote it; commitments that came of it stay.
        """
        _delete(caller, INTENTIONS, match, intention_id)


@blp.route("/commitments")
class Commitments(MethodView):
    """What insight is turned into."""

    @blp.lists("listCommitments", schemas.CommitmentSchema, schemas.CommitmentQuery, of=Resource.COMMITMENT)
    def get(self, caller: Principal, query: dict[str, Any], page: Any) -> object:
        """List commitments.

        The latest first, each with what later writing says of it, and whether it has stalled.
        """
        return _list(caller, COMMITMENTS, query, page)

    @blp.creates("makeCommitment", schemas.CommitmentDraftSchema, schemas.CommitmentSchema, of=Resource.COMMITMENT)
    def post(self, caller: Principal, draft: use_cases.CommitmentDraft, once: Once) -> object:
        """Make a commitment.

        By the patient, or by a clinician of the care team who writes it down.
        """
        return _create(caller, COMMITMENTS, draft, once)


@blp.route("/commitments/<uuid:commitment_id>")
class OneCommitment(MethodView):
    """What insight is turned into."""

    @blp.reads("readCommitment", schemas.CommitmentSchema, of=Resource.COMMITMENT)
    def get(self, caller: Principal, commitment_id: UUID) -> object:
        """Read a commitment.

        With the sentences of later entries and notes that come back to it: spoken of again, which need not mean done.
        """
        return _read(caller, COMMITMENTS, commitment_id)

    @blp.patches("changeCommitment", schemas.CommitmentDraftSchema, schemas.CommitmentSchema, of=Resource.COMMITMENT)
    def patch(self, caller: Principal, merge: Any, commitment_id: UUID) -> object:
        """Change a commitment.

        A merge patch; `status` says that it is kept, or let go of without blame. Clinicians change no words but their
        own.
        """
        return _change(caller, COMMITMENTS, merge, commitment_id)

    @blp.deletes("deleteCommitment", schemas.CommitmentSchema, of=Resource.COMMITMENT)
    def delete(self, caller: Principal, match: Any, commitment_id: UUID) -> None:
        """Take a commitment back.

        By who wrote it.
        """
        _delete(caller, COMMITMENTS, match, commitment_id)
