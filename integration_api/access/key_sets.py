"""Fetching keys from where others publish them, without letting that address lead us anywhere else."""

import http
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from integration_api.access.outgoing import ANYWHERE, Call, Guard, OutgoingError, exchange

SECONDS = 3.0
_KINDS: dict[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}
_OTHER_FORM = "A key must be an RSA or EC key in JWK form."
_SMALLEST_RSA = 2048  # bits; RFC 7518, 3.3
LARGEST = 64 * 1024  # bytes
FRESH, RETRY = 300.0, 10.0  # seconds: how long keys are believed; how soon an unknown kid makes us look again


class BadKey(ValueError):
    """A key that cannot be used. Its message is safe to show."""


class Unreachable(Exception):
    """The keys could not be had. Its message is safe to show."""


@dataclass(slots=True)
class KeyCache:
    """Keys by address. `is_local_allowed`: plain http to this machine itself, and any address by https."""

    is_local_allowed: bool
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, list[dict[str, Any]]]] = field(default_factory=dict)
    _tried: dict[str, float] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def keys(self, uri: str, kid: str) -> list[dict[str, Any]]:
        """Give the keys at an address; look again when they are old, or lack the one that is wanted.

        Raises `Unreachable`. Anybody can name a key that there is not, so that looking in vain takes nothing away.
        """
        found = self._believed(uri)
        if found is None or not _names(found, kid):
            with self._locks.setdefault(uri, threading.Lock()):  # who comes meanwhile waits, and looks no second time
                found = self._believed(uri)
                if found is None or not _names(found, kid):
                    found = self._look_again(uri, found)
        return found

    def _believed(self, uri: str) -> list[dict[str, Any]] | None:
        when, found = self._kept.get(uri, (float("-inf"), []))
        return found if self.clock() - when <= FRESH else None

    def _look_again(self, uri: str, believed: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        if self.clock() - self._tried.get(uri, float("-inf")) > RETRY:
            self._tried[uri] = self.clock()  # noted before: an address that fails is not tried at every request
            believed = fetch(uri, is_local_allowed=self.is_local_allowed)
            self._kept[uri] = (self.clock(), believed)
        if believed is None:
            raise Unreachable("The keys could not be fetched.")
        return believed


def _names(keys: list[dict[str, Any]], kid: str) -> bool:
    return any(key.get("kid") == kid for key in keys)


def check_address(uri: str, *, is_local_allowed: bool) -> SplitResult:
    """Give the parts of an address that keys may be fetched from; raise `Unreachable`."""
    try:
        return _guard(is_local_allowed=is_local_allowed).check(uri)
    except OutgoingError as error:
        raise Unreachable(str(error)) from None


def _guard(*, is_local_allowed: bool) -> Guard:
    """Keep to the open internet, but for development and for an address that the clinic itself has chosen."""
    return Guard(is_local_allowed=is_local_allowed, networks=ANYWHERE if is_local_allowed else ())


def fetch(uri: str, *, is_local_allowed: bool) -> list[dict[str, Any]]:
    """Fetch the keys at an address; raise `Unreachable`."""
    parts = check_address(uri, is_local_allowed=is_local_allowed)
    asked = Call("GET", parts, {"Accept": "application/json"}, seconds=SECONDS, largest=LARGEST)
    try:
        answer = exchange(asked, _guard(is_local_allowed=is_local_allowed))
    except OutgoingError as error:
        raise Unreachable(str(error)) from None
    if answer.status != http.HTTPStatus.OK or not answer.is_whole:
        raise Unreachable("The keys could not be fetched.")
    try:
        keys = json.loads(answer.body)["keys"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Unreachable("The keys could not be fetched.") from None
    return list(_usable(keys if isinstance(keys, list) else []))


def public_jwk(key: object) -> dict[str, Any]:
    """Give a key's public half, checked for what anybody should ask of it; raise `BadKey`."""
    if not isinstance(key, dict):
        raise BadKey(_OTHER_FORM)
    try:
        made = _KINDS[key["kty"]].import_key(key)
        told = dict(made.as_dict(private=False))
        # A curve or size that no allowed algorithm takes is found out when it is used; a short RSA key would be used.
        is_short = told["kty"] == "RSA" and made.raw_value.key_size < _SMALLEST_RSA
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise BadKey(_OTHER_FORM) from None
    if is_short or not isinstance(told.get("kid"), str):
        raise BadKey(f"A key needs a kid, and an RSA key at least {_SMALLEST_RSA} bits.")
    return told


def _usable(keys: list[Any]) -> list[dict[str, Any]]:
    """Leave out keys for other purposes, such as encryption or other algorithms."""
    found = []
    for key in keys[:50]:
        try:
            found.append(public_jwk(key))
        except BadKey:
            continue
    return found
