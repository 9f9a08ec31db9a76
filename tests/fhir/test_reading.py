"""What a record system reads: every type of resource, searched, paged, shaped; two validators look at all of it."""

import base64
import json
import shutil
from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_api.fhir.resources.registry import TYPES

SMART_FETCH = "social-history,vital-signs,imaging,laboratory,survey,exam,procedure,therapy,activity"
MORE = {"Practitioner": 4, "PractitionerRole": 4, "Encounter": 2, "Observation": 8, "DocumentReference": 4}
MORE |= {"Group": 4, "Questionnaire": 7, "Provenance": 6, "CodeSystem": 6, "ValueSet": 6}


@pytest.mark.one_database
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing: two FHIR validators did not run")
def test_the_validators_find_what_is_wrong(validators: Any) -> None:
    ours = type(validators)()
    ours.note({"resourceType": "Patient", "id": "1", "gender": "negated"})
    ours.note({"resourceType": "Patient", "id": "2", "birthDate": "yesterday"})
    ours.note({"resourceType": "Observation", "id": "3", "status": "final"})
    ours.note({"resourceType": "Patient", "id": "4", "gender": "other", "birthDate": "1984-05-17"})
    found = ours.faults()
    assert {"fhir", "medplum"} == {each.partition(":")[0] for faults in found.values() for each in faults}
    assert found.keys() == {"Patient/1", "Patient/2", "Observation/3"}


@pytest.mark.one_database
def test_the_server_says_what_it_serves_and_where_tokens_are_given(record: Any) -> None:
    anybody = record.anybody
    told = anybody.read("metadata")
    (rest,) = told["rest"]
    assert {each["type"] for each in rest["resource"]} == {*TYPES, "Subscription"}
    assert told["fhirVersion"] == "4.0.1"
    written = {each["type"] for each in rest["resource"] if {"code": "create"} in each["interaction"]}
    assert written == {"Patient", "Encounter", "Subscription"}
    smart = anybody.read(".well-known/smart-configuration")
    assert smart["code_challenge_methods_supported"] == ["S256"]
    assert {"system/*.rs", "system/DocumentReference.rs"} <= set(smart["scopes_supported"])
    ehr = record.ehr
    for each in rest["resource"][:-1]:
        asked = [
            f"{parameter['name']}={ {'date': '2026-03-08', 'reference': 'Patient/1'}.get(parameter['type'], 'x') }"
            for parameter in each.get("searchParam", ())
            if parameter["name"] != "_lastUpdated"
        ]
        asked += [f"_include={include}" for include in each.get("searchInclude", ())]
        asked += [f"_revinclude={include}" for include in each.get("searchRevInclude", ())]
        assert ehr.read(f"{each['type']}?{'&'.join(asked)}")["total"] == 0


