"""A record with everything in it, seen as a record system sees it; and two validators that see all that it is sent."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from callers import ADDRESS, Clinic
from exporting import Exporting
from npm import installed
from rows import made_once
from werkzeug.test import TestResponse

from integration_api.access.scopes import parse_scopes
from integration_api.access.tokens import Grant
from integration_api.access.use_cases import principal_of, user_named
from integration_api.db import reading, unit_of_work
from integration_api.fhir.known import Known
from integration_api.fhir.search import Asked
from integration_api.fhir.use_cases import every_resource, type_named
from models import Role, User, new_id, now

NODE = Path(__file__).parent / "node"
BASE = "/fhir/R4"
FHIR = "application/fhir+json"


@dataclass
class Validators:
    """What was received in a run, and what two validators say of it: in one process, since it is slow to start."""

    received: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, body: Any) -> None:
        if not isinstance(body, dict) or "resourceType" not in body:
            return
        self.received[json.dumps(body, sort_keys=True)] = body
        for entry in body.get("entry", ()):
            self.note(entry.get("resource"))
            self.note(entry.get("response", {}).get("outcome"))

    def faults(self) -> dict[str, list[str]]:
        lines = "".join(f"{line}\n" for line in self.received)
        run = subprocess.run(
            ["node", "validate.mjs"], cwd=installed(NODE), input=lines, capture_output=True, text=True, check=True
        )
        told = [json.loads(line) for line in run.stdout.splitlines()]
        assert len(told) == len(self.received)
        found: dict[str, list[str]] = {}
        for body, faults in zip(self.received.values(), told, strict=True):
            if faults:
                found[f"{body['resourceType']}/{body.get('id')}"] = faults
        return found


@pytest.fixture(scope="session")
def validators() -> Iterator[Validators]:
    found = Validators()
    yield found
    if shutil.which("npm") and found.received:
        faults = found.faults()
        assert not faults, json.dumps(faults, indent=1)


@dataclass
class Fhir:
    """Somebody who calls the facade; whatever is received is noted for the validators."""

    caller: Any
    validators: Validators

    def call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        parts = urlsplit(path)
        if parts.scheme:
            path = f"{parts.path}?{parts.query}"
        path = path if path.startswith(BASE) else f"{BASE}/{path}"
        if "body" in kwargs:
            kwargs |= {"data": json.dumps(kwargs.pop("body"))}
            kwargs.setdefault("content_type", FHIR)
        answer: TestResponse = self.caller.call(method, path, **kwargs)
        if answer.data and answer.is_json:
            self.validators.note(answer.json)
        if answer.status_code >= 400:
            assert answer.content_type == FHIR, path
            assert answer.json["resourceType"] == "OperationOutcome", path
        return answer

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def read(self, path: str, **kwargs: Any) -> Any:
        answer = self.get(path, **kwargs)
        assert answer.status_code == 200, answer.text
        return answer.json

    def search(self, path: str, **kwargs: Any) -> list[Any]:
        """Search, turn all pages, give the matches."""
        found: list[Any] = []
        while True:
            page = self.read(path, **kwargs)
            found += [each["resource"] for each in page.get("entry", ()) if each["search"]["mode"] == "match"]
            path = next((each["url"] for each in page["link"] if each["relation"] == "next"), "")
            if not path:
                return found

    def ids(self, path: str) -> list[str]:
        return [each["id"] for each in self.search(path)]

    def post(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, body=body, **kwargs)

    def put(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.call("PUT", path, body=body, **kwargs)


@dataclass
class Record:
    """Maya's record, with everything in it, and what must not leave."""

    clinic: Any
    validators: Validators
    ids: dict[str, str] = field(default_factory=dict)

    def fhir(self, who: str, scope: str | None = None) -> Fhir:
        return Fhir(self.clinic.caller(who, scope), self.validators)

    @property
    def anybody(self) -> Fhir:
        return Fhir(self.clinic.anybody(), self.validators)

    @property
    def ehr(self) -> Fhir:
        return self.fhir("ehr")

    def add_system(self, username: str) -> Fhir:
        """Give the first organization another record system."""
        with self.clinic.app.app_context(), unit_of_work() as db_session:
            home = db_session.query(User).filter_by(username="admin").one().organization_id
            db_session.add(User(id=new_id(), organization_id=home, username=username, role=Role.SYSTEM))
        return self.fhir(username)

    def everything(self, who: str, kind: str, since: datetime | None = None, *narrower: str) -> list[Any]:
        """What a bulk export would be given."""
        with self.clinic.app.app_context(), reading() as db_session:
            caller = principal_of(db_session, Grant(user_named(db_session, who).id, parse_scopes("system/*.rs")), now())
            known = Known(db_session, caller, f"{ADDRESS}{BASE}")
            asked = [Asked(narrower[0], narrower[1:])] if narrower else []
            return [hit.resource for hit in every_resource(known, type_named(kind), since, *asked)]

    def consents(self, *, to: str = "ehr", is_granted: bool = True) -> None:
        said = {"purpose": to, "is_granted": is_granted, "wording": "As shown."}
        self.clinic.maya.create("/v1/me/consents", said)


