"""A record system sends again what it has sent: after changes here, many times at once, twice in one bundle."""

from typing import Any

import pytest
from incoming import SYSTEM_SCOPE, visit


@pytest.fixture
def record(clinic: Any, record_of: Any) -> Any:
    """Maya, who has agreed, with a course, and a record system that may put in."""
    found = record_of(clinic)
    found.ids |= {"maya": clinic.ids["maya"], "course": clinic.open_course()["id"]}
    clinic.add_ehr()
    found.consents()
    return found


@pytest.fixture
def ehr(record: Any) -> Any:
    return record.fhir("ehr", SYSTEM_SCOPE)


def test_nothing_is_planned_in_a_course_that_is_cancelled(record: Any, ehr: Any) -> None:
    therapist, course = record.clinic.therapist, record.ids["course"]
    subject, of_course = {"reference": f"Patient/{record.ids['maya']}"}, f"EpisodeOfCare/{record.ids['course']}"
    at = {"period": {"start": "2099-04-01T10:00:00Z"}}
    made = ehr.post("Encounter", visit(subject, **at)).json
    assert made["episodeOfCare"] == [{"reference": of_course}]
    assert therapist.patch(f"/v1/courses/{course}", {"status": "cancelled"}, if_match="*").status_code == 200
    again = ehr.put(f"Encounter/{made['id']}", visit(subject, **at))
    assert (again.status_code, again.json["issue"][0]["expression"]) == (422, ["status"])
    assert "cancelled" in again.json["issue"][0]["diagnostics"]
    named = ehr.post("Encounter", visit(subject, "v-2", episodeOfCare=[{"reference": of_course}], **at))
    assert (named.status_code, named.json["issue"][0]["expression"]) == (422, ["status"])
    assert ehr.read(f"Encounter/{made['id']}")["status"] == "cancelled"
    assert ehr.put(f"Encounter/{made['id']}", visit(subject, status="cancelled", **at)).status_code == 200
    assert therapist.patch(f"/v1/courses/{course}", {"status": "active"}, if_match="*").status_code == 200
    taken_up = ehr.put(f"Encounter/{made['id']}", visit(subject, **at))
    assert (taken_up.status_code, taken_up.json["status"]) == (200, "planned")
