"""Record systems to write to: one in Python that can misbehave, and one out of npm that knows FHIR."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from copies import URI
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet
from npm import installed
from serving import listening

from integration_api.app import LINES
from integration_api.fhir import pushing
from integration_api.jobs.worker import everything_once

NODE = Path(__file__).parent / "node"
MRN = "urn:mrn"


@dataclass
class StandIn:
    """A record system in memory. `trouble` is what happens to the next requests that write: a status, or `lost`."""

    address: str = ""
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    trouble: list[tuple[str, int | str, dict[str, str]]] = field(default_factory=list)  # method, what, headers
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)
    forgets: bool = False  # a server that does not know `identifier` gives everybody
    holds: bool = False  # what is created waits for somebody to let it in
    held: list[dict[str, Any]] = field(default_factory=list)
    lags: bool = False  # searches do not find what was created
    meanwhile: tuple[str, Callable[[], None]] | None = None  # what happens once while it is asked for such a place

    def put_in(self, kind: str, value: str, system: str = MRN) -> str:
        made = {"resourceType": kind, "identifier": [{"system": system, "value": value}]}
        return str(self._store(made)[1]["id"])

    @property
    def copies(self) -> list[dict[str, Any]]:
        return [each for each in self.stored.values() if each["resourceType"] == "DocumentReference"]

    def let_in(self) -> None:
        for each in self.held:
            self._store(each)
        self.held.clear()

    def writes(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.asked if method in ("POST", "PUT") and "/fhir/" in path]

    def answer(self, method: str, path: str, headers: dict[str, str], data: bytes) -> tuple[int, Any, dict[str, str]]:
        self.asked.append((method, path, headers))
        if self.meanwhile is not None and self.meanwhile[0] in f"{method} {path}":
            happens, self.meanwhile = self.meanwhile[1], None
            happens()
        url = urlsplit(path)
        if url.path == "/fhir/.well-known/smart-configuration":
            return 200, {"token_endpoint": f"{self.address.removesuffix('/fhir')}/token"}, {}
        if url.path == "/token":
            self.assertions.append(parse_qs(data.decode())["client_assertion"][0])
            self.tokens.append(f"token-{len(self.tokens)}")
            return 200, {"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 300}, {}
        if self.tokens and headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return 401, {}, {}
        what, more = self._trouble(method)
        if isinstance(what, int):
            return what, {"resourceType": "OperationOutcome"}, more
        found = self._carry_out(method, url, headers, json.loads(data) if data else {})
        return (0, None, {}) if what == "lost" else found

    def _trouble(self, method: str) -> tuple[int | str | None, dict[str, str]]:
        if self.trouble and self.trouble[0][0] == method:
            _, what, more = self.trouble.pop(0)
            return what, more
        return None, {}

    def _carry_out(self, method: str, url: Any, headers: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        kind, _, record_id = url.path.removeprefix("/fhir/").partition("/")
        if method == "GET" and not record_id:
            found = [] if self.lags else self._named(kind, parse_qs(url.query)["identifier"][0])
            return 200, {"resourceType": "Bundle", "entry": [{"resource": each} for each in found]}, {}
        if method == "POST":
            return self._create(self._named(kind, headers["if-none-exist"].removeprefix("identifier=")), body)
        if record_id not in self.stored:
            return 410, {}, {}
        if method == "GET":
            return self._told(200, self.stored[record_id])
        if headers.get("if-match") not in (None, f'W/"{self.stored[record_id]["meta"]["versionId"]}"'):
            return 412, {}, {}
        return self._told(200, self._store(body)[1])

    def _create(self, found: list[dict[str, Any]], body: Any) -> tuple[int, Any, dict[str, str]]:
        if self.holds and not found:
            self.held.append(body)
            return 202, {}, {}
        return self._told(200, found[0]) if found else self._told(*self._store(body))

    def _named(self, kind: str, token: str) -> list[dict[str, Any]]:
        of_kind = [each for each in self.stored.values() if each["resourceType"] == kind]
        parts = [each.replace("\\|", "|") for each in re.split(r"(?<!\\)\|", token)]
        wanted = dict(zip(("system", "value"), parts, strict=True))
        return of_kind if self.forgets else [each for each in of_kind if wanted in map(_bare, each["identifier"])]

    def _store(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        record_id = body.get("id", f"r-{len(self.stored) + 1}")
        version = int(self.stored.get(record_id, {"meta": {"versionId": "0"}})["meta"]["versionId"]) + 1
        kept = {**body, "id": record_id, "meta": {**body.get("meta", {}), "versionId": str(version)}}
        self.stored[record_id] = kept
        return 201, kept

    def _told(self, status: int, resource: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        here = f"{self.address}/{resource['resourceType']}/{resource['id']}"
        return status, resource, {"Location": here, "ETag": f'W/"{resource["meta"]["versionId"]}"'}

    def claims(self, jwks: Any) -> dict[str, Any]:
        """What our latest assertion says, checked with the keys that we publish."""
        found: dict[str, Any] = jwt.decode(
            self.assertions[-1], KeySet.import_key_set(jwks), algorithms=["ES384"]
        ).claims
        return found


def _bare(identifier: dict[str, str]) -> dict[str, str]:
    return {name: identifier.get(name, "") for name in ("system", "value")}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    made = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): each for name, each in self.headers.items()}
            status, body, more = made.answer(self.command, self.path, headers, data)
            if not status:
                return  # it hangs up without a word
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def do_PUT(self) -> None:
            self._do()

        def log_message(self, *_: Any) -> None:
            pass

    with listening(Handler) as port:
        made.address = f"http://127.0.0.1:{port}/fhir"
        yield made


@pytest.fixture
def work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """All that the worker would do now for record systems. Waits are drawn at their longest."""
    monkeypatch.setattr(pushing, "_chance", lambda: 1.0)
    app.extensions.pop("ehr_tokens", None)
    return lambda: everything_once(app, LINES[-1:])


@pytest.fixture
def agree(clinic: Any) -> Callable[..., None]:
    """Maya's word on the clinic's record system."""

    def say(*, is_granted: bool = True) -> None:
        said = {"purpose": "ehr", "is_granted": is_granted, "wording": "As shown."}
        clinic.maya.create("/v1/me/consents", said)

    return say


@pytest.fixture
def connect(clinic: Any) -> Callable[..., Any]:
    def make(address: str, **more: Any) -> Any:
        told = {"name": "Hospital record", "base_url": address, "client_id": "journal", "patient_system": MRN}
        return clinic.admin.create("/v1/ehr-connections", told | more)

    return make


@pytest.fixture
def there(clinic: Any, agree: Any, stand_in: Any, connect: Any) -> Any:
    """Maya has agreed, and is known to the record system by our identifier."""
    agree()
    connection = connect(stand_in.address)
    clinic.ids["connection"] = connection["id"]
    clinic.ids["maya_there"] = stand_in.put_in("Patient", f"urn:uuid:{clinic.ids['maya']}", URI)
    return stand_in


@pytest.fixture
def medplum(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a record system in node; on one database, since it knows nothing of ours."""
    if not shutil.which("npm"):
        pytest.skip("npm is missing: nothing was sent to @medplum/fhir-router")
    if request.config.getoption("--database") != "sqlite":
        pytest.skip("tried with SQLite")
    server = subprocess.Popen(["node", "ehr.mjs"], cwd=installed(NODE), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    server.terminate()
    server.wait()
    server.stdout.close()