def _answer_and_feel(clinic: Any, ids: dict[str, str]) -> None:
    asked = {"measure": "phq_9", "answers": [1, 1, 1, 1, 0, 1, 1, 0, 0], "answered_at": "2026-03-09T08:00:00Z"}
    ids["response"] = clinic.maya.create("/v1/measure-responses", asked)["id"]
    felt = {"valence": -3, "arousal": 4, "at": "2026-03-09T08:12:00-05:00"}
    ids["check_in"] = clinic.maya.create("/v1/mood-check-ins", {**felt, "visibility": "care_team"})["id"]
    ids["private_check_in"] = clinic.maya.create("/v1/mood-check-ins", felt)["id"]
    ids["draft"] = clinic.write("I am unfinished.", is_draft=True)["id"]


@pytest.fixture(scope="session")
def _lived() -> dict[str, Any]:
    """What the record left in the database, so that it is made by HTTP once and not once a test."""
    return {}


@pytest.fixture
def record(clinic: Clinic, validators: Validators, _lived: dict[str, Any]) -> Record:
    """A course with a dosing session, vitals, entries and notes, reviewed themes, resolves, a flag; no consent yet."""
    made_once(clinic, _lived, _live)
    return Record(clinic, validators, dict(clinic.ids))


def _live(clinic: Clinic) -> None:
    ids, therapist = clinic.ids, clinic.therapist
    ids["course"] = clinic.open_course(started_on="2026-03-01", indication="Her low mood.")["id"]
    ids["preparation"] = clinic.hold_session(ids["course"], "2026-03-02T10:00:00Z", "psychotherapy")["id"]
    dosing = {"route": "intramuscular", "dose_mg": 60}
    ids["session"] = clinic.hold_session(
        ids["course"], "2026-03-08T10:00:00Z", setting="clinic", ends_at="2026-03-08T12:00:00Z", dosing=dosing
    )["id"]
    vitals = {"at": "2026-03-08T10:20:00Z", "systolic_mmhg": 128, "heart_rate_bpm": 71, "spo2_percent": 97}
    ids["vitals"] = therapist.create(f"/v1/sessions/{ids['session']}/vitals", vitals)["id"]
    entry = clinic.write("I am afraid of dying. I am not afraid of dying any more.", mood={"valence": -2, "arousal": 3})
    private = clinic.write("I am afraid of dying, and of the dark.", visibility="private", mood={"valence": 1})
    ids |= {"entry": entry["id"], "private": private["id"], "private_mention": private["themes"][0]["id"]}
    ids |= {"mention": entry["themes"][0]["id"], "unconfirmed": entry["themes"][1]["id"]}
    note = clinic.note("Pt speaks of a fear of dying.")
    ids |= {"note": note["id"], "note_mention": note["themes"][0]["id"]}
    ids["psychotherapy"] = clinic.note("What I make of her fear of dying.", "psychotherapy")["id"]
    for mention in (ids["mention"], ids["note_mention"]):
        assert therapist.post(f"/v1/mentions/{mention}/review", {"verdict": "confirmed"}).status_code == 200
    for kind in ("intention", "commitment"):
        said = {"text": "To meet the fear.", "visibility": "care_team"}
        ids[kind] = clinic.maya.create(f"/v1/{kind}s", said)["id"]
        ids[f"private_{kind}"] = clinic.maya.create(f"/v1/{kind}s", {"text": "To tell nobody."})["id"]
    _answer_and_feel(clinic, ids)
    clinic.write("I have been having suicidal thoughts again.", "2026-03-10T08:00:00Z")
    clinic.write("I am going to kill myself tonight.", "2026-03-11T08:00:00Z")
    flags = sorted(therapist.read("/v1/safety-flags")["items"], key=lambda each: each["raised_at"])
    ids |= {"flag": flags[0]["id"], "open_flag": flags[-1]["id"]}
    assert therapist.post(f"/v1/safety-flags/{ids['flag']}/acknowledge", {"note": "Called her."}).status_code == 200
    clinic.add_ehr()


@pytest.fixture
def record_of(validators: Validators) -> Any:
    """See a clinic as a record system does, with whatever is in it."""
    return lambda clinic: Record(clinic, validators)


@pytest.fixture
def exporting(record: Any) -> Iterator[Exporting]:
    """Three resources a file, so that most types are several files."""
    app = record.clinic.app
    found = Exporting(record, Path(app.config["SETTINGS"].files.place))
    for each in found.files():
        each.unlink()
    settings, before = app.config["SETTINGS"], app.extensions["parts"]
    app.config["SETTINGS"] = replace(settings, export_file_resources=3)
    app.extensions["parts"] = replace(before, now=lambda: now() + found.turned[0])
    yield found
    app.config["SETTINGS"], app.extensions["parts"] = settings, before
