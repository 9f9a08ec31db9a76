"""How answers keep up as the record and the database grow: ratios of warm times, within one run.

    python bench/growth.py [--documents 1000] [--others 10000 1000000]

One patient has `--documents` tagged entries over twenty dosing sessions, and two commitments and an intention to be
followed; the rest of the database grows from the first to the last figure of `--others`. Each time is the median of
several calls through the whole application: "warm" when nothing has changed, "new" the first one after one more entry,
"cold" the first one of a worker that has just started and knows nothing of the patient.
"""

import argparse
import gc
import os
import random
import statistics
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import flask_migrate
from flask import Flask
from sqlalchemy import func, insert, select, update

from integration_api.access.keys import signer
from integration_api.access.policy import full_scope
from integration_api.access.tokens import mint_token
from integration_api.access.use_cases import user_named
from integration_api.app import create_app
from integration_api.config import Environment, Settings
from integration_api.db import db, reading, unit_of_work
from integration_api.people.founding import found_organization
from integration_api.themes.gleaned import Gleaned
from integration_api.themes.jobs import tag_stored
from integration_api.web.remembered import Memory
from integration_api.wiring import parts
from models import Commitment, Document, Intention, JournalEntry, Mention, Patient, Role, new_id
from models.key_service import new_key, parse_keys

ADDRESS = "http://localhost"
CALLS = 25
SENTENCES = (
    "I miss my father every time the boats come in.", "Slept six hours.", "The blue door again.", "I cried.",
    "Work was long and loud.", "I felt held by everything.", "My sister rang.", "I was afraid of dying for a moment.",
    "Walked by the river.", "Nothing much today.", "I want to forgive him.", "My chest let go.", "Ate soup.",
)  # fmt: skip


def main() -> None:
    """Measure, and print one line a figure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--documents", type=int, default=1000)
    asked.add_argument("--others", type=int, nargs="+", default=[10_000, 100_000])
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Settings(
                environment=Environment.TEST,
                secret_key="bench-" * 8,
                database_url=f"sqlite:///{folder}/bench.sqlite3",
                public_url=ADDRESS,
                wrapping_keys=parse_keys(new_key("bench")),
                calls_per_minute=1_000_000,
            )
        )
        with app.app_context():
            flask_migrate.upgrade()
            clinic = found(app)
            write(app, clinic, wanted.documents)
        for others in wanted.others:
            with app.app_context():
                fill(clinic, others)
            print(f"{wanted.documents} documents of one patient, {others} of others")
            measure(app, clinic)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"database: {size / 1e6:.0f} MB, process {os.getpid()}")


def found(app: Flask) -> dict[str, Any]:
    """Set up a clinic with a patient and a therapist; give what is needed to call as them."""
    with unit_of_work() as db_session:
        admin = found_organization(db_session, "Bench", "admin")
        found_ = {"organization": admin.organization_id}
    call = caller(app, "admin")
    found_["maya"] = call("POST", "/v1/patients", {"name": "Maya", "username": "maya"})["id"]
    found_["other"] = call("POST", "/v1/patients", {"name": "Other", "username": "other"})["id"]
    ada = call("POST", "/v1/clinicians", {"name": "Ada", "role": "therapist", "username": "ada"})["id"]
    path = f"/v1/patients/{found_['maya']}/care-team"
    call("PUT", path, {"members": [{"clinician_id": ada}]})
    return found_


def caller(app: Flask, username: str) -> Any:
    """Give a function that calls the API as somebody."""
    with app.app_context(), unit_of_work() as db_session:
        user, ours = user_named(db_session, username), signer(db_session, parts().key_service, ADDRESS)
        token = mint_token(ours, user.id, full_scope(Role(user.role)), at=parts().now(), minutes=60)
    client = app.test_client()

    def call(method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
        answer = client.open(path, method=method, json=body, headers=headers)
        if answer.status_code >= 400:
            raise RuntimeError(answer.text)
        return answer.json

    return call


def write(app: Flask, clinic: dict[str, Any], documents: int) -> None:
    """Write the patient's entries, four a session, and tag them."""
    ada, now, lots = caller(app, "ada"), datetime.now(UTC), random.Random(20261125)
    course = ada("POST", "/v1/courses", {"patient_id": clinic["maya"]})["id"]
    for number in range(20):
        at = (now - timedelta(days=7 * (20 - number))).isoformat()
        ada("POST", "/v1/sessions", {"course_id": course, "kind": "dosing", "starts_at": at, "status": "completed"})
    with reading() as db_session:
        author = user_named(db_session, "maya").id
    made = []
    with unit_of_work() as db_session:
        for number in range(documents):
            entry = JournalEntry(
                id=new_id(), organization_id=clinic["organization"], patient_id=UUID(clinic["maya"]), author_id=author,
                text=" ".join(lots.choices(SENTENCES, k=12)), visibility="care_team",
                written_at=now - timedelta(days=140 * (1 - number / documents)),
            )  # fmt: skip
            db_session.add(entry)
            made.append(entry.id)
    for each in made:
        tag_stored(each)
    maya = caller(app, "maya")
    for folder, text in (
        ("commitments", "Ring my sister."),
        ("commitments", "Walk by the river."),
        ("intentions", "Open the blue door."),
    ):
        maya("POST", f"/v1/{folder}", {"text": text, "visibility": "care_team"})
    with unit_of_work() as db_session:  # as if made at the beginning, so that there is much to follow
        for table in (Commitment, Intention):
            db_session.execute(update(table).values(created_at=now - timedelta(days=100)))