def test_every_type_is_there_whole_in_part_one_by_one_and_in_its_history(record: Any) -> None:
    record.consents()
    ehr = record.ehr
    for kind in TYPES:
        page = ehr.read(kind)
        assert page["link"][0] == {"relation": "self", "url": f"http://localhost/fhir/R4/{kind}"}
        listed = [each["resource"] for each in page["entry"]]
        if kind != "AuditEvent":
            assert len(listed) == page["total"] == MORE.get(kind, 1), kind
        for resource in listed[:2]:
            path, version = f"{kind}/{resource['id']}", resource["meta"]["versionId"]
            answer = ehr.get(path)
            assert answer.json == resource
            assert answer.headers["ETag"] == f'W/"{version}"'
            assert ehr.get(path, if_none_match=f'W/"{version}"').status_code == 304
            assert ehr.read(f"{path}/_history/{version}") == resource
            assert ehr.get(f"{path}/_history/999").status_code == 404
            assert ehr.read(f"{path}/_history")["entry"][0]["resource"] == resource
        for question in ("_summary=true", "_summary=text", "_summary=data", "_elements=subject,nothing"):
            for entry in ehr.read(f"{kind}?{question}")["entry"]:
                assert entry["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"
        counted = ehr.read(f"{kind}?_summary=count")
        assert "entry" not in counted
        assert counted["total"] >= len(listed)


@pytest.mark.one_database
def test_a_confirmed_theme_is_an_observation_that_points_into_its_document(record: Any) -> None:
    record.consents()
    ids, ehr = record.ids, record.ehr
    theme = ehr.read(f"Observation/{ids['mention']}")
    assert theme["status"] == "final"
    assert theme["code"]["coding"][0] == {
        "system": "http://localhost/fhir/R4/CodeSystem/integration-theme", "code": "mortality",
        "display": theme["code"]["text"],
    }  # fmt: skip
    assert theme["valueCodeableConcept"]["coding"][0]["code"] == "410515003"
    assert [each["code"] for each in theme["meta"]["security"]] == ["AIAST", "R", "MH"]
    place = {each["url"]: each for each in theme["extension"][0]["extension"]}
    document = ehr.read(place["reference"]["valueReference"]["reference"])
    text = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    offset, length = place["offset"]["valueInteger"], place["length"]["valueInteger"]
    assert offset + length <= len(text)
    assert "afraid of dying" in text[offset : offset + length]
    assert text not in json.dumps(theme)
    provenance = ehr.search(f"Provenance?target=Observation/{ids['mention']}")[0]
    device, verifier = (each["who"]["reference"] for each in provenance["agent"])
    assert ehr.read(device)["version"][0]["value"] in theme["method"]["text"]
    assert ehr.read(verifier)["name"][0]["text"] == "Therapist"
    assert ehr.read(provenance["entity"][0]["what"]["reference"]) == document


def test_what_clinicians_say_of_a_theme_is_what_is_told(record: Any) -> None:
    record.consents()
    ids, ehr = record.ids, record.ehr
    correction = {"verdict": "corrected", "assertion": "negated"}
    confirmed = ehr.read(f"Observation/{ids['mention']}")
    path = f"/v1/mentions/{ids['mention']}/review"
    assert record.clinic.therapist.post(path, correction).status_code == 200
    corrected = ehr.read(f"Observation/{ids['mention']}")
    assert corrected["valueCodeableConcept"]["coding"][0]["code"] == "410516002"
    assert int(corrected["meta"]["versionId"]) > int(confirmed["meta"]["versionId"])
    assert corrected["meta"]["security"][0]["code"] == "CLINAST"
    assert ehr.ids(f"Provenance?target=Observation/{ids['mention']}") == []
    record.clinic.therapist.post(path, {"verdict": "corrected", "assertion": "historical"})
    part = ehr.read(f"Observation/{ids['mention']}")["component"][0]
    assert part["valueCodeableConcept"]["coding"][0]["code"] == "410513005"
    for untold in ("hypothetical", "other_person"):
        record.clinic.therapist.post(path, {"verdict": "corrected", "assertion": untold})
        assert ehr.get(f"Observation/{ids['mention']}").status_code == 404


def test_searches_find_what_they_ask_for(record: Any) -> None:
    record.consents()
    ids, ehr = record.ids, record.ehr
    maya = ids["maya"]
    assert len(ehr.ids(f"Observation?patient={maya}&category={SMART_FETCH}")) == 8
    vitals = [f"{ids['vitals']}-{each}" for each in ("bp", "hr", "spo2")]
    themes = {ids["mention"], ids["note_mention"]}
    assert ehr.ids(f"Observation?subject=Patient/{maya}&category=vital-signs") == vitals
    assert set(ehr.ids("Observation?category=theme-mention")) == themes
    assert set(ehr.ids("Observation?code=http://localhost/fhir/R4/CodeSystem/integration-theme|mortality")) == themes
    assert ehr.ids("Observation?code=http://loinc.org|85354-9,http://loinc.org|8867-4") == vitals[:2]
    assert set(ehr.ids("Observation?code=mood")) == {f"{ids['entry']}-mood", f"{ids['check_in']}-check-in"}
    (score,) = ehr.search("Observation?code=http://loinc.org|44261-6")
    assert (score["id"], score["valueQuantity"]["value"]) == (f"{ids['response']}-score", 6)
    assert score["derivedFrom"] == [{"reference": f"QuestionnaireResponse/{ids['response']}"}]
    asked = ehr.search("QuestionnaireResponse?questionnaire=http://localhost/fhir/R4/Questionnaire/phq-9")[0]
    assert [each["answer"][0]["valueCoding"]["code"] for each in asked["item"]] == [*"111101100"]
    assert ehr.ids("Observation?status=preliminary") == []
    assert ehr.ids(f"Observation?_id={vitals[1]},{ids['mention']}") == [vitals[1], ids["mention"]]
    assert ehr.ids("Observation?date=2026-03-08&date=gt2026-03-08T10:00:00Z") == vitals
    assert ehr.ids("Observation?date=2026-03-08T10:20:00Z&category=exam,vital-signs") == vitals
    assert ehr.ids("Observation?date=ne2026-03-08&date=le2026-03-08") == []
    assert ehr.ids(f"Observation?derived-from=DocumentReference/{ids['note']}") == [ids["note_mention"]]
    by_encounter = ehr.ids(f"Observation?encounter=Encounter/{ids['session']}")
    assert {*vitals, ids["mention"]} <= set(by_encounter)


def test_searches_of_the_other_types_find_what_they_ask_for(record: Any) -> None:
    record.consents()
    ids, ehr = record.ids, record.ehr
    maya = ids["maya"]
    chained = f"patient.identifier=urn:ietf:rfc:3986|urn:uuid:{maya}&type=34904-3"
    assert ehr.ids(f"DocumentReference?{chained}") == [ids["note"]]
    assert ehr.ids("DocumentReference?patient.identifier=urn:other|9") == []
    documents = ehr.ids(f"DocumentReference?patient:Patient={maya}&category=clinical-note&type=51855-5&_sort=date")
    assert documents[0] == ids["entry"]
    assert len(documents) == 3
    assert ehr.ids("DocumentReference?type=http://loinc.org|34904-3") == [ids["note"]]
    assert ehr.ids("Encounter?type=dosing&status=finished&class=AMB") == [ids["session"]]
    assert ehr.ids("Encounter?type=http://snomed.info/sct|75516001") == [ids["preparation"]]
    assert ehr.ids("Encounter?_sort=-date") == [ids["session"], ids["preparation"]]
    form = {"patient": maya, "_sort": "date", "_count": "1"}
    page = ehr.call("POST", "Encounter/_search", data=form).json
    assert page["entry"][0]["resource"]["id"] == ids["preparation"]
    assert page["link"][1]["relation"] == "next"
    assert ehr.ids(page["link"][1]["url"]) == [ids["session"]]
    assert ehr.ids("Consent?category=59284-0&date=ge2026") != []
    assert ehr.ids("Flag?status=active") == [ids["flag"]]
    assert ehr.ids("Goal?lifecycle-status=active") == [ids["intention"]]
    assert ehr.ids("CarePlan?status=active") == [ids["commitment"]]
    assert ehr.ids("CodeSystem?url=http://localhost/fhir/R4/CodeSystem/integration-theme") == ["integration-theme"]


def test_pages_hold_each_resource_once_in_every_order(record: Any) -> None:
    record.consents()
    ehr = record.ehr
    for sort, count in (("_id", 1), ("-_id", 4), ("date", 1), ("-date", 1), ("-_lastUpdated", 4)):
        whole = ehr.ids(f"Observation?_sort={sort}")
        assert ehr.ids(f"Observation?_sort={sort}&_count={count}") == whole
        assert len(set(whole)) == 8
    first = ehr.read("Observation?_count=2&_total=accurate")
    assert (first["total"], len(first["entry"])) == (8, 2)
    following = first["link"][1]["url"]
    assert following.startswith("http://localhost/fhir/R4/Observation?_page=")
    assert record.ids["maya"] not in following
    assert record.add_system("other").get(following).status_code == 400
    assert ehr.get(following + "x").status_code == 400
    assert ehr.get(following.replace("Observation", "Encounter")).status_code == 400
    since = ehr.read(f"Observation/{record.ids['mention']}")["meta"]["lastUpdated"]
    later = ehr.ids(f"Observation?_lastUpdated=ge{since}")
    assert record.ids["mention"] in later
    assert record.ids["mention"] not in ehr.ids(f"Observation?_lastUpdated=gt{since}")
    assert set(ehr.ids(f"Observation?_lastUpdated=lt{since}")).isdisjoint(later)


def test_what_is_pointed_to_comes_along(record: Any) -> None:
    record.consents()
    ehr, ids = record.ehr, record.ids

    def kinds(path: str) -> list[str]:
        return sorted(
            each["resource"]["resourceType"] for each in ehr.read(path)["entry"] if each["search"]["mode"] == "include"
        )

    mention = f"Observation?_id={ids['mention']}"
    everything = f"{mention}&_include=Observation:*&_revinclude=Provenance:target"
    assert kinds(everything) == [
        "Device", "DocumentReference", "Encounter", "Patient", "Practitioner", "Provenance"
    ]  # fmt: skip
    assert kinds(f"{mention}&_include=Observation:performer:Patient") == []
    found = kinds(f"Encounter?_id={ids['session']}&_revinclude=Observation:encounter&_include=Encounter:patient")
    assert found == ["Observation"] * 6 + ["Patient"]
    assert kinds(f"DocumentReference?_id={ids['note']}&_revinclude=Provenance:target") == ["Provenance"]
    narrow = record.fhir("ehr", "system/Encounter.rs")
    page = narrow.read("Encounter?_include=Encounter:patient&_revinclude=Observation:encounter")
    assert {each["resource"]["resourceType"] for each in page["entry"]} == {"Encounter"}
    for wrong in ("_include=Encounter:nothing", "_include=x", "_revinclude=Nothing:x", "_revinclude=Encounter:type"):
        assert ehr.get(f"Encounter?{wrong}").status_code in (400, 404)


@pytest.mark.one_database
def test_every_fault_is_an_outcome_with_its_status(record: Any) -> None:
    ehr = record.ehr
    for path in (
        "Patient?colour=red", "Patient?name", "Patient?name=", "Patient?_count=x", "Patient?_sort=colour",
        "Patient?_page=x", "Patient?_sort=date", "Patient?_summary=x", "Patient?_elements=-", "Patient?_total=x",
        "Patient?birthdate=17.5.", "Patient?birthdate=2026-13",
        "Patient?name:missing=true", "Encounter?patient.name=x", "Encounter?status:not=x",
        "Encounter?date=ge2026-02-30", "Encounter?patient:Group=x", "Device?_lastUpdated=2026", "Patient/1?name=x",
    ):  # fmt: skip
        assert ehr.get(path).status_code == 400, path
    lenient = ehr.read("Encounter?colour=red&status=finished", headers={"Prefer": "handling=lenient"})
    assert lenient["link"][0]["url"].endswith("/Encounter?status=finished")
    assert (
        ehr.get("Nothing").status_code
        == ehr.get("Patient/1").status_code
        == ehr.get("Patient/1/2/3").status_code
        == 404
    )
    assert ehr.call("DELETE", f"Patient/{record.ids['maya']}").status_code == 405
    assert ehr.call("PATCH", f"Patient/{record.ids['maya']}").status_code == 405
    assert ehr.get("Patient?_format=xml").status_code == 406
    assert ehr.get("Patient", headers={"Accept": "application/fhir+xml"}).status_code == 406
    for accepted in ("application/json", "application/fhir+json;q=0.9, */*;q=0.1", "*/*"):
        assert ehr.get("Patient?_format=application/fhir%2Bjson", headers={"Accept": accepted}).status_code == 200
        assert ehr.get("Patient", headers={"Accept": accepted}).content_type == "application/fhir+json"
    refused = record.anybody.get("Patient")
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (401, "login")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    narrow = record.fhir("ehr", "system/Encounter.r")
    assert narrow.get("Encounter").status_code == narrow.get("Patient").status_code == 403
    assert record.fhir("ehr", "system/JournalEntry.rs").get("DocumentReference").status_code == 403
    assert record.clinic.caller("ehr", "system/DocumentReference.rs").get("/v1/journal-entries").status_code == 403


@pytest.mark.one_database
def test_of_what_a_media_type_says_beside_its_name_only_another_version_of_fhir_is_refused(record: Any) -> None:
    ehr, anybody = record.ehr, record.anybody
    doors = [(ehr, "Patient"), (anybody, "metadata"), (anybody, ".well-known/smart-configuration")]
    for accepted, status in (
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+json;fhirVersion=4.0;q=0.8, application/json+fhir;q=0.1", 200),
        ('application/fhir+json; fhirVersion="4.0"', 200),
        ("application/fhir+json;charset=utf-8", 200),
        ("application/json; charset=UTF-8", 200),
        ("application/*", 200),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ("application/fhir+json; fhirVersion=3.0, application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+json;q=0", 406),
        ("text/html", 406),
    ):
        for who, path in doors:
            assert who.get(path, headers={"Accept": accepted}).status_code == status, (accepted, path)
    assert ehr.get("Patient?_format=application/fhir%2Bjson;fhirVersion=4.0").status_code == 200
    assert ehr.get("Patient?_format=application/fhir%2Bjson;fhirVersion=5.0").status_code == 406


def test_all_of_a_type_is_given_a_page_at_a_time_for_bulk_export(record: Any) -> None:
    record.consents()
    for kind in ("Observation", "DocumentReference", "CodeSystem", "Patient"):
        given = record.everything("ehr", kind)
        assert given == record.ehr.search(f"{kind}?_count=2&_sort=_id"), kind
    since = datetime.fromisoformat(given[0]["meta"]["lastUpdated"])
    assert record.everything("ehr", "Patient", since) == given
    assert record.everything("ehr", "Patient", since + timedelta(seconds=1)) == []
    assert record.everything("ehr", "Observation", None, "patient", record.ids["maya"]) != []
    assert record.everything("ehr", "Observation", None, "patient", record.clinic.ids["tom"]) == []
