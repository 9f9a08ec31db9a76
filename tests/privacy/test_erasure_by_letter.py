"""A wish to be forgotten that comes by letter, of somebody who has no account: carried out in the shell."""

from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from integration_api import cli
from integration_api.db import reading
from models import DataKey


@pytest.fixture
def forget(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command."""
    monkeypatch.setattr(cli, "_app", lambda: clinic.app)

    def run(patient_id: str, *more: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli.main, ["forget-patient", patient_id, *more], input=typed)

    return run


@pytest.fixture
def nameless(clinic: Any) -> str:
    """A patient of the therapist's without an account, of whom a note was written."""
    patient: str = clinic.admin.create("/v1/patients", {"name": "Rosa Adeyemi"})["id"]
    team = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
    clinic.admin.put(f"/v1/patients/{patient}/care-team", team, if_match="*")
    clinic.therapist.create("/v1/notes", {"patient_id": patient, "kind": "progress", "text": "Pt seen."})
    return patient


def test_what_was_written_of_somebody_without_an_account_is_gone(clinic: Any, forget: Any, nameless: str) -> None:
    clinic.write("Maya's own.")
    done = forget(nameless, "--yes")
    assert (done.exit_code, done.stdout) == (0, "erased\n")
    assert clinic.admin.read(f"/v1/patients/{nameless}")["name"] == "(erased)"
    assert clinic.therapist.read("/v1/notes")["items"] == []
    assert [each["text"] for each in clinic.maya.read("/v1/journal-entries")["items"]] == ["Maya's own."]
    with clinic.app.app_context(), reading(everywhere=True) as db_session:
        keys = select(DataKey.sealed).where(DataKey.owner_kind == "patient", DataKey.owner_id == UUID(nameless))
        assert db_session.scalars(keys).all() == [None]
    told = clinic.admin.read(f"/v1/audit-events?patient_id={nameless}")["items"]
    assert ("askForErasure", "service", "command line") in [
        (each["operation"], each["purpose"], each["origin"]) for each in told
    ]


def test_it_waits_as_long_as_the_clinic_must_keep_the_record(clinic: Any, forget: Any, nameless: str) -> None:
    clinic.admin.patch(f"/v1/patients/{nameless}", {"retain_until": "2100-01-01"}, if_match="*")
    assert forget(nameless, "--yes").stdout == "out of sight, and kept sealed until 2100-01-01\n"
    assert clinic.therapist.read("/v1/notes")["items"] == []
    again = forget(nameless, "--yes")
    assert (again.exit_code, "already" in again.stderr) == (1, True)


def test_it_asks_first(clinic: Any, forget: Any, nameless: str) -> None:
    for typed in ("n\n", "\n", ""):
        assert forget(nameless, typed=typed).exit_code == 1
    assert clinic.admin.read(f"/v1/patients/{nameless}")["name"] == "Rosa Adeyemi"
    assert forget(nameless, typed="y\n").exit_code == 0
    assert clinic.admin.read(f"/v1/patients/{nameless}")["name"] == "(erased)"


def test_an_account_ends_with_it(clinic: Any, forget: Any) -> None:
    maya = clinic.maya
    assert forget(clinic.ids["maya"], "--yes").exit_code == 0
    assert maya.get("/v1/me").status_code == 401


@pytest.mark.parametrize("who", ["0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e77", "maya", "", "1; drop"])
def test_nobody_of_that_id(clinic: Any, forget: Any, who: str) -> None:
    done = forget(who, "--yes")
    assert done.exit_code != 0
    assert "Traceback" not in done.output
    assert clinic.admin.read("/v1/patients")["items"][0]["name"] != "(erased)"
