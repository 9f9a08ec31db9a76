"""A clinic on a real socket, with its worker, and clients that we did not write, registered as a clinic would."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import callers
import pytest
import requests
from click.testing import CliRunner
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from npm import installed
from serving import served

from integration_api.app import LINES
from integration_api.jobs import worker
from integration_api.upkeep import new_client

NODE = Path(__file__).parent / "node"
PUTS_IN = "system/*.rs system/Patient.crus system/Encounter.crus"
MRN = "urn:oid:1.2.36.146.595.217"
VISITS = "https://ehr.example/visits"


@dataclass(frozen=True)
class Backend:
    """A record system that is registered with us: its client id, and the key pair that is its own."""

    address: str
    client_id: str
    algorithm: str
    key: ECKey | RSAKey
    scope: str = PUTS_IN

    def private_jwk(self) -> dict[str, Any]:
        return {**self.key.as_dict(private=True), "alg": self.algorithm, "key_ops": ["sign"]}

    def assertion(self) -> str:
        said = {
            "iss": self.client_id, "sub": self.client_id, "aud": f"{self.address}/oauth/token",
            "exp": int(time.time()) + 240, "jti": secrets.token_urlsafe(8),
        }  # fmt: skip
        return jwt.encode({"alg": self.algorithm, "kid": self.key.kid}, said, self.key, algorithms=[self.algorithm])

    def token(self) -> str:
        """Get a token for those clients that know nothing of getting one."""
        said = {
            "grant_type": "client_credentials", "scope": self.scope, "client_assertion": self.assertion(),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }  # fmt: skip
        answer = requests.post(f"{self.address}/oauth/token", data=said, timeout=5)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


@dataclass(frozen=True)
class Running:
    """The clinic and its record, at an address."""

    record: Any
    address: str
    folder: Path
    scope: str = PUTS_IN

    @property
    def base(self) -> str:
        return f"{self.address}/fhir/R4"

    def register(self, *arguments: str) -> str:
        """Do what the README tells an admin to; gives the client id."""
        app = self.record.clinic.app
        done = CliRunner().invoke(new_client, [*arguments, "--admin", "admin"], obj=lambda: app)
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    def backend(self, algorithm: str) -> Backend:
        key: ECKey | RSAKey
        key = ECKey.generate_key("P-384", auto_kid=True) if algorithm == "ES384" else RSAKey.generate_key(auto_kid=True)
        public = self.folder / "public.json"
        public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
        told = ("--system", "ehr", "--jwks", str(public), "--scope", PUTS_IN)
        return Backend(self.address, self.register("Hospital record", *told), algorithm, key)

    def ids(self, kind: str, query: str = "") -> list[str]:
        """Name what the record system finds of a type."""
        return sorted(self.record.ehr.ids(f"{kind}?{query}"))


@dataclass(frozen=True)
class Script:
    """A script in Node that speaks in lines of JSON."""

    said: IO[str]
    heard: IO[str]

    def say(self, told: Any) -> None:
        self.said.write(json.dumps(told) + "\n")
        self.said.flush()

    def hear(self) -> Any:
        line = self.heard.readline()
        assert line, "it ended before it was done"
        return json.loads(line)


@pytest.fixture
def running(record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Serve the record, and do the background work."""
    app = record.clinic.app
    monkeypatch.setattr(worker, "IDLE", 0.1)
    with served(app) as address:
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], public_url=address))
        monkeypatch.setattr(callers, "ADDRESS", address)
        working = worker.Worker(app, LINES).start()
        yield Running(record, address, tmp_path)
        working.stop()


@pytest.fixture
def node(tmp_path: Path) -> Callable[[str], Any]:
    """Run a script meanwhile; it ends well, or the test fails with what it said."""

    @contextmanager
    def run(name: str) -> Iterator[Script]:
        errors = tmp_path / f"{name}.errors"
        with errors.open("w") as told, subprocess.Popen(
            ["node", name], cwd=installed(NODE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True
        ) as process:  # fmt: skip
            assert process.stdin
            assert process.stdout
            try:
                yield Script(process.stdin, process.stdout)
            except BaseException:
                process.kill()
                process.wait()
                print(errors.read_text())  # noqa: T201  (pytest shows it beside the failure)
                raise
        assert process.returncode == 0, errors.read_text()

    return run


@pytest.fixture
def patient() -> Any:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": MRN, "value": "7"}],
        "name": [{"use": "official", "family": "Lindqvist", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1984-05-17",
    }


@pytest.fixture
def visit() -> Any:
    """A visit, whose subject is still to be said."""
    return {
        "resourceType": "Encounter",
        "identifier": [{"system": VISITS, "value": "v-1"}],
        "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"},
        "period": {"start": "2026-04-01T10:00:00+02:00"},
    }
