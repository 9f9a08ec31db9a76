"""What a body is sent as, and what is answered: a refusal names what would do (RFC 9110, 15.5.7 and 15.5.16)."""

from typing import Any

import pytest

ENTRIES, WRITTEN = "/v1/journal-entries", "2026-03-09T08:12:00-05:00"


@pytest.mark.one_database
def test_a_refused_media_type_comes_with_the_one_that_is_taken(clinic: Any) -> None:
    entry = clinic.maya.create(ENTRIES, {"text": "The sea again."})
    path = f"{ENTRIES}/{entry['id']}"
    answer = clinic.maya.call("POST", ENTRIES, data=b"text=MARKER", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.headers["Accept"]) == (415, "application/json")
    assert answer.headers["Accept-Post"] == "application/json"
    assert "application/json" in answer.json["detail"]
    assert "Accept-Patch" not in answer.headers
    assert "MARKER" not in answer.text
    answer = clinic.maya.call("PATCH", path, json={"text": "Two."}, if_match="*")
    assert answer.status_code == 415
    assert answer.headers["Accept"] == answer.headers["Accept-Patch"] == "application/merge-patch+json"
    assert "Accept-Post" not in answer.headers
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


@pytest.fixture
def flag(clinic: Any) -> str:
    clinic.write("I want to kill myself.", WRITTEN)
    (found,) = clinic.therapist.read("/v1/safety-flags")["items"]
    return f"/v1/safety-flags/{found['id']}"


@pytest.mark.one_database
@pytest.mark.parametrize("more", [{}, {"content_type": "application/json"}, {"content_type": "text/plain"}])
def test_what_needs_nothing_said_needs_no_body(clinic: Any, flag: str, more: dict[str, Any]) -> None:
    answer = clinic.therapist.call("POST", f"{flag}/acknowledge", **more)
    assert (answer.status_code, answer.json["status"]) == (200, "acknowledged")
    prompt = clinic.maya.read("/v1/prompts")["items"][0]["id"]
    assert clinic.maya.call("POST", f"/v1/prompts/{prompt}/shown", **more).status_code == 200


@pytest.mark.one_database
def test_what_needs_something_said_still_needs_a_body(clinic: Any, flag: str) -> None:
    assert clinic.therapist.call("POST", f"{flag}/acknowledge", data=b" ", content_type="text/plain").status_code == 415
    assert clinic.therapist.call("POST", f"{flag}/acknowledge", data=b"{", content_type="text/plain").status_code == 415
    assert clinic.therapist.call("POST", f"{flag}/acknowledge").status_code == 200
    assert clinic.therapist.call("POST", f"{flag}/resolve").status_code == 415
    assert clinic.therapist.call("POST", f"{flag}/resolve", content_type="application/json").status_code == 400
    assert clinic.therapist.read(flag)["status"] == "acknowledged"


@pytest.mark.one_database
def test_the_contract_says_which_bodies_may_be_left_out(clinic: Any) -> None:
    paths = clinic.anybody().read("/openapi.json")["paths"]
    assert paths["/v1/safety-flags/{flag_id}/acknowledge"]["post"]["requestBody"]["required"] is False
    assert paths["/v1/safety-flags/{flag_id}/resolve"]["post"]["requestBody"]["required"] is True
    assert paths[ENTRIES]["post"]["requestBody"]["required"] is True
