"""How one speaks with the facade: media types, and what is preferred of an answer."""

from typing import Any

import pytest
from incoming import MRN, SYSTEM_SCOPE

SUBSCRIPTION = "system/Subscription.crds"


@pytest.fixture
def ehr(clinic: Any, record_of: Any) -> Any:
    """A record system that may put in; nobody has agreed to it."""
    found = record_of(clinic)
    clinic.add_ehr()
    return found.fhir("ehr", f"{SYSTEM_SCOPE} {SUBSCRIPTION}")


@pytest.mark.one_database
def test_whoever_sends_or_wants_another_media_type_is_told_which_there_are(ehr: Any) -> None:
    both = "application/fhir+json, application/json"
    for method, path in (
        ("POST", "Patient"),
        ("PUT", f"Patient?identifier={MRN}|7"),
        ("POST", ""),
        ("POST", "Subscription"),
    ):
        for kind in ("application/fhir+xml", "text/plain", None):
            refused = ehr.call(method, path, data="<a/>", content_type=kind)
            assert (refused.status_code, refused.headers["Accept"]) == (415, both), (method, path, kind)
            assert both in refused.json["issue"][0]["diagnostics"]
    asked = ehr.call("POST", "Patient/_search", data="{}", content_type="application/json")
    assert (asked.status_code, asked.headers["Accept"]) == (
        415,
        "application/x-www-form-urlencoded, multipart/form-data",
    )
    for path in ("Patient", "metadata", "Subscription"):
        for more in (
            {"headers": {"Accept": "application/fhir+xml"}},
            {"headers": {"Accept": "application/fhir+json; fhirVersion=5.0"}},
        ):
            refused = ehr.get(path, **more)
            assert (refused.status_code, refused.json["issue"][0]["code"]) == (406, "not-supported"), (path, more)
            assert both in refused.json["issue"][0]["diagnostics"]
        assert both in ehr.get(f"{path}?_format=xml").json["issue"][0]["diagnostics"], path
        assert ehr.get(path, headers={"Accept": "text/html, */*;q=0.1"}).status_code == 200
