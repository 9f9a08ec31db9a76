"""What is sent: the message, its signature, when to try again. Pure; nothing here knows the database or the network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from standardwebhooks.webhooks import Webhook as Signer

from models import PING, Event

JSON = "application/json"
ATTEMPTS = 12  # after the last the event is a dead letter
_FIRST, _FACTOR = 5.0, 3.0  # seconds: the bounds of the waits are 5, 15, 45 ...
LONGEST_WAIT = timedelta(hours=8)
LONGEST_REST = timedelta(hours=24)  # of what a receiver may ask for by Retry-After
DISABLED_AFTER = timedelta(days=5)  # of failing without one success
_RESTS_AFTER = 5  # failures in a row: then the webhook as a whole is let be for a while
GONE = 410
_ASKS_FOR_REST = (429, 503)

# Where who may read a record finds it; the links are for them, not a permission.
_PLACES = {
    "entry": "/v1/journal-entries/{record}",
    "note": "/v1/notes/{record}",
    "session": "/v1/sessions/{record}",
    "intention": "/v1/intentions/{record}",
    "commitment": "/v1/commitments/{record}",
    "safety_flag": "/v1/safety-flags/{record}",
    "measure_response": "/v1/measure-responses/{record}",
    "theme": "/v1/patients/{patient}/themes",
}
_NO_PLACE = ("deleted", "erased", "withdrawn")


@dataclass(frozen=True, slots=True)
class Message:
    """One try, ready to go. Its body and headers hold no narrative; the address and secrets stay out of logs."""

    delivery_id: UUID
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended: a status, or the kind of an error. `retry_after` is what the receiver asked for."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    retry_after: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  (as HTTP has it)


def body_of(event: Event, public_url: str) -> bytes:
    """Write an event as Standard Webhooks recommends: type, time, ids and links."""
    noun, _, verb = event.type.partition(".")
    links = {}
    if event.patient_id is not None and verb != "erased":
        links["patient"] = f"{public_url}/v1/patients/{event.patient_id}"
    if noun in _PLACES and verb not in _NO_PLACE:
        place = _PLACES[noun].format(record=event.record_id, patient=event.patient_id)
        links["record"] = public_url + place
    told: dict[str, Any] = {
        "type": event.type,
        "timestamp": event.occurred_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": str(event.id),
            "organization_id": str(event.organization_id),
            "patient_id": None if event.patient_id is None else str(event.patient_id),
            "record_id": str(event.record_id),
            "sequence": None if event.type == PING else event.sequence,
            "links": links,
        },
    }
    return json.dumps(told, separators=(",", ":")).encode()


def signed(message_id: str, body: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """Give the headers of Standard Webhooks, with a signature by each secret, the newest first."""
    moment = datetime.fromtimestamp(int(at.timestamp()), UTC)
    by_each = [Signer(secret).sign(message_id, moment, body.decode()) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(by_each),
        "User-Agent": "integration-journal",
    }


def longest_wait(failures: int) -> float:
    """Give the bound of the wait after so many failures in a row, in seconds."""
    return min(LONGEST_WAIT.total_seconds(), _FIRST * _FACTOR ** (failures - 1))


def wait(failures: int, chance: float) -> timedelta:
    """Draw a wait: full jitter, anything from nothing to the bound, so that many do not come back together."""
    return timedelta(seconds=longest_wait(failures) * chance)


def rest(outcome: Outcome, failures: int, at: datetime) -> datetime | None:
    """Tell until when a webhook as a whole is let be: as long as it asks for, or as it seems to need."""
    asked = _asked(outcome, at) if outcome.status in _ASKS_FOR_REST else None
    if asked is not None:
        return asked
    if failures < _RESTS_AFTER:
        return None
    return at + timedelta(seconds=min(3600.0, longest_wait(failures - _RESTS_AFTER + 1)))


def _asked(outcome: Outcome, at: datetime) -> datetime | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds or a date, within reason."""
    told = (outcome.retry_after or "").strip()
    if told.isdecimal() and len(told) <= 9:  # noqa: PLR2004  (more is no time to wait)
        asked = at + timedelta(seconds=int(told))
    else:
        try:
            asked = parsedate_to_datetime(told)
        except (ValueError, OverflowError):  # what no clock holds is nobody's time, and must not stop the worker
            return None
        asked = asked.replace(tzinfo=UTC) if asked.tzinfo is None else asked
    return min(max(asked, at), at + LONGEST_REST)
