"""Us as a client of a record system: SMART Backend Services (private_key_jwt), and FHIR over the guarded way out.

https://hl7.org/fhir/smart-app-launch/backend-services.html: discovery, a signed assertion, a token that is good for a
while. Tokens are in this process's memory alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from joserfc import jwt

from integration_api.access.keys import CLIENT_ALGORITHM, Signer
from integration_api.access.outgoing import Answer, Call, Failed, Guard, exchange
from models import new_id

FHIR_JSON = "application/fhir+json"
SECONDS = 15.0  # that a record system has to answer
LARGEST = 2 * 1024 * 1024  # bytes of an answer
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LASTS = timedelta(minutes=4)  # SMART: five at most
_EARLY = timedelta(seconds=30)  # before its end a token is let go of
_UNAUTHORIZED, _OK = 401, 200
GONE = (404, 410)  # what somebody there has deleted


class NoToken(Failed):
    """The record system gave us no token. `status` is what it answered, if it did."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__("token")
        self.status = status


@dataclass(frozen=True, slots=True)
class Account:
    """A record system, and who we are there."""

    connection_id: UUID
    base_url: str = field(repr=False)
    client_id: str | None
    scope: str


@dataclass(slots=True)
class Tokens:
    """Tokens that are still good, each with its end."""

    kept: dict[UUID, tuple[str, datetime]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Ehr:
    """One record system to talk to. `signer` gives our key; without one we say nothing of who we are."""

    account: Account
    guard: Guard
    tokens: Tokens
    now: Callable[[], datetime]
    signer: Signer | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        leaving: Callable[[], None] | None = None,
    ) -> Answer:
        """Ask for something under the base address; with a new token, once, where the old one is not taken.

        `leaving` is called when the body is about to leave, after a token was waited for; it may raise.
        """
        answer = self._call(method, path, body, headers or {}, leaving)
        if answer.status == _UNAUTHORIZED and self.tokens.kept.pop(self.account.connection_id, None) is not None:
            answer = self._call(method, path, body, headers or {}, leaving)
        return answer

    def search(self, kind: str, system: str, value: str) -> Answer:
        """Search a type by an identifier."""
        return self.call("GET", f"{kind}?{urlencode({'identifier': token_of(system, value)})}")

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        more: Mapping[str, str],
        leaving: Callable[[], None] | None,
    ) -> Answer:
        headers = {"Accept": FHIR_JSON, "User-Agent": "integration-journal", **more}
        if self.signer is not None:
            headers["Authorization"] = f"Bearer {self._token(self.signer)}"
        data = None
        if body is not None:
            headers["Content-Type"] = FHIR_JSON
            data = json.dumps(body).encode()
        if leaving is not None:
            leaving()
        return self._exchange(method, f"{self.account.base_url}/{path}", headers, data)

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
        call = Call(method, self.guard.check(url), headers, data, seconds=SECONDS, largest=LARGEST)
        return exchange(call, self.guard)

    def _token(self, signer: Signer) -> str:
        kept = self.tokens.kept.get(self.account.connection_id)
        if kept is not None and kept[1] > self.now():
            return kept[0]
        address = f"{self.account.base_url}/.well-known/smart-configuration"
        known = self._exchange("GET", address, {"Accept": "application/json"}, None)
        endpoint = object_in(known).get("token_endpoint")
        if known.status != _OK or not isinstance(endpoint, str):
            raise NoToken(known.status)
        form = {
            "grant_type": "client_credentials",
            "scope": self.account.scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(signer, endpoint),
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        given = self._exchange("POST", endpoint, headers, urlencode(form).encode())
        said = object_in(given)
        token, seconds = said.get("access_token"), said.get("expires_in", 300)
        if given.status != _OK or not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise NoToken(given.status)
        lasts = timedelta(seconds=min(int(seconds), 3600) if isinstance(seconds, int) else 300)
        self.tokens.kept[self.account.connection_id] = token, self.now() + lasts - _EARLY
        return token

    def _assertion(self, signer: Signer, endpoint: str) -> str:
        header = {"alg": CLIENT_ALGORITHM, "kid": signer.key.kid, "typ": "JWT"}
        claims = {
            "iss": self.account.client_id,
            "sub": self.account.client_id,
            "aud": endpoint,
            "exp": int((self.now() + _ASSERTION_LASTS).timestamp()),
            "jti": str(new_id()),
        }
        return jwt.encode(header, claims, signer.key, algorithms=[CLIENT_ALGORITHM])


def token_of(system: str, value: str) -> str:
    """Write an identifier as a search token; FHIR's own marks in it are escaped (R4, 3.1.1.3)."""
    return "|".join("".join(f"\\{each}" if each in "\\|,$" else each for each in part) for part in (system, value))


def object_in(answer: Answer) -> dict[str, Any]:
    """Read an answer's JSON object; empty for anything else, or for one that is cut off."""
    if not answer.is_whole:
        return {}
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
