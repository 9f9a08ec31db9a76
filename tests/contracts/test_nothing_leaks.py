"""What people wrote stands in answers to those who may read it, and nowhere else: no log, no error, no warning."""

import json
import logging
from typing import Any

import pytest

MARKER = "zinnober-quartz"


def everything(clinic: Any) -> list[tuple[Any, str, str, Any]]:
    """Every operation, done right and done wrong, with words that can be told again."""
    bad = {"text": f"{MARKER} \x00", "kind": MARKER, "mood": MARKER, "id": MARKER, MARKER: MARKER}
    entry = clinic.write(f"I am afraid of dying, {MARKER}.")
    note = clinic.note(f"Pt said {MARKER}.")
    records = [
        (clinic.maya, f"/v1/journal-entries/{entry['id']}"),
        (clinic.therapist, f"/v1/notes/{note['id']}"),
        (clinic.therapist, f"/v1/patients/{clinic.ids['maya']}"),
    ]
    calls: list[tuple[Any, str, str, Any]] = []
    for caller, path in records:
        calls += [(caller, "PATCH", path, {"text": MARKER}), (caller, "PUT", path, bad), (caller, "GET", path, None)]
    for path in ("/v1/journal-entries", "/v1/notes", "/v1/courses", "/v1/sessions", "/v1/patients"):
        calls += [
            (clinic.maya, "POST", path, bad),
            (clinic.therapist, "POST", path, bad),
            (clinic.admin, "POST", path, bad),
        ]
        calls += [
            (clinic.maya, "GET", f"{path}?{MARKER}={MARKER}", None),
            (clinic.maya, "GET", f"{path}?limit=2", None),
        ]
    return calls


def test_no_log_and_no_error_holds_what_was_written(
    clinic: Any, broken_tagger: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        for caller, method, path, body in everything(clinic):
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            data = None if body is None else json.dumps(body)
            for more in ({}, {"if_match": "*"}):
                answer = caller.call(method, path, data=data, content_type=kind, **more)
                if answer.status_code >= 400:
                    told = answer.text.replace(f"/{MARKER}", "").replace(f'"{MARKER}"', "")  # the place of a fault
                    assert MARKER not in told, answer.text
        with broken_tagger():
            clinic.write(f"{MARKER} again")
    assert MARKER not in caplog.text
    out, err = capfd.readouterr()
    assert MARKER not in out + err


def test_a_crash_tells_its_kind_and_place_only(clinic: Any, caplog: pytest.LogCaptureFixture) -> None:
    clinic.app.config["PROPAGATE_CRASHES"] = False
    before = clinic.app.view_functions["Journal.JournalEntries"]

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"cannot store {MARKER}")

    clinic.app.view_functions["Journal.JournalEntries"] = crash
    try:
        answer = clinic.maya.get("/v1/journal-entries")
    finally:
        clinic.app.view_functions["Journal.JournalEntries"] = before
        clinic.app.config["PROPAGATE_CRASHES"] = True
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert MARKER not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


def test_a_driver_quotes_no_values(clinic: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The same username twice: the database's own message would name it."""
    clinic.admin.create("/v1/patients", {"name": "A", "username": "zinnober"})
    answer = clinic.admin.post("/v1/patients", {"name": "B", "username": "zinnober"})
    assert answer.status_code == 409
    assert "zinnober" not in answer.text + caplog.text
