"""A record system sends again what it has sent: after changes here, many times at once, twice in one bundle."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from incoming import MRN, SYSTEM_SCOPE, patient, visit


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


def of(kind: str, *entries: Any) -> Any:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, full_url: Any = None, **more: Any) -> Any:
    named = {} if full_url is None else {"fullUrl": full_url}
    return {**named, "resource": resource, "request": {"method": method, "url": url, **more}}


def test_a_transaction_that_changes_one_resource_twice_is_refused(ehr: Any) -> None:
    there = ehr.post("Patient", patient()).json["id"]
    by_id, by_name = f"Patient/{there}", f"Patient?identifier={MRN}|7"
    one, other = patient(gender="male"), patient(gender="other")
    for entries in (
        [entry("PUT", by_id, one), entry("PUT", by_id, other)],
        [entry("PUT", by_id, one), entry("PUT", by_name, other)],
        [
            entry("PUT", f"Patient?identifier={MRN}|8", patient("8")),
            entry("PUT", f"Patient?identifier={MRN}|8", patient("8")),
        ],
        [entry("POST", "Patient", patient("8")), entry("PUT", f"Patient?identifier={MRN}|8", patient("8"))],
    ):
        refused = ehr.post("", of("transaction", *entries))
        assert (refused.status_code, refused.json["issue"][0]["expression"]) == (422, ["Bundle.entry[1].request"])
    assert ehr.read(by_id)["gender"] == "female"
    assert ehr.ids("Patient?gender=male,other") == ehr.ids(f"Patient?identifier={MRN}|8") == []
    one_by_one = ehr.post("", of("batch", entry("PUT", by_id, one), entry("PUT", by_id, other)))
    assert [each["response"]["status"] for each in one_by_one.json["entry"]] == ["200", "200"]
    unless = {"ifNoneExist": f"identifier={MRN}|9"}
    named = [entry("POST", "Patient", patient("9"), **unless) for _ in range(2)]  # finds what is there, changes nothing
    done = ehr.post("", of("transaction", *named))
    assert [each["response"]["status"] for each in done.json["entry"]] == ["201", "200"]


def test_no_two_entries_of_a_transaction_go_by_one_name(ehr: Any) -> None:
    """Else a visit would be put into the record of whichever of two people came last."""
    name, coming = (
        "urn:uuid:0b1a7f0e-1111-4111-8111-111111111111",
        visit({"reference": "urn:uuid:0b1a7f0e-1111-4111-8111-111111111111"}),
    )
    people = [entry("POST", "Patient", patient(number), name) for number in ("7", "8")]
    refused = ehr.post("", of("transaction", *people, entry("POST", "Encounter", coming)))
    assert (refused.status_code, refused.json["issue"][0]["expression"]) == (422, ["Bundle.entry[1].fullUrl"])
    assert ehr.ids(f"Patient?identifier={MRN}|7,{MRN}|8") == ehr.ids("Encounter") == []


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_what_is_no_text_in_a_request_of_a_bundle_is_told_and_nothing_is_carried_out(ehr: Any, kind: str) -> None:
    for number, faulty in enumerate(
        (
            entry("POST", "Patient", patient("8"), ["x"]),
            entry("POST", "Patient", patient("8"), ifNoneExist=5),
            entry("PUT", f"Patient?identifier={MRN}|8", patient("8"), ifMatch={"a": 1}),
        )
    ):
        refused = ehr.post("", of(kind, entry("POST", "Patient", patient(f"a-{number}")), faulty))
        assert (refused.status_code, refused.json["issue"][0]["expression"]) == (422, ["entry[1].request"]), faulty
    assert ehr.search(f"Patient?identifier={MRN}|") == []


def test_a_relative_reference_leads_to_the_entry_beside_it_as_the_server_they_come_from_names_it(ehr: Any) -> None:
    """R4, bundle.html#references: a bundle that an engine has read off an EHR and passes on."""
    theirs = "https://ehr.example/api/FHIR/R4"
    person = entry("PUT", f"Patient?identifier={MRN}|7", patient(), f"{theirs}/Patient/eXYZ-1")
    coming = visit({"reference": "Patient/eXYZ-1"})
    full_url = f"{theirs}/Encounter/e.9"
    done = ehr.post("", of("transaction", entry("POST", "Encounter", coming, full_url), person))
    assert done.status_code == 200, done.text
    made, put_in = (each["resource"] for each in done.json["entry"])
    assert made["subject"] == {"reference": f"Patient/{put_in['id']}"}
    for elsewhere in ("https://other.example/fhir/Encounter/9", "urn:uuid:0b1a7f0e-1111-4111-8111-111111111111", None):
        lost = entry("POST", "Encounter", visit({"reference": "Patient/eXYZ-1"}, "v-2"), elsewhere)
        refused = ehr.post("", of("transaction", person, lost))
        assert (refused.status_code, refused.json["issue"][0]["expression"]) == (422, ["Bundle.entry[1].subject"])


