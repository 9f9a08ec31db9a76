"""How one speaks with the facade: media types, and what is preferred of an answer."""

from typing import Any

import pytest
from incoming import MRN, SYSTEM_SCOPE, patient

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


def of(kind: str, *entries: Any) -> Any:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_whoever_wants_little_of_an_answer_gets_little_of_a_bundle_too(ehr: Any, kind: str) -> None:
    put_in = {"resource": patient(), "request": {"method": "PUT", "url": f"Patient?identifier={MRN}|7"}}
    look = {"request": {"method": "GET", "url": f"Patient?identifier={MRN}|7"}}
    minimal = ehr.post("", of(kind, put_in, look), headers={"Prefer": "return=minimal"}).json["entry"]
    assert (minimal[0]["response"]["status"], "resource" in minimal[0]) == ("201", False)
    assert minimal[0]["response"]["location"] == minimal[0]["fullUrl"] + "/_history/1"
    assert minimal[1]["resource"]["total"] == 1  # what is read was asked for
    whole = ehr.post("", of(kind, put_in), headers={"Prefer": "return=representation"}).json["entry"]
    assert whole[0]["resource"]["gender"] == "female"


def test_a_read_in_a_bundle_is_what_it_is_by_itself(ehr: Any) -> None:
    here = f"Patient/{ehr.post('Patient', patient()).json['id']}"

    def read(url: str) -> Any:
        (told,) = ehr.post("", of("batch", {"request": {"method": "GET", "url": url}})).json["entry"]
        return told

    for url in (here, f"{here}/_history/1", f"{here}?_summary=true", f"{here}?_elements=gender"):
        assert read(url)["resource"] == ehr.read(url), url
    for url in (f"{here}/_history", f"{here}/birthDate", f"{here}/x/1", f"{here}/_history/1/2"):
        refused = read(url)["response"]
        assert refused["status"] == "422", url
        assert refused["outcome"]["issue"][0]["expression"] == ["Bundle.entry[0].request.url"], url
    assert read(f"{here}?gender=male")["response"]["status"] == "422"
