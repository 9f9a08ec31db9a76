"""What a body is sent as, and what is answered: a refusal names what would do (RFC 9110, 15.5.7 and 15.5.16)."""

from typing import Any

import pytest

ENTRIES = "/v1/journal-entries"


@pytest.mark.one_database
def test_a_refused_media_type_comes_with_the_one_that_is_taken(clinic: Any) -> None:
    entry = clinic.maya.create(ENTRIES, {"text": "The sea again."})
    path = f"{ENTRIES}/{entry['id']}"
    answer = clinic.maya.call("POST", ENTRIES, data=b"text=MARKER", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/json")
    assert "application/json" in answer.json["detail"]
    assert "Accept-Patch" not in answer.headers
    assert "MARKER" not in answer.text
    answer = clinic.maya.call("PATCH", path, json={"text": "Two."}, if_match="*")
    assert answer.status_code == 415
    assert answer.headers["Accept"] == answer.headers["Accept-Patch"] == "application/merge-patch+json"
    assert "application/merge-patch+json" in answer.json["detail"]
    answer = clinic.maya.call("POST", f"{path}/attachments", data=b"<svg/>", content_type="image/svg+xml")
    assert answer.status_code == 415
    taken = answer.headers["Accept"].split(", ")
    assert {"image/jpeg", "audio/mp4", "application/octet-stream"} <= {*taken}
    assert all(each in answer.json["detail"] for each in taken)


@pytest.mark.one_database
def test_the_facade_names_what_it_takes_and_gives(clinic: Any) -> None:
    ehr = clinic.add_ehr()
    answer = ehr.call("POST", "/fhir/R4/Patient", data="<a/>", content_type="application/fhir+xml")
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/fhir+json, application/json")
    assert "application/fhir+json" in answer.json["issue"][0]["diagnostics"]
    for more in ({"path": "/fhir/R4/Patient?_format=xml"}, {"path": "/fhir/R4/Patient", "headers": {"Accept": "a/b"}}):
        answer = ehr.get(more.pop("path"), **more)
        assert answer.status_code == 406
        assert "application/fhir+json" in answer.json["issue"][0]["diagnostics"]
    answer = ehr.call("POST", "/fhir/R4/Patient/_search", data="identifier=nobody", content_type="text/plain")
    assert (answer.status_code, answer.headers["Accept"]) == (
        415,
        "application/x-www-form-urlencoded, multipart/form-data",
    )
