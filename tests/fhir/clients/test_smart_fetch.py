"""smart-fetch, SMART's own client, from the shell: discovery, private_key_jwt, token, and what it then fetches."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SMART_FETCH = Path(sys.executable).with_name("smart-fetch")
# What smart-fetch asks for by default, as far as we have it.
KINDS = ("DocumentReference", "Encounter", "EpisodeOfCare", "MedicationAdministration", "Observation", "Patient")


def fetch(running: Any, verb: str, *arguments: str, algorithm: str) -> dict[str, list[str]]:
    """Let it fetch, and name what it has then: ids by type."""
    backend = running.backend(algorithm)
    keys, out = running.folder / f"{verb}.jwks", running.folder / f"{verb}-{len(arguments)}"
    keys.write_text(json.dumps({"keys": [backend.private_jwk()]}))
    done = subprocess.run(
        [
            SMART_FETCH, verb, str(out), "--fhir-url", running.base, "--smart-client-id", backend.client_id,
            "--smart-key", str(keys), *arguments,
        ],
        capture_output=True, text=True, check=False, env=os.environ | {"NO_PROXY": "127.0.0.1"}, cwd=running.folder,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert not (out / "error").exists(), told + "".join(map(text_of, (out / "error").iterdir()))
    return read(out)


def read(out: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in out.glob("*.ndjson*"):
        for line in text_of(file).splitlines():
            resource = json.loads(line)
            if "resourceType" in resource:
                found.setdefault(resource["resourceType"], []).append(resource["id"])
    return {kind: sorted(ids) for kind, ids in found.items()}


def text_of(file: Path) -> str:
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as opened:
        return str(opened.read())


def test_a_crawl_brings_all_that_a_search_finds(running: Any) -> None:
    running.record.consents()
    maya = running.record.ids["maya"]
    found = fetch(running, "crawl", "--id-list", maya, algorithm="ES384")
    wanted = {kind: running.ids(kind, f"patient={maya}") for kind in KINDS if kind != "Patient"}
    assert found == wanted | {"Patient": [maya]}
    assert len(found["Observation"]) > 5
