"""fhir-kit-client and openid-client, in Node: a record system's whole visit, and a clinician's application."""

import re
import shutil
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pyotp
import pytest
import requests

pytestmark = [
    pytest.mark.one_database,
    pytest.mark.skipif(
        shutil.which("npm") is None, reason="npm is missing: fhir-kit-client, openid-client did not run"
    ),
]
PASSWORD = "slow rivers carry stones"
REDIRECT = "http://127.0.0.1:9999/back"


def test_a_record_system(running: Any, node: Any, patient: Any, visit: Any) -> None:
    backend, maya = running.backend("ES384"), running.record.ids["maya"]
    with node("record-system.mjs") as script:
        script.say(
            {
                "issuer": running.address, "base": running.base, "client_id": backend.client_id,
                "scope": backend.scope, "jwk": backend.private_jwk(), "patient": patient, "visit": visit, "maya": maya,
            }
        )  # fmt: skip
        told = script.hear()
        assert told["token_url"] == f"{running.address}/oauth/token"
        assert told["fhir_version"] == "4.0.1"
        assert (told["introspected"]["active"], told["introspected"]["client_id"]) == (True, backend.client_id)
        assert set(backend.scope.split()) <= set(told["introspected"]["scope"].split())
        (first, again), (first_visit, visit_again) = told["patients"], told["visits"]
        assert (first["status"], again["status"], first["id"]) == (201, 200, again["id"])
        assert (first_visit["status"], visit_again["status"], first_visit["id"]) == (201, 200, visit_again["id"])
        assert running.ids("Encounter", f"patient={first['id']}") == [first_visit["id"]]
        assert told["changed"] == {"status": 200, "version": "2"}
        assert told["stale"] == {"status": 412, "resourceType": "OperationOutcome"}
        assert told["not_yet"] == {"status": 404, "resourceType": "OperationOutcome"}
        running.record.consents()
        script.say({"consent": "given"})
        told = script.hear()
        for kind in ("DocumentReference", "Observation"):
            assert sorted(told[kind]["ids"]) == running.ids(kind, f"patient={maya}")
            assert told[kind]["pages"] > 1
        assert told["refused"] == {"status": 400, "resourceType": "OperationOutcome"}
        assert told["resolved"] == maya
        assert sorted(told["exported"]) == running.ids("Encounter")
        assert told["ended"] == {"introspected": {"active": False}, "status": 401}


class Browser:
    """Somebody who fills in our forms, over the wire."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def open(self, url: str) -> requests.Response:
        return self.session.get(url, timeout=20)

    def submit(self, page: requests.Response, *, follow: bool = True, **fields: str) -> requests.Response:
        assert page.status_code == 200, page.text
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
        said = {name: unescape(value) for name, value in hidden} | fields
        return self.session.post(page.url, data=said, allow_redirects=follow, timeout=20)

    def accept(self, invitation: str) -> pyotp.TOTP:
        """Set a password and the second factor."""
        page = self.open(invitation)
        secret = re.search(r'<code id="secret">([A-Z2-7 ]+)</code>', page.text)
        assert secret, page.text
        found = pyotp.TOTP(secret[1].replace(" ", ""))
        assert self.submit(page, password=PASSWORD, again=PASSWORD, code=found.now()).status_code == 200
        return found

    def allow(self, asked: str, username: str, codes: pyotp.TOTP) -> str:
        """Sign in, say yes to what is asked; gives the address that it ends at."""
        page = self.submit(self.open(asked), username=username, password=PASSWORD)
        page = self.submit(page, code=codes.at(time.time() + 30))  # the one before has been used
        return self.submit(page, follow=False, decision="allow").headers["Location"]


@pytest.fixture
def browser() -> Iterator[Browser]:
    found = Browser()
    yield found
    found.session.close()


def test_an_application_of_a_clinicians(running: Any, node: Any, browser: Browser) -> None:
    clinic = running.record.clinic
    codes = browser.accept(clinic.admin.create("/v1/invitations", {"username": "therapist"})["url"])
    client_id = running.register("Round of the ward", "--redirect-uri", REDIRECT)
    with node("application.mjs") as script:
        scope = "user/DocumentReference.rs user/Patient.rs offline_access"
        script.say({
            "issuer": running.address, "base": running.base, "client_id": client_id, "redirect_uri": REDIRECT,
            "scope": scope,
        })  # fmt: skip
        browser.session.cookies.clear()
        script.say(browser.allow(script.hear()["url"], "therapist", codes))
        told = script.hear()
    assert sorted(told["scope"].split()) == sorted(scope.split())
    assert sorted(told["ids"]) == sorted(running.record.fhir("therapist").ids("DocumentReference"))
    assert told["pages"] > 1
    assert told["narrow"] == 403
    assert told["is_refreshed"] is True
    assert told["after"] == 401
