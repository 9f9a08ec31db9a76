"""A phone's line to the server: HTTP from the standard library, and patience.

Tokens and words go over https alone, save to this very machine; redirects are not followed.
"""

import gzip
import http.client
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from integration_api.phone.device import Device, Unreachable

TIMEOUT, TRIES = 30.0, 6
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds
_HERE = ("127.0.0.1", "::1", "localhost")
_OK, _UNAUTHENTICATED, _GONE, _TOO_MANY, _SERVER_ERRORS = 200, 401, 410, 429, 500


class Later(Unreachable):
    """The server could not be reached, or asks to come again; `after`: in so many seconds, where it said so."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why if after is None else f"{why} (come again in {after:.0f} s)")
        self.after = after


class SignedOut(Exception):
    """The token is not good (any longer)."""


class Refused(Exception):
    """The server will not have this request, however often it comes."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A way to a server. `server` is its address, such as `https://journal.example`."""

    server: str
    token: str
    language: str = "en"
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        parts = urlsplit(self.server)
        if not parts.hostname or (
            parts.scheme != "https" and (parts.scheme, parts.hostname in _HERE) != ("http", True)
        ):
            raise ValueError("the server's address must begin with https:// (http:// only on this machine)")

    def send(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Post to `/v1/sync`, as `Device` wants it."""
        status, answer = self.ask("POST", "/v1/sync", body)
        if status not in (_OK, _GONE):
            raise Refused(_said(answer, status))
        return status, answer

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Make one request; raise `Later` where it may be made again, and `SignedOut`."""
        try:
            status, headers, content = self._exchange(method, path, body)
            answer = json.loads(content) if content else {}
        except (OSError, http.client.HTTPException, EOFError, ValueError) as error:
            raise Later(f"no whole answer from {self.server} ({type(error).__name__})") from error
        if status == _UNAUTHENTICATED:
            raise SignedOut("the token is not good (any longer); sign in again")
        if status == _TOO_MANY or status >= _SERVER_ERRORS:
            raise Later(_said(answer, status), _seconds(headers.get("Retry-After")))
        return status, answer

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
        parts = urlsplit(self.server)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        line = kind(str(parts.hostname), parts.port, timeout=self.timeout)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Accept-Language": self.language,
        }
        sent = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            sent = json.dumps(body).encode()
        try:
            line.request(method, parts.path.rstrip("/") + path, sent, headers)
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        return answer.status, answer.msg, gzip.decompress(content) if _is_packed(answer) else content


def sync_patiently(device: Device, tries: int = TRIES, sleep: Callable[[float], object] = time.sleep) -> None:
    """Exchange until nothing waits and nothing is new. Pause longer after each failure in a row, and then give up.

    `Retry-After` is kept to (but nobody waits here for more than two minutes). The pause is drawn at random,
    so that phones do not all come back at once.
    """
    failures = 0
    while True:
        try:
            has_more = device.step()
        except Unreachable as error:
            failures += 1
            pause = pause_after(failures, error)
            if failures >= tries or pause > 2 * LONGEST_PAUSE:
                raise
            sleep(pause)
            continue
        failures = 0
        if not has_more:
            return


def pause_after(failures: int, error: Exception) -> float:
    """Say how long to wait after so many failures in a row, in seconds."""
    drawn = random.uniform(0.5, 1) * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (failures - 1))  # noqa: S311  (no secret)
    asked = getattr(error, "after", None)
    return drawn if asked is None else float(asked) + drawn


def _is_packed(answer: http.client.HTTPResponse) -> bool:
    return answer.headers.get("Content-Encoding", "") == "gzip"


def _seconds(header: str | None) -> float | None:
    """Read Retry-After where it is a number; as a date we leave it (RFC 9110, 10.2.3: our server sends none)."""
    return float(header) if header is not None and header.isdigit() else None


def _said(answer: Any, status: int) -> str:
    said = answer.get("detail") if isinstance(answer, dict) else None
    return f"{status}: {said}" if said else f"the server answered {status}"
