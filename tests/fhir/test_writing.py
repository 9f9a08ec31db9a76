"""A record system puts its patients and visits in: by condition, in transactions, within its scopes, and no further."""

from typing import Any

import pytest
from incoming import MRN, SYSTEM_SCOPE, VISITS, patient, visit


@pytest.fixture
def record(clinic: Any, record_of: Any) -> Any:
    """Maya with a course, and a record system that may put in; she has not agreed to it."""
    found = record_of(clinic)
    course = clinic.open_course()["id"]
    found.ids |= {"maya": clinic.ids["maya"], "course": course}
    found.ids["session"] = clinic.hold_session(course, "2026-03-08T10:00:00Z")["id"]
    clinic.add_ehr()
    return found


@pytest.fixture
def ehr(record: Any) -> Any:
    return record.fhir("ehr", SYSTEM_SCOPE)


def test_a_patient_is_created_once_whichever_way_the_client_says_so(record: Any, ehr: Any) -> None:
    condition = f"identifier={MRN}|7"
    made = ehr.post("Patient", patient(), headers={"If-None-Exist": condition})
    assert made.status_code == 201
    assert made.headers["ETag"] == 'W/"1"'
    assert made.headers["Location"].endswith(f"/fhir/R4/Patient/{made.json['id']}/_history/1")
    assert "Last-Modified" in made.headers
    assert made.json["meta"]["profile"] == ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]
    again = ehr.post("Patient", patient(), headers={"If-None-Exist": condition})
    assert (again.status_code, again.json["id"]) == (200, made.json["id"])
    as_fhirpy = ehr.post(f"Patient?{condition}", patient(), content_type="application/json")
    assert (as_fhirpy.status_code, as_fhirpy.json["id"]) == (200, made.json["id"])
    assert ehr.post("Patient", patient()).status_code == 409
    other = ehr.put(f"Patient?identifier={MRN}|8", patient("8"))
    assert other.status_code == 201
    several = ehr.put("Patient?family=Lindqvist", patient("9"))
    assert (several.status_code, several.json["issue"][0]["code"]) == (412, "multiple-matches")
    assert ehr.post("Patient?favourite=blue", patient("9")).status_code == 400
    assert ehr.post("Patient?_format=json", patient("10"), headers={"Prefer": "return=minimal"}).data == b""
    assert ehr.ids(f"Patient?identifier={MRN}|7") == [made.json["id"]]
    assert ehr.ids("Patient?identifier=7&birthdate=1984-05&gender=female&name=ada") == [made.json["id"]]
    assert ehr.ids(f"Patient?_id={record.ids['maya']}") == []


def test_a_patient_is_changed_by_identifier_or_id(ehr: Any) -> None:
    made = ehr.post("Patient", patient()).json
    changed = ehr.put(f"Patient?identifier={MRN}|7", patient(gender="other"), if_match='W/"1"')
    assert (changed.status_code, changed.json["gender"], changed.json["meta"]["versionId"]) == (200, "other", "2")
    path = f"Patient/{made['id']}"
    assert ehr.put(path, patient(id=made["id"]), if_match='W/"1"').status_code == 412
    assert ehr.put(path, patient(id="another")).status_code == 422
    named = patient(id=made["id"])
    named["identifier"].append({"system": "urn:ssn", "value": "9"})
    assert ehr.put(path, named, if_match='W/"2"').json["identifier"][-1] == {"system": "urn:ssn", "value": "9"}
    assert ehr.get(path, if_none_match='W/"3"').status_code == 304
    assert ehr.get(f"{path}/_history/3").status_code == 200
    assert ehr.get(f"{path}/_history/1").status_code == 404
    assert [each["response"]["etag"] for each in ehr.read(f"{path}/_history")["entry"]] == ['W/"3"']
    assert ehr.put("Patient/01980000-0000-7000-8000-000000000000", patient()).status_code == 404


