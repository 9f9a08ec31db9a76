"""Keys that a client publishes: fetched when needed, and never from where they must not be."""

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from joserfc.jwk import ECKey

from integration_api.access import key_sets
from integration_api.access.key_sets import KeyCache, Unreachable, check_address, fetch
from integration_api.access.outgoing import is_open
from integration_api.config import Environment

pytestmark = pytest.mark.one_database

REDIRECT = "http://127.0.0.1:9999/back"


@pytest.fixture
def publisher(serving: Callable[[Any], str]) -> Any:
    """A client's own server, which counts who asks."""
    site = Flask("publisher")
    site.config.update(KEYS={"keys": []}, ASKED=0)

    @site.get("/jwks")
    def jwks() -> Any:
        site.config["ASKED"] += 1
        return site.config["KEYS"]

    @site.get("/moved")
    def moved() -> Any:
        return "", 302, {"Location": "/jwks"}

    @site.get("/large")
    def large() -> Any:
        return json.dumps({"keys": [], "x": "x" * 100_000})

    @site.get("/odd")
    def odd() -> Any:
        return "[1, 2"

    @site.get("/slow")
    def slow() -> Any:
        pieces = iter(lambda: _wait(0.2), None)
        return site.response_class(pieces, mimetype="application/json")

    site.config["ADDRESS"] = serving(site)
    return site


def _wait(seconds: float) -> str:
    import time  # noqa: PLC0415

    time.sleep(seconds)
    return " "


