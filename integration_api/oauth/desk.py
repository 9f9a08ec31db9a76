"""What one request to the authorization server works with, within one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from flask import current_app, g, request
from sqlalchemy.orm import Session as DbSession

from integration_api.access.audit import patient_id_of, tell
from integration_api.access.keys import Signer, signer
from integration_api.access.scopes import LAUNCH_PATIENT, OFFLINE
from integration_api.access.tokens import mint_token
from integration_api.config import Settings
from integration_api.oauth import use_cases
from integration_api.wiring import parts
from models import OAuthGrant

BACKEND_MINUTES = 5  # SMART Backend Services: at most 300 seconds


@dataclass(slots=True)
class Desk:
    """The database session, the time, and the keys that a client was found to have."""

    db_session: DbSession
    at: datetime
    issuer: str
    token_minutes: int
    client_keys: list[dict[str, Any]] = field(default_factory=list)

    @property
    def token_url(self) -> str:
        """The address of the token endpoint."""
        return f"{self.issuer}/oauth/token"

    @property
    def origin(self) -> str:
        """The address that the request came from."""
        return request.remote_addr or "unknown"

    @property
    def audiences(self) -> list[str]:
        """Whom a client's assertion may be for."""
        return [self.token_url, self.issuer]

    def _signer(self) -> Signer:
        return signer(self.db_session, parts().key_service, self.issuer)

    def tokens(self, grant: OAuthGrant, scope: str) -> dict[str, Any]:
        """Make the answer of the token endpoint: an access token and, with `offline_access`, a refresh token."""
        answer = self._access_token(grant, scope, self.token_minutes)
        if OFFLINE in grant.scope.split():
            answer["refresh_token"] = use_cases.new_refresh_token(self.db_session, grant, self.at)
        if LAUNCH_PATIENT in scope.split():
            patient_id = patient_id_of(self.db_session, grant.user_id)
            answer |= {} if patient_id is None else {"patient": str(patient_id)}
        return answer

    def backend_tokens(self, grant: OAuthGrant) -> dict[str, Any]:
        """Make the answer for a backend service: short-lived, and no refresh token."""
        return self._access_token(grant, grant.scope, min(BACKEND_MINUTES, self.token_minutes))

    def _access_token(self, grant: OAuthGrant, scope: str, minutes: int) -> dict[str, Any]:
        token = mint_token(
            self._signer(),
            grant.user_id,
            scope,
            at=self.at,
            minutes=minutes,
            client_id=grant.client.client_id,
            sid=str(grant.id),
        )
        tell(self.db_session, grant.user_id, "giveToken", "done", self.origin, client=grant.client.client_id)
        return {"access_token": token, "token_type": "Bearer", "expires_in": minutes * 60, "scope": scope}


@contextmanager
def at_desk(db_session: DbSession, client_keys: list[dict[str, Any]] | None = None) -> Iterator[Desk]:
    """Work on one request."""
    settings: Settings = current_app.config["SETTINGS"]
    g.oauth_desk = Desk(db_session, parts().now(), settings.public_url, settings.token_minutes, client_keys or [])
    try:
        yield g.oauth_desk
    finally:
        del g.oauth_desk


def desk() -> Desk:
    """Give the desk of the request that is being worked on."""
    return cast("Desk", g.oauth_desk)
