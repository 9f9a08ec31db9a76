"""The one way out: calls to addresses that others named, kept from leading us anywhere but the open internet.

A name is resolved once and every address that it stands for is looked at; the connection goes to the very address that
was looked at (a name could stand for another one a moment later), with the name in TLS and `Host`. No redirect is
followed, no proxy of the environment is asked, and there is an end to time and size.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from integration_api.wording import Sentence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = tuple(  # an IPv4 address in other clothes: RFC 6052, and RFC 4291's old compatible form
    ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "::/96")
)
_NEVER = tuple(  # NAT64 within a network (RFC 8215), Teredo, old site-local addresses, IETF's own, 6to4 relays
    ipaddress.ip_network(each)
    for each in ("64:ff9b:1::/48", "2001::/32", "fec0::/10", "192.0.0.0/24", "192.88.99.0/24")
)
WEB_PORTS = frozenset({443, 8443})
ANYWHERE: tuple[Network, ...] = (ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("::/0"))


class OutgoingError(Exception):
    """A call that came to nothing. `kind` says how in one word; the message is safe to show."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Refused(OutgoingError):
    """An address that is not called."""

    def __init__(self, message: str) -> None:
        super().__init__("refused_address", message)


class Failed(OutgoingError):
    """A call that was tried, and was not answered."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, "The call was not answered.")


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be called. `is_local_allowed`: plain http to this machine itself, and any port of it: for development.

    `networks` are the clinic's own, which the settings open; `ports`: None is any.
    """

    is_local_allowed: bool = False
    networks: tuple[Network, ...] = ()
    ports: frozenset[int] | None = None

    def check(self, uri: str) -> SplitResult:
        """Give the parts of an address that may be called as far as its text tells; raise `Refused`."""
        try:
            parts = urlsplit(uri)
            is_whole = bool(parts.hostname) and parts.username is None and parts.password is None
            is_plain = uri.isascii() and not any(each <= " " for each in uri)
            is_fine = is_whole and is_plain and (parts.port is None or parts.port > 0)
        except ValueError:
            raise Refused(Sentence("The address is not valid.")) from None
        is_local = self.is_local_allowed and _is_loopback(parts.hostname or "")
        if not is_fine or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
            raise Refused(Sentence("The address must begin with https://, and hold no name or password."))
        if self.ports is not None and port_of(parts) not in self.ports and not is_local:
            raise Refused(Sentence("The address names a port that is not called."))
        literal = _literal(parts.hostname or "")
        if literal is not None and not self.allows(literal):
            raise Refused(Sentence("The address is not on the open internet."))
        return parts

    def allows(self, address: Address) -> bool:
        """Tell whether an address may be connected to."""
        plain = _unwrapped(address)
        if any(plain in each for each in self.networks if each.version == plain.version):
            return True
        return is_open(str(address)) or (self.is_local_allowed and plain.is_loopback)

    def resolve(self, parts: SplitResult) -> str:
        """Give one address that the name stands for, if all of them may be called; raise `Refused` or `OSError`."""
        found = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(self.allows(ipaddress.ip_address(each)) for each in addresses):
            raise Refused(Sentence("The address is not on the open internet."))
        return addresses[0]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Its answer is read up to `largest` bytes, and the whole takes `seconds` at most."""

    method: str
    parts: SplitResult
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 10.0
    largest: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `is_whole`: the body is all of it, rather than its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


def is_open(address: str) -> bool:
    """Tell whether an address is on the open internet: not private, loopback, link-local or reserved."""
    found = _unwrapped(ipaddress.ip_address(address))
    if any(found in each for each in _NEVER):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _unwrapped(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if not (address.is_loopback or address.is_unspecified) and any(address in each for each in _TRANSLATED):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    found = _literal(host)
    return host == "localhost" or (found is not None and found.is_loopback)


def port_of(parts: SplitResult) -> int:
    """Give the port of an address."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def exchange(call: Call, guard: Guard) -> Answer:
    """Make one call, following nothing; raise `Refused` or `Failed`."""
    try:
        address = guard.resolve(call.parts)
    except (OSError, UnicodeError):
        raise Failed("no_address") from None
    started = time.monotonic()
    try:
        return _exchange(call, address)
    except ssl.SSLError:
        raise Failed("timeout" if _is_over(call, started) else "tls") from None
    except TimeoutError:
        raise Failed("timeout") from None
    except OSError:
        raise Failed("timeout" if _is_over(call, started) else "connection") from None
    except (http.client.HTTPException, ValueError):
        raise Failed("timeout" if _is_over(call, started) else "answer") from None


def _is_over(call: Call, started: float) -> bool:
    return time.monotonic() - started >= call.seconds


def _exchange(call: Call, address: str) -> Answer:
    lines = [socket.create_connection((address, port_of(call.parts)), call.seconds)]
    # A socket's timeout is for each piece that comes; a server that drips could hold us for hours.
    alarm = threading.Timer(call.seconds, lambda: _hang_up(lines[-1]))
    alarm.start()
    try:
        connection = _connection(call.parts, lines)
        path = (call.parts.path or "/") + (f"?{call.parts.query}" if call.parts.query else "")
        connection.request(call.method, path, body=call.body, headers=dict(call.headers))
        answer = connection.getresponse()
        body = answer.read(call.largest + 1)
        headers = {name.lower(): value for name, value in answer.getheaders()}
    finally:
        alarm.cancel()
        lines[-1].close()
    return Answer(answer.status, headers, body[: call.largest], len(body) <= call.largest)


def _connection(parts: SplitResult, lines: list[socket.socket]) -> http.client.HTTPConnection:
    """Speak HTTP on an open line, over TLS where the address says so."""
    host, port = parts.hostname or "", port_of(parts)
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
