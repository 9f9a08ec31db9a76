"""The one way out leads to the open internet alone, whatever an address says or a name stands for."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from integration_api.access.outgoing import WEB_PORTS, Call, Failed, Guard, Refused, exchange, is_open
from integration_api.config import Environment, Settings
from integration_api.environment import UnsafeSettings
from integration_api.events.jobs import send
from integration_api.events.messages import Message
from models import new_id

pytestmark = pytest.mark.one_database

OPEN = "93.184.216.34"
PRODUCTION = Guard(ports=WEB_PORTS)


def resolving(monkeypatch: pytest.MonkeyPatch, *rounds: tuple[str, ...]) -> list[Any]:
    """Have names stand for these addresses, a tuple each time one is asked for; gives who was connected to."""
    turns, connected = list(rounds), []

    def resolve(*_: Any, **__: Any) -> Any:
        return [(2, 1, 6, "", (address, 443)) for address in turns.pop(0)]

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


@pytest.mark.database_free
class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "http://ehr.example/", "ftp://ehr.example/", "https://", "https://me@ehr.example/",
            "https://me:secret@ehr.example/", "https://:@ehr.example/", "https://ehr.example:22/",
            "https://ehr.example:99999/", "https://ehr.example:0/", "file:///etc/passwd", "gopher://ehr.example/",
            "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/", "https://169.254.169.254/latest/meta-data", "https://[fd00::1]/",
            "https://ehr.example/a b", "https://ehr.example/ö", "https://ehr.example\\@10.0.0.1/",
            "https://ehr.example/\r\nHost:x", "https://[::1/", "//ehr.example", "",
        ],
    )  # fmt: skip
    def test_what_is_refused_as_it_is_written(self, address: str) -> None:
        with pytest.raises(Refused):
            PRODUCTION.check(address)

    @pytest.mark.parametrize(
        "address",
        [
            "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::a00:1", "64:ff9b::7f00:1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2002:7f00:1::", "fec0::1", "fe80::1%eth0", "fc00::1", "::",
            "0.0.0.0", "100.64.0.1", "192.0.0.8", "198.18.0.1", "240.0.0.1", "255.255.255.255", "224.0.0.251",
        ],
    )  # fmt: skip
    def test_which_addresses_are_not_open(self, address: str) -> None:
        assert not is_open(address)

    def test_a_clinics_own_network_is_reached_where_the_settings_open_it(self) -> None:
        own = replace(PRODUCTION, networks=(ipaddress.ip_network("10.20.0.0/16"),))
        assert own.allows(ipaddress.ip_address("10.20.3.4"))
        assert own.allows(ipaddress.ip_address("::ffff:10.20.3.4"))
        assert not own.allows(ipaddress.ip_address("10.21.0.1"))
        assert not own.allows(ipaddress.ip_address("127.0.0.1"))
        assert own.check("https://10.20.3.4:8443/hook").port == 8443

    def test_the_settings_name_networks_and_ports(self) -> None:
        env = {
            "INTEGRATION_API_SECRET_KEY": "a-secret-for-tests-only-0123456789-abcdefghijklmnop",
            "DATABASE_URL": "sqlite:////tmp/x.sqlite3",
            "INTEGRATION_API_URL": "https://journal.example",
            "INTEGRATION_API_KEYS": "test:c2l4dGVlbi1ieXRlcyBhbmQgc2l4dGVlbiBtb3JlLi4=",
            "INTEGRATION_API_OUTGOING_NETWORKS": "10.20.0.0/16 fd12::/16",
            "INTEGRATION_API_OUTGOING_PORTS": "443 9443",
        }
        settings = Settings.from_env(env)
        assert [str(each) for each in settings.outgoing_networks] == ["10.20.0.0/16", "fd12::/16"]
        assert settings.outgoing_ports == (443, 9443)
        for name, wrong in (("NETWORKS", "10.20.0.1/16"), ("PORTS", "https"), ("PORTS", "70000")):
            with pytest.raises(UnsafeSettings, match=name):
                Settings.from_env(env | {f"INTEGRATION_API_OUTGOING_{name}": wrong})


@pytest.mark.database_free
class TestConnecting:
    def test_one_address_within_is_enough_to_refuse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connected = resolving(monkeypatch, (OPEN, "10.0.0.1"))
        with pytest.raises(Refused):
            exchange(Call("POST", PRODUCTION.check("https://ehr.example/")), PRODUCTION)
        assert connected == []

    def test_a_name_that_changes_its_mind_is_not_asked_twice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connected = resolving(monkeypatch, (OPEN,), ("127.0.0.1",))
        with pytest.raises(Failed) as failed:
            exchange(Call("POST", PRODUCTION.check("https://ehr.example/")), PRODUCTION)
        assert failed.value.kind == "connection"
        assert connected == [(OPEN, 443)]  # the very address that was looked at

    def test_a_name_that_stands_for_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def nothing(*_: Any, **__: Any) -> Any:
            raise socket.gaierror

        monkeypatch.setattr(socket, "getaddrinfo", nothing)
        assert send(Message(new_id(), "https://ehr.example/", {}, b"{}"), PRODUCTION).error == "no_address"

    def test_no_proxy_of_the_environment_is_asked(self, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        found = send(Message(new_id(), receiver.address, {}, b"{}"), Guard(is_local_allowed=True, ports=WEB_PORTS))
        assert found.status == 204

    def test_a_server_that_is_nobody_for_tls(self, receiver: Any) -> None:
        local = Guard(is_local_allowed=True)
        secure = receiver.address.replace("http://", "https://")
        assert send(Message(new_id(), secure, {}, b"{}"), local).error == "tls"

    def test_a_server_that_says_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            parts = Guard(is_local_allowed=True).check(f"http://127.0.0.1:{silent.getsockname()[1]}/")
            call = Call("POST", parts, seconds=0.2)
            with pytest.raises(Failed) as failed:
                exchange(call, Guard(is_local_allowed=True))
        assert failed.value.kind == "timeout"


def test_in_production_no_webhook_leads_inside(
    agreed: Any, receiver: Any, work: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = agreed.admin.create("/v1/webhooks", {"name": "Inside", "url": receiver.address})
    settings = replace(agreed.app.config["SETTINGS"], environment=Environment.PRODUCTION)
    monkeypatch.setitem(agreed.app.config, "SETTINGS", settings)
    for url in (receiver.address, "https://localhost:443/", "https://10.0.0.1/", "https://ehr.example:8080/"):
        answer = agreed.admin.post("/v1/webhooks", {"name": "Inside", "url": url})
        if "localhost" not in url:  # what a name stands for is looked at when it is called
            assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/url")
    assert agreed.admin.post(f"/v1/webhooks/{webhook['id']}/ping", {}).status_code == 200
    work()
    (ping,) = agreed.admin.read(f"/v1/webhooks/{webhook['id']}/deliveries")["items"]
    assert ping["attempts"][0]["error"] == "refused_address"
    assert receiver.got == []
