"""The birth dates that a record system puts in."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from incoming import MRN, SYSTEM_SCOPE, patient

from integration_api.db import unit_of_work
from models import Patient


@pytest.fixture
def ehr(clinic: Any, record_of: Any) -> Any:
    clinic.add_ehr()
    return record_of(clinic).fhir("ehr", SYSTEM_SCOPE)


def test_nobody_is_put_in_who_is_not_born(clinic: Any, ehr: Any) -> None:
    made = ehr.post("Patient", patient()).json
    for refused in (
        ehr.post("Patient", patient("8", birthDate="2980-05-17")),
        ehr.post("Patient", patient("8", birthDate="9999-12-31")),
        ehr.put(f"Patient/{made['id']}", patient(id=made["id"], birthDate="2980-05-17")),
    ):
        issue = refused.json["issue"][0]
        assert (refused.status_code, issue["expression"]) == (422, ["birthDate"])
        assert issue["diagnostics"] == "This day has not come yet."
    assert clinic.admin.read(f"/v1/patients/{made['id']}")["birth_date"] == made["birthDate"]
    assert ehr.ids(f"Patient?identifier={MRN}|8") == []


def test_whoever_is_put_in_is_changed_whatever_stands_for_the_birth_date(clinic: Any, ehr: Any) -> None:
    """A day to come was taken once, in place of one that is not known."""
    for number, day in (("7", "0001-01-01"), ("8", "9999-12-31")):
        made = ehr.post("Patient", patient(number, birthDate="0001-01-01")).json
        with clinic.app.app_context(), unit_of_work() as db_session:
            db_session.get_one(Patient, UUID(made["id"])).birth_date = date.fromisoformat(day)
        again = ehr.put(f"Patient/{made['id']}", patient(number, id=made["id"], birthDate=day, gender="other"))
        assert (again.status_code, again.json["birthDate"]) == (200, day)
        changed = clinic.admin.patch(f"/v1/patients/{made['id']}", {"retain_until": "2040-12-31"}, if_match="*")
        assert (changed.status_code, changed.json["birth_date"]) == (200, day)
