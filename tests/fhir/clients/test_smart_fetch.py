"""smart-fetch, SMART's own client, from the shell: discovery, private_key_jwt, token, and what it then fetches."""

import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

SMART_FETCH = Path(sys.executable).with_name("smart-fetch")
OF_PATIENTS = ("DocumentReference", "Encounter", "EpisodeOfCare", "Observation")  # what it asks for, and we have
# What it asks for of observations unless told otherwise.
CATEGORIES = "category=social-history,vital-signs,imaging,laboratory,survey,exam,procedure,therapy,activity"


def fetch(running: Any, backend: Any, verb: str, *arguments: str) -> dict[str, list[str]]:
    """Let it fetch, and name what it has then: ids by type."""
    folder: Path = running.folder / "-".join((verb, *arguments))
    folder.mkdir()
    keys, out = folder / "private.jwks", folder / "out"
    keys.write_text(json.dumps({"keys": [backend.private_jwk()]}))
    done = subprocess.run(
        [
            SMART_FETCH, verb, str(out), "--fhir-url", running.base, "--smart-client-id", backend.client_id,
            "--smart-key", str(keys), *arguments,
        ],
        capture_output=True, text=True, check=False, env=os.environ | {"NO_PROXY": "127.0.0.1"}, cwd=folder,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    errors = out / "error"  # it says that it is done, whatever it was refused
    assert not errors.exists(), told + "".join(map(text_of, errors.iterdir()))
    return read(out)


def read(out: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in out.glob("[A-Z]*.ndjson*"):
        for line in text_of(file).splitlines():
            resource = json.loads(line)
            found.setdefault(resource["resourceType"], []).append(resource["id"])
    return {kind: sorted(ids) for kind, ids in found.items()}


def text_of(file: Path) -> str:
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as opened:
        return str(opened.read())


def of_maya(running: Any) -> dict[str, list[str]]:
    """Say what searches find of her, as smart-fetch would ask."""
    maya = running.record.ids["maya"]
    narrower = {"Observation": f"&{CATEGORIES}"}
    found = {kind: running.ids(kind, f"patient={maya}{narrower.get(kind, '')}") for kind in OF_PATIENTS}
    assert len(found["Observation"]) > 5
    return found | {"Patient": [maya]}


@pytest.mark.one_database
def test_a_crawl_brings_all_that_searches_find(running: Any) -> None:
    running.record.consents()
    found = fetch(running, running.backend("ES384"), "crawl", "--id-list", running.record.ids["maya"])
    assert found == of_maya(running)


def test_exports_in_bulk_bring_all_that_searches_find(running: Any, patient: Any) -> None:
    running.record.consents()
    wanted = of_maya(running)
    own = running.record.fhir("ehr", running.scope).post("Patient", patient).json["id"]
    group = running.record.clinic.ids["therapist"]  # her patients; what the system has put in is nobody's yet
    backend = running.backend("RS384")
    with ThreadPoolExecutor() as pool:  # each waits for its export
        asked = [("bulk",), ("bulk", "--group", group)]
        of_all, of_group = pool.map(lambda each: fetch(running, backend, *each), asked)
    devices = {"Device": running.ids("Device")}
    assert of_all == wanted | devices | {"Patient": sorted([*wanted["Patient"], own])}
    assert of_group == wanted | devices
