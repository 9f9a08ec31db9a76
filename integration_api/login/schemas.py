"""Invitations on the wire."""

from typing import Any, ClassVar

from marshmallow import fields, post_load

from integration_api.login.invitations import InvitationDraft
from integration_api.web.schema import Answer, Id, Moment, Schema, Words

INVITATION_ID = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e0a"


class InvitationDraftSchema(Schema):
    """Whom to invite."""

    example: ClassVar[dict[str, Any]] = {"username": "maya"}

    id = Id()
    username = Words(80, required=True, metadata={"description": "An account of the caller's organization."})

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> InvitationDraft:
        """Make the use case's own value of it."""
        return InvitationDraft(**data)


class InvitationSchema(Answer):
    """A one-use link by which a person sets password and second factor."""

    example: ClassVar[dict[str, Any]] = {
        "id": INVITATION_ID,
        "username": "maya",
        "url": "https://journal.example/oauth/welcome?token=3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789_",
        "expires_at": "2026-03-08T09:00:00Z",
    }

    id = Id(required=True)
    username = fields.String(required=True)
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Holds the token, so it is shown once: null where the request is repeated."},
    )
    expires_at = Moment(required=True)