def _certificate(folder: Path) -> Path:
    """A certificate of localhost's, signed by itself, and its key in one file."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    pem = folder / "localhost.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + made.public_bytes(Encoding.PEM))
    return pem


class TestFlow:
    def test_a_client_may_publish_its_keys_and_change_them(
        self, oauth: Any, publisher: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        time = [0.0]
        cache = KeyCache(is_local_allowed=True, clock=lambda: time[0])
        monkeypatch.setitem(oauth.app.extensions, "client_keys", cache)
        first, second = (ECKey.generate_key("P-384", auto_kid=True) for _ in range(2))
        address = publisher.config["ADDRESS"] + "/jwks"
        client = oauth.register("Publisher", jwks_uri=address, system="publisher")

        def ask(key: ECKey) -> int:
            said = {"key": key, "header": {"kid": key.kid}, "iss": client, "sub": client}
            return int(oauth.backend_token(oauth.assertion(**said)).status_code)

        publisher.config["KEYS"] = oauth.key_set(first)
        assert [ask(first), ask(first)] == [200, 200]
        assert publisher.config["ASKED"] == 1
        publisher.config["KEYS"] = oauth.key_set(second)
        assert ask(second) == 400  # it has looked a moment ago
        time[0] = 11
        assert [ask(second), ask(first)] == [200, 400]
        assert publisher.config["ASKED"] == 2

    def test_keys_that_cannot_be_had(self, oauth: Any, publisher: Any) -> None:
        client = oauth.register("Publisher", jwks_uri=publisher.config["ADDRESS"] + "/odd", system="publisher")
        for _ in range(2):
            answer = oauth.backend_token(oauth.assertion(iss=client, sub=client))
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")

    def test_production_asks_nothing_of_this_machine(
        self, oauth: Any, publisher: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = replace(oauth.app.config["SETTINGS"], environment=Environment.PRODUCTION)
        monkeypatch.setitem(oauth.app.config, "SETTINGS", settings)
        monkeypatch.setitem(oauth.app.extensions, "client_keys", None)
        monkeypatch.delitem(oauth.app.extensions, "client_keys")
        client = oauth.register("Publisher", jwks_uri=publisher.config["ADDRESS"] + "/jwks", system="publisher")
        assert oauth.backend_token(oauth.assertion(iss=client, sub=client)).json["error"] == "invalid_client"
        assert publisher.config["ASKED"] == 0


class TestFetching:
    @pytest.mark.database_free
    @pytest.mark.parametrize("path", ["/moved", "/large", "/odd", "/nowhere", "/slow"])
    def test_what_is_not_taken(self, publisher: Any, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(key_sets, "SECONDS", 0.8)
        with pytest.raises(Unreachable):
            fetch(publisher.config["ADDRESS"] + path, is_local_allowed=True)
        assert publisher.config["ASKED"] == 0

    @pytest.mark.database_free
    def test_keys_for_other_purposes_are_left_out(self, oauth: Any, publisher: Any) -> None:
        good = ECKey.generate_key("P-384", auto_kid=True).as_dict(private=True)
        publisher.config["KEYS"] = {"keys": [good, {"kty": "oct", "k": "AA", "kid": "x"}, {"kty": "RSA"}, 5, None]}
        (found,) = fetch(publisher.config["ADDRESS"] + "/jwks", is_local_allowed=True)
        assert found["kid"] == good["kid"]
        assert "d" not in found

    @pytest.mark.database_free
    @pytest.mark.parametrize(
        "address",
        ["http://keys.example/", "ftp://keys.example/", "https://", "https://me@keys.example/", "https://x:99999/",
         "file:///etc/passwd", "http://10.0.0.1/", "http://169.254.169.254/latest", "https://[::1/", "//x", ""],
    )  # fmt: skip
    def test_addresses_that_are_not_tried(self, address: str) -> None:
        for is_local_allowed in (True, False):
            with pytest.raises(Unreachable):
                check_address(address, is_local_allowed=is_local_allowed)

    @pytest.mark.database_free
    def test_plain_http_is_for_this_machine_in_development(self) -> None:
        assert check_address("http://127.0.0.1:5/jwks", is_local_allowed=True).port == 5
        with pytest.raises(Unreachable):
            check_address("http://127.0.0.1:5/jwks", is_local_allowed=False)

    @pytest.mark.database_free
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("127.0.0.1", False),
            ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
            ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False),
            ("::1", False), ("::", False), ("fe80::1", False), ("fd00::1", False), ("::ffff:127.0.0.1", False),
            ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::1", False), ("ff02::1", False),
        ],
    )  # fmt: skip
    def test_which_addresses_are_open(self, address: str, expected: bool) -> None:  # noqa: FBT001
        assert is_open(address) is expected

    @pytest.mark.database_free
    def test_a_name_that_leads_inside_is_not_followed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def resolve(*_: Any, **__: Any) -> Any:
            return [(2, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]

        def never(*_: Any, **__: Any) -> Any:
            raise AssertionError

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(socket, "create_connection", never)
        with pytest.raises(Unreachable, match="open internet"):
            fetch("https://keys.example/jwks", is_local_allowed=False)

    @pytest.mark.database_free
    def test_over_tls_the_name_must_be_the_certificates(
        self, publisher: Any, serving: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pem = _certificate(tmp_path)
        publisher.config["KEYS"] = {"keys": [ECKey.generate_key("P-384", {"kid": "a"}).as_dict(private=False)]}
        secure = serving(publisher, ssl_context=(str(pem), str(pem))).replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(Unreachable):  # nobody vouches for it
            fetch(secure + "/jwks", is_local_allowed=True)
        monkeypatch.setattr(ssl, "create_default_context", partial(ssl.create_default_context, cafile=str(pem)))
        assert [key["kid"] for key in fetch(secure + "/jwks", is_local_allowed=True)] == ["a"]
        with pytest.raises(Unreachable):  # the certificate is localhost's
            fetch(secure.replace("localhost", "127.0.0.1") + "/jwks", is_local_allowed=True)
        monkeypatch.setattr(key_sets, "SECONDS", 0.8)
        with pytest.raises(Unreachable):
            fetch(secure + "/slow", is_local_allowed=True)

    @pytest.mark.database_free
    def test_keys_are_believed_for_a_while(self, publisher: Any) -> None:
        time = [0.0]
        cache = KeyCache(is_local_allowed=True, clock=lambda: time[0])
        publisher.config["KEYS"] = {"keys": [ECKey.generate_key("P-384", {"kid": "a"}).as_dict(private=False)]}
        for at, kid, asked in ((0, "a", 1), (200, "a", 1), (201, "b", 2), (205, "b", 2), (600, "a", 3)):
            time[0] = at
            cache.keys(publisher.config["ADDRESS"] + "/jwks", kid)
            assert publisher.config["ASKED"] == asked

    @pytest.mark.database_free
    def test_a_strangers_kid_takes_no_good_keys_away(self, publisher: Any) -> None:
        time, address = [0.0], publisher.config["ADDRESS"] + "/jwks"
        cache = KeyCache(is_local_allowed=True, clock=lambda: time[0])
        publisher.config["KEYS"] = {"keys": [ECKey.generate_key("P-384", {"kid": "a"}).as_dict(private=False)]}
        cache.keys(address, "a")
        publisher.config["KEYS"] = []  # the issuer is out of order, and somebody brings a kid that there is not
        for at in (20, 290):
            time[0] = at
            with pytest.raises(Unreachable):
                cache.keys(address, "nobodys")
            assert [each["kid"] for each in cache.keys(address, "a")] == ["a"]
        time[0] = 301
        for _ in range(2):  # too old to be believed: the first time it looks, and then it looked a moment ago
            with pytest.raises(Unreachable):
                cache.keys(address, "a")
        assert publisher.config["ASKED"] == 4