def at_once(number: int, call: Any) -> list[Any]:
    """What so many threads are answered that call in the same moment, each in its own way."""
    gate = Barrier(number)

    def one(which: int) -> Any:
        gate.wait()
        return call(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_several_threads_of_an_engine_that_send_one_patient_find_it_or_make_it(ehr: Any) -> None:
    for number in range(4):
        condition = {"If-None-Exist": f"identifier={MRN}|{number}"}
        answers = at_once(6, lambda _, n=str(number), c=condition: ehr.post("Patient", patient(n), headers=c))
        assert sorted(each.status_code for each in answers) == [200] * 5 + [201]
        assert len({each.json["id"] for each in answers}) == 1


def test_several_threads_that_change_one_record_without_a_condition_all_do(ehr: Any) -> None:
    """One after the other: whoever names no version cannot be told that another one was meant."""
    path = f"Patient/{ehr.post('Patient', patient()).json['id']}"
    subject = {"reference": path}
    coming = f"Encounter/{ehr.post('Encounter', visit(subject)).json['id']}"
    changes = (
        (path, lambda number: patient(birthDate=f"198{number}-01-01")),
        (coming, lambda number: visit(subject, period={"start": f"2026-04-0{number + 1}T10:00:00Z"})),
    )
    for place, body in changes:
        before = ehr.read(place)["meta"]["versionId"]
        answers = at_once(6, lambda number, p=place, b=body: ehr.put(p, b(number)))
        assert [each.status_code for each in answers] == [200] * 6, place
        assert int(ehr.read(place)["meta"]["versionId"]) > int(before)
        seen = ehr.get(place).headers["ETag"]
        raced = at_once(4, lambda number, p=place, b=body, s=seen: ehr.put(p, b(6 + number % 3), if_match=s))
        assert sorted(each.status_code for each in raced).count(200) == 1, place
        assert {each.status_code for each in raced} == {200, 412}, place


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_half_a_character_in_a_condition_breaks_nothing(ehr: Any, kind: str) -> None:
    """JSON can say one by an escape, and no encoding can write it down."""
    half = "\ud83d"
    for condition in (half, f"identifier={MRN}|{half}", f"{half}=x"):
        unless = entry("POST", "Patient", patient("8"), ifNoneExist=condition)
        asked = [entry(method, f"Patient?{condition}", patient("8")) for method in ("GET", "POST", "PUT")]
        whose = entry("POST", "Encounter", visit({"reference": f"Patient?{condition}"}))
        for each in (unless, *asked, whose):
            answer = ehr.post("", of(kind, each))
            assert answer.status_code < 500, answer.text
            inner = answer.json["entry"] if answer.status_code == 200 else []
            assert all(one["response"]["status"] < "500" for one in inner), answer.text
    whose = visit({"identifier": {"system": MRN, "value": half}})
    assert ehr.post("Encounter", whose).status_code == 400
