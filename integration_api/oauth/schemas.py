"""Apps on the wire."""

from typing import Any, ClassVar

from marshmallow import fields

from integration_api.oauth.apps import App
from integration_api.oauth.wording import in_words
from integration_api.web.catalogs import said
from integration_api.web.schema import Answer, Id, Moment


def _permissions(app: App) -> list[str]:
    """Say what the app may do as the person was asked, in the reader's language."""
    return in_words(app.scope, said)


class AppSchema(Answer):
    """An app that the caller has let in, and that can still get at something."""

    example: ClassVar[dict[str, Any]] = {
        "id": "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e20",
        "client_id": "0f6d5a1c9b3e4d7788aa21c40be9f3d2",
        "name": "Journal on a telephone",
        "scope": "patient/JournalEntry.cruds offline_access",
        "permissions": [
            "See, search, add, change and delete: journal entries",
            "Stay connected when you are away, until you or your clinic end it",
        ],
        "let_in_at": "2026-03-01T09:00:00Z",
        "last_used_at": "2026-03-09T13:20:00Z",
        "lasts_until": "2026-04-08T13:20:00Z",
    }

    id = Id(required=True)
    client_id = fields.String(required=True, metadata={"description": "What the app calls itself by at `/oauth`."})
    name = fields.String(required=True)
    scope = fields.String(required=True, metadata={"description": "What it may do, as OAuth says it."})
    permissions = fields.Function(
        _permissions,
        required=True,
        metadata={
            "type": "array",
            "items": {"type": "string"},
            "description": "The same in the words of the page on which it was let in, a sentence each.",
        },
    )
    let_in_at = Moment(
        required=True, metadata={"description": "When; of an app that was let in several times, the first that counts."}
    )
    last_used_at = Moment(
        required=True,
        allow_none=True,
        metadata={"description": "When it last fetched a token to work with. It may have gone on with that one since."},
    )
    lasts_until = Moment(
        required=True,
        metadata={
            "description": "When it is shut out by itself. With `offline_access` each use moves this on by 30 days, to "
            "180 days after it was let in at the most."
        },
    )
