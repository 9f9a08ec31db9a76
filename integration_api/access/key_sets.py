"""Fetching keys from where others publish them, without letting that address lead us anywhere else."""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

SECONDS = 3.0
_SMALLEST_RSA = 2048  # bits; RFC 7518, 3.3
LARGEST = 64 * 1024  # bytes
FRESH, RETRY = 300.0, 10.0  # seconds: how long keys are believed; how soon an unknown kid makes us look again
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in other clothes


class BadKey(ValueError):
    """A key that cannot be used. Its message is safe to show."""


class Unreachable(Exception):
    """The keys could not be had. Its message is safe to show."""


@dataclass(slots=True)
class KeyCache:
    """Keys by address. `is_local_allowed` is for development and tests: plain http and this machine itself."""

    is_local_allowed: bool
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, list[dict[str, Any]]]] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def keys(self, uri: str, kid: str) -> list[dict[str, Any]]:
        """Give the keys at an address; look again when they are old, or lack the one that is wanted."""
        with self._locks.setdefault(uri, threading.Lock()):  # who comes while we look waits, and looks no second time
            when, found = self._kept.get(uri, (float("-inf"), []))
            is_known = any(key.get("kid") == kid for key in found)
            if self.clock() - when > (FRESH if is_known else RETRY):
                # Noted before it is tried: an address that fails is not tried at every request.
                self._kept[uri] = (self.clock(), [])
                found = fetch(uri, is_local_allowed=self.is_local_allowed)
                self._kept[uri] = (self.clock(), found)
            return found


def check_address(uri: str, *, is_local_allowed: bool) -> SplitResult:
    """Give the parts of an address that keys may be fetched from; raise `Unreachable`."""
    try:
        parts = urlsplit(uri)
        is_plain = parts.scheme == "http" and is_local_allowed and _is_loopback(parts.hostname or "")
        is_fine = bool(parts.hostname) and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:
        raise Unreachable("The address of the keys is not valid.") from None
    if not is_fine or not (parts.scheme == "https" or is_plain):
        raise Unreachable("The keys must be at an https address.")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fetch(uri: str, *, is_local_allowed: bool) -> list[dict[str, Any]]:
    """Fetch the keys at an address; raise `Unreachable`."""
    parts = check_address(uri, is_local_allowed=is_local_allowed)
    try:
        keys = json.loads(_get(parts, _resolve(parts, is_local_allowed=is_local_allowed)))["keys"]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, RecursionError):
        raise Unreachable("The keys could not be fetched.") from None
    return list(_usable(keys if isinstance(keys, list) else []))


def public_jwk(key: object) -> dict[str, Any]:
    """Give a key's public half, checked for what anybody should ask of it; raise `BadKey`."""
    try:
        kind = {"RSA": RSAKey, "EC": ECKey}[key["kty"]]  # type: ignore[index]
        made = kind.import_key(key)  # type: ignore[attr-defined]
        told = dict(made.as_dict(private=False))
        # A curve or size that no allowed algorithm takes is found out when it is used; a short RSA key would be used.
        is_short = told["kty"] == "RSA" and made.raw_value.key_size < _SMALLEST_RSA
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise BadKey("A key must be an RSA or EC key in JWK form.") from None
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


def _resolve(parts: SplitResult, *, is_local_allowed: bool) -> str:
    """Give one address that the name stands for, if all of them are on the open internet."""
    found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not addresses or (not is_local_allowed and not all(is_open(each) for each in addresses)):
        raise Unreachable("The keys are at an address that is not on the open internet.")
    return addresses[0]


def is_open(address: str) -> bool:
    """Tell whether an address is on the open internet: not private, loopback, link-local or reserved."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        found = inner or found
    return found.is_global and not found.is_multicast


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _get(parts: SplitResult, address: str) -> bytes:
    """Read what is at an address, within the time and size that there are, following nothing."""
    # The connection goes to the address that was looked at: a name could stand for another one a moment later.
    lines = [socket.create_connection((address, _port(parts)), SECONDS)]
    # A socket's timeout is for each piece that comes; a server that drips could hold us for hours.
    alarm = threading.Timer(SECONDS, lambda: _hang_up(lines[-1]))
    alarm.start()
    try:
        connection = _connection(parts, lines)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(LARGEST + 1)
    finally:
        alarm.cancel()
        lines[-1].close()
    if answer.status != http.HTTPStatus.OK or len(body) > LARGEST:
        raise Unreachable("The keys could not be fetched.")
    return body


def _connection(parts: SplitResult, lines: list[socket.socket]) -> http.client.HTTPConnection:
    """Speak HTTP on an open line, over TLS where the address says so."""
    host, port = parts.hostname or "", _port(parts)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        secured = context.wrap_socket(lines[0], server_hostname=host, do_handshake_on_connect=False)
        lines.append(secured)
        secured.do_handshake()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, context=context)
    else:
        connection = http.client.HTTPConnection(host, port)
    connection.sock = lines[-1]
    return connection


def _hang_up(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