def test_a_visit_joins_the_course_under_way_and_is_changed_without_touching_what_clinicians_recorded(
    record: Any, ehr: Any
) -> None:
    record.consents()
    subject = {"reference": f"Patient/{record.ids['maya']}"}
    made = ehr.post("Encounter", visit(subject))
    assert made.status_code == 201
    assert made.json["episodeOfCare"] == [{"reference": f"EpisodeOfCare/{record.ids['course']}"}]
    assert made.json["period"] == {"start": "2026-04-01T08:00:00Z", "end": "2026-04-01T09:00:00Z"}
    session = record.clinic.therapist.read(f"/v1/sessions/{made.json['id']}")
    assert (session["kind"], session["setting"], session["status"]) == ("psychotherapy", "telehealth", "planned")
    path = f"/v1/sessions/{made.json['id']}"
    dosing = {"kind": "dosing", "dosing": {"route": "oral", "dose_mg": 100}}
    assert record.clinic.therapist.patch(path, dosing, if_match="*").status_code == 200
    untyped = visit(subject, status="finished")
    del untyped["type"]
    changed = ehr.put(f"Encounter?identifier={VISITS}|v-1", untyped)
    assert (changed.status_code, changed.json["status"]) == (200, "finished")
    assert record.clinic.therapist.read(path)["dosing"]["dose_mg"] == 100
    assert ehr.put(f"Encounter?identifier={VISITS}|v-1", visit(subject)).status_code == 422
    assert ehr.ids(f"Encounter?identifier={VISITS}|v-1") == [made.json["id"]]
    assert ehr.put(f"Encounter/{record.ids['session']}", visit(subject)).status_code == 404


def test_a_transaction_is_carried_out_whole_or_not_at_all(record: Any, ehr: Any) -> None:
    person, coming = "urn:uuid:0b1a7f0e-1111-4111-8111-111111111111", {"method": "POST", "url": "Encounter"}
    entries = [
        {"fullUrl": "urn:uuid:0b1a7f0e-2222-4222-8222-222222222222", "resource": visit({"reference": person}),
         "request": coming},
        {"fullUrl": person, "resource": patient(),
         "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={MRN}|7"}},
        {"request": {"method": "GET", "url": f"Encounter?identifier={VISITS}|v-1"}},
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    spoilt = {**bundle, "entry": [*entries, {"resource": visit({"reference": "Patient/none"}), "request": coming}]}
    refused = ehr.post("", spoilt)
    assert refused.status_code == 422
    assert refused.json["issue"][0]["expression"] == ["Bundle.entry[3].subject"]
    assert ehr.ids("Patient") == ehr.ids("Encounter") == []
    done = ehr.post("", bundle)
    assert done.status_code == 200, done.text
    assert done.json["type"] == "transaction-response"
    statuses = [each["response"]["status"] for each in done.json["entry"]]
    assert statuses == ["201", "201", "200"]
    made, person_made, found = (each["resource"] for each in done.json["entry"])
    assert made["subject"] == {"reference": f"Patient/{person_made['id']}"}
    assert [each["resource"]["id"] for each in found["entry"]] == [made["id"]]
    by_condition = visit({"reference": f"Patient?identifier={MRN}|7"}, "v-2")
    by_name = visit({"identifier": {"system": MRN, "value": "7"}}, "v-3")
    entries = [
        {"resource": by_condition, "request": {"method": "PUT", "url": f"Encounter?identifier={VISITS}|v-2"}},
        {"resource": by_name, "request": coming},
        {"resource": visit({"reference": "Patient/none"}, "v-4"), "request": coming},
        {"request": {"method": "GET", "url": f"Patient/{record.ids['maya']}"}},
        {"resource": {"resourceType": "Flag"}, "request": {"method": "POST", "url": "Flag"}},
    ]
    batch = ehr.post("/", {"resourceType": "Bundle", "type": "batch", "entry": entries}).json
    assert batch["type"] == "batch-response"
    assert [each["response"]["status"] for each in batch["entry"]] == ["201", "201", "422", "404", "422"]
    assert len(ehr.ids(f"Encounter?patient.identifier={MRN}|7&_sort=date")) == 3
    trail = record.clinic.admin.read("/v1/audit-events?limit=200")["items"]
    told = {(each["operation"], each["outcome"]) for each in trail}
    assert {("fhirBundle", "done"), ("fhirBundle", "invalid"), ("fhirBatchPost", "invalid")} <= told
    assert ("fhirBatchGet", "not_found") in told
    assert {each["patient_id"] for each in trail if each["operation"] == "fhirBatchPut"} == {person_made["id"]}


def test_a_batch_puts_no_word_of_its_addresses_into_the_trail(record: Any, ehr: Any) -> None:
    urls = ("He-rang-me-again/1", "urn:uuid:0b1a7f0e-1111-4111-8111-111111111111", "Patient/1")
    entries = [{"request": {"method": "GET", "url": each}} for each in urls]
    entries.append({"resource": patient(), "request": {"method": "POST", "url": "Patient"}})
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    done = ehr.post("", bundle)
    assert done.status_code == 200, done.text
    assert [each["response"]["status"] for each in done.json["entry"]] == ["404", "404", "404", "201"]
    trail = record.clinic.admin.read("/v1/audit-events?limit=200")["items"]
    told = [(each["operation"], each["resource"]) for each in trail if each["operation"].startswith("fhirBatch")]
    assert sorted(told) == [("fhirBatchGet", "Bundle")] * 2 + [
        ("fhirBatchGet", "Patient"),
        ("fhirBatchPost", "Patient"),
    ]
    assert "He-rang-me-again" not in str(trail)


