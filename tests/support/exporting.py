"""A record system that exports in bulk, and the worker that writes for it."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from integration_api.jobs.running import run_next

ASYNC = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
LENIENT = ASYNC | {"Prefer": "respond-async, handling=lenient"}


@dataclass
class Exporting:
    """A record system that exports, a worker, a clock that is turned by hand, and the folder where files lie."""

    record: Any
    folder: Path
    turned: list[timedelta] = field(default_factory=lambda: [timedelta()])

    def begin(self, fhir: Any, path: str = "$export", **more: Any) -> str:
        sent = {"headers": ASYNC, **more}
        answer = fhir.call("POST" if "body" in sent else "GET", path, **sent)
        assert answer.status_code == 202, answer.text
        return str(answer.headers["Content-Location"])

    def work(self) -> int:
        with self.record.clinic.app.app_context():
            return sum(iter(run_next, 0))

    def manifest(self, fhir: Any, path: str = "$export", **more: Any) -> Any:
        there = self.begin(fhir, path, **more)
        self.work()
        return fhir.read(there)

    def fetch(self, fhir: Any, manifest: Any, section: str = "output") -> dict[str, list[Any]]:
        """Fetch all files; every line goes to the validators, too."""
        found: dict[str, list[Any]] = {}
        for each in manifest[section]:
            answer = fhir.get(each["url"], headers={"Accept": "application/fhir+ndjson"})
            assert (answer.status_code, answer.mimetype) == (200, "application/fhir+ndjson"), answer.text
            lines = [json.loads(line) for line in answer.text.splitlines()]
            for line in lines:
                fhir.validators.note(line)
            assert len(lines) <= each["count"]
            found.setdefault(each["type"], []).extend(lines)
        return found

    def export(self, fhir: Any, path: str = "$export", **more: Any) -> dict[str, list[Any]]:
        return self.fetch(fhir, self.manifest(fhir, path, **more))

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*/*"))


def ids(resources: list[Any]) -> list[str]:
    return [each["id"] for each in resources]


def parameters(**values: Any) -> dict[str, Any]:
    listed = [{"name": name, **value} for name, each in values.items() for value in each]
    return {"resourceType": "Parameters", "parameter": listed}