def fill(clinic: dict[str, Any], others: int) -> None:
    """Let the rest of the database grow to so many documents, each with a mention."""
    with reading() as db_session:
        there = db_session.scalar(select(func.count(Document.id)).where(Document.patient_id == UUID(clinic["other"])))
        author = db_session.scalars(select(Patient.user_id).where(Patient.id == UUID(clinic["other"]))).one()
    now, common = datetime.now(UTC), {"organization_id": clinic["organization"], "patient_id": UUID(clinic["other"])}
    while there < others:
        ids = [new_id() for _ in range(min(20_000, others - there))]
        document = {
            **common, "author_id": author, "source": "journal", "visibility": "care_team", "written_at": now,
            "text_sealed": b"\x01" + bytes(400), "word_count": 80, "tagging_state": "done", "is_session_given": False,
            "written_offset_minutes": 0, "version": 1, "created_at": now, "updated_at": now,
        }  # fmt: skip
        mention = {
            **common, "theme": "grief", "facet": "emotion", "start": 0, "end": 5, "assertion": "affirmed", "score": 0.9,
            "source": "lexicon", "created_at": now, "updated_at": now,
        }  # fmt: skip
        with db.engine.begin() as connection:
            connection.execute(insert(Document.__table__), [{**document, "id": each} for each in ids])
            connection.execute(
                insert(Mention.__table__), [{**mention, "id": new_id(), "document_id": each} for each in ids]
            )
        there += len(ids)


def measure(app: Flask, clinic: dict[str, Any]) -> None:
    """Time each answer against `/v1/me`."""
    ada, maya, patient = caller(app, "ada"), caller(app, "maya"), f"/v1/patients/{clinic['maya']}"

    def me() -> None:
        ada("GET", "/v1/me")

    print("                               warm            new           cold   (ms; times a /v1/me in turn with it)")
    paths = {path: patient + path for path in ("/themes", "/themes/grief", "/brief", "/motifs", "/patterns")}
    measured: dict[str, Any] = {
        name: lambda path=path: ada("GET", path) for name, path in (paths | {"/v1/caseload": "/v1/caseload"}).items()
    }
    for name, act in measured.items():
        times = [
            beside(me, act),
            beside(me, act, lambda: one_more(maya), 5),
            beside(me, act, lambda: forget(app), 3),
        ]
        print(f"  {name:<20}" + "".join(f"{took * 1000:7.1f} ms {ratio:5.2f}" for took, ratio in times))
    took, ratio = beside(me, lambda: ada("POST", f"{patient}/search", {"words": "river"}))
    print(f"  {'search':<20}{took * 1000:7.1f} ms {ratio:5.2f}")
    print(f"  kept in memory of the patient: {kept(app, lambda: [ada('GET', path) for path in paths.values()]):.1f} MB")


def one_more(maya: Any) -> None:
    """Write one more entry."""
    maya("POST", "/v1/journal-entries", {"text": "It rained, and I miss my father.", "visibility": "care_team"})


def forget(app: Flask) -> None:
    """Be a worker that has just started."""
    app.extensions["memory"], app.extensions["gleaned"] = Memory(), Gleaned()


def kept(app: Flask, act: Any) -> float:
    """Tell how much memory what is kept between answers takes, in MB."""
    forget(app)
    tracemalloc.start()
    act()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    forget(app)
    gc.collect()
    held -= tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held / 1e6


def beside(yardstick: Any, act: Any, before: Any = lambda: None, calls: int = CALLS) -> tuple[float, float]:
    """Give the middle of several times, in seconds, and how many times the yardstick's it is.

    The two are called in turn, so that whatever else the machine does falls on both. What is done before each is
    not counted.
    """
    act()
    own, its = [], []
    for _ in range(calls):
        before()
        own.append(timed(act))
        its.append(timed(yardstick))
    took = statistics.median(own)
    return took, took / statistics.median(its)


def timed(act: Any) -> float:
    """Tell how long it took, in seconds."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