def test_a_request_that_cannot_be_carried_out_spoils_its_own_entry_of_a_batch_alone(ehr: Any) -> None:
    entries: list[Any] = [{"request": {"method": method, "url": "Patient/1"}} for method in ("DELETE", "He rang")]
    entries += [{"request": {"method": "GET", "url": url}} for url in ("/", "http://[")]
    entries.append({"resource": patient(), "request": {"method": "POST", "url": "Patient"}})
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    done = ehr.post("", bundle)
    assert done.status_code == 200, done.text
    responses = [each["response"] for each in done.json["entry"]]
    assert [each["status"] for each in responses] == ["422", "422", "422", "422", "201"]
    assert [each["outcome"]["issue"][0]["expression"] for each in responses[:4]] == [
        [f"entry[{number}].request"] for number in range(4)
    ]
    refused = ehr.post(
        "", {**bundle, "type": "transaction", "entry": [*entries[:1], {**entries[4], "resource": patient("8")}]}
    )
    assert refused.status_code == 422
    assert len(ehr.ids("Patient")) == 1


def test_a_search_in_a_bundle_says_that_there_is_more_and_where(ehr: Any) -> None:
    made = [ehr.post("Patient", patient(str(number))).json["id"] for number in range(3)]
    for kind in ("batch", "transaction"):
        found, url = [], "Patient?_count=2&_sort=_id"
        while url:
            asked = {"resourceType": "Bundle", "type": kind, "entry": [{"request": {"method": "GET", "url": url}}]}
            page = ehr.post("", asked).json["entry"][0]["resource"]
            found += [each["resource"]["id"] for each in page["entry"]]
            url = next((each["url"] for each in page["link"] if each["relation"] == "next"), "")
            if url and kind == "batch":
                assert ehr.ids(url) == made[2:]
        assert found == made, kind


def test_what_a_system_has_put_in_it_has_back_and_nothing_more_until_the_patient_agrees(record: Any, ehr: Any) -> None:
    clinic, whole = record.clinic, record.ehr
    made = ehr.post("Patient", patient()).json["id"]
    visited = ehr.post("Encounter", visit({"reference": f"Patient/{made}"})).json["id"]
    assert (whole.ids("Patient"), whole.ids("Encounter")) == ([made], [visited])
    for kind in ("CareTeam", "EpisodeOfCare", "Observation", "DocumentReference", "Consent", "Provenance"):
        assert whole.ids(kind) == [], kind
    included = whole.read(f"Encounter?_id={visited}&_include=Encounter:episode-of-care&_include=Encounter:patient")
    kinds = [each["resource"]["resourceType"] for each in included["entry"]]
    assert sorted(kinds) == ["Encounter", "Patient"]
    assert clinic.caller("ehr").read("/v1/patients")["items"] == []
    assert clinic.caller("ehr").get(f"/v1/patients/{made}").status_code == 404
    assert clinic.caller("ehr").post("/v1/patients", {"name": "N"}).status_code == 403
    assert clinic.caller("ehr").patch(f"/v1/patients/{made}", {"username": "n"}, if_match="*").status_code == 403
    # Another system of the same clinic does not have them, and cannot take them over.
    other = record.add_system("other.ehr")
    assert other.ids("Patient") == []
    assert other.get(f"Patient/{made}").status_code == 404
    assert other.put(f"Patient/{made}", patient(id=made)).status_code == 404
    assert other.post("Patient", patient(), headers={"If-None-Exist": f"identifier={MRN}|7"}).status_code == 409
    assert clinic.admin.read(f"/v1/patients/{made}")["name"] == "Ada M. Lindqvist"
    renamed = clinic.admin.patch(f"/v1/patients/{made}", {"name": "Ada Lund"}, if_match="*")
    assert renamed.status_code == 200
    assert whole.read(f"Patient/{made}")["name"] == [{"use": "official", "text": "Ada Lund"}]


@pytest.mark.one_database
def test_a_system_puts_in_what_its_scopes_allow(record: Any) -> None:
    for scope, method, path, status in (
        ("system/Patient.rs", "POST", "Patient", 403),
        ("system/Encounter.cruds", "POST", "Patient", 403),
        ("system/Patient.crs", "PUT", f"Patient?identifier={MRN}|7", 403),
        ("system/Patient.c", "POST", f"Patient?identifier={MRN}|7", 403),
        ("system/Patient.c", "POST", "Patient", 201),
        ("system/Patient.write system/Patient.read", "PUT", f"Patient?identifier={MRN}|7", 200),
        ("system/*.cruds", "PUT", f"Patient?identifier={MRN}|8", 201),
        ("system/*.cruds", "POST", "Observation", 405),
        ("system/*.cruds", "POST", "Nothing", 404),
    ):
        answer = record.fhir("ehr", scope).call(method, path, body=patient("8" if "8" in path else "7"))
        assert answer.status_code == status, (scope, method, path)


BAD = [
    ({"name": []}, "name"),
    ({"name": [{"text": " "}]}, "name"),
    ({"name": [{"text": "\u200b"}]}, "name"),
    ({"name": [{"text": ["Ada"]}]}, "name"),
    ({"name": [{"text": "Ada", "given": "Ada"}]}, "name"),
    ({"name": [{"text": "Ada", "given": [["Ada"]]}]}, "name"),
    ({"gender": "f"}, "gender"),
    ({"birthDate": "1984"}, "birthDate"),
    ({"active": False}, "active"),
    ({"deceasedBoolean": True}, "deceasedBoolean"),
    ({"modifierExtension": [{"url": "x"}]}, "modifierExtension"),
    ({"identifier": []}, "identifier"),
    ({"identifier": [{"value": "7"}]}, "identifier[0]"),
    ({"identifier": "7"}, "identifier"),
    ({"resourceType": "Flag"}, "resourceType"),
]


@pytest.mark.one_database
def test_what_cannot_be_kept_is_refused_with_its_element(ehr: Any) -> None:
    for change, where in BAD:
        refused = ehr.post("Patient", patient() | change)
        assert (refused.status_code, refused.json["issue"][0]["expression"]) == (422, [where]), change
    made = {"reference": f"Patient/{ehr.post('Patient', patient()).json['id']}"}
    for change in (
        {"status": "unknown"}, {"period": {}}, {"period": {"start": "2026"}}, {"class": None}, {"subject": {}},
        {"period": {"start": "2026-04-01T10:00:00Z", "end": "2026-03-01T10:00:00Z"}}, {"identifier": None},
        {"episodeOfCare": [{"reference": "EpisodeOfCare/7"}]}, {"type": 7},
        {"status": "finished", "period": {"start": "2199-03-01T10:00:00Z"}},
        {"status": ["planned"]}, {"subject": {"reference": ["x"]}}, {"subject": {"identifier": {"value": {"a": 1}}}},
    ):  # fmt: skip
        assert ehr.post("Encounter", visit(made) | change).status_code == 422, change
    assert ehr.call("POST", "Patient", data="{", content_type="application/fhir+json").status_code == 400
    assert ehr.call("POST", "Patient", data="<a/>", content_type="application/fhir+xml").status_code == 415
    assert ehr.post("", {"resourceType": "Bundle", "type": "collection"}).status_code == 422
    assert ehr.post("", []).status_code == 422
    broken = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Patient/1"}}],
    }
    assert ehr.post("", broken).status_code == 422
    assert ehr.ids("Encounter") == []


def test_a_part_of_a_name_that_has_extensions_alone_is_no_part(ehr: Any) -> None:
    """JSON says so by null in the list, with the extension beside it (R4, json.html#primitive)."""
    given = {"given": [None, "M."], "_given": [{"extension": [{"url": "urn:x", "valueCode": "masked"}]}, None]}
    made = ehr.post("Patient", patient(name=[{"family": "Lindqvist", **given}]))
    assert (made.status_code, made.json["name"][0]["given"]) == (201, ["M."])
    assert made.json["name"][0]["text"] == "M. Lindqvist"


@pytest.mark.one_database
def test_a_kind_that_is_no_code_is_no_kind_that_we_know(ehr: Any) -> None:
    made = {"reference": f"Patient/{ehr.post('Patient', patient()).json['id']}"}
    for number, code in enumerate(
        (
            {"system": "http://snomed.info/sct", "code": ["75516001"]},
            {"system": ["http://snomed.info/sct"], "code": "75516001"},
            {"system": "http://x/CodeSystem/session-kind", "code": {"a": 1}},
        )
    ):
        taken = ehr.post("Encounter", visit(made, f"v-{number}", type=[{"coding": [code]}]))
        assert (taken.status_code, taken.json["type"][0]["text"]) == (201, "Psychotherapy session"), code
