"""What search parameters mean: stretches of time, words with escaped signs, times at the edge of the calendar."""

from typing import Any
from uuid import uuid4

import pytest

from integration_api.fhir import use_cases


def test_a_date_is_held_against_the_whole_stretch_of_a_visit(record: Any) -> None:
    record.consents()
    clinic, ehr, ids = record.clinic, record.ehr, record.ids
    dosing, preparation = ids["session"], ids["preparation"]  # 10 to 12 o'clock on the 8th; 10 on the 2nd, end unknown
    under_way = clinic.hold_session(ids["course"], "2026-03-05T09:00:00Z", "integration", status="in_progress")["id"]
    planned = clinic.hold_session(ids["course"], "2026-05-02T09:00:00Z", "integration", status="planned")["id"]
    for asked, found in (
        ("ge2026-03-08T11:00:00Z", {under_way, dosing, planned}),
        ("gt2026-03-08T11:00:00Z", {under_way, dosing, planned}),
        ("ge2026-03-09", {under_way, planned}),  # what is over without an end does not reach on
        ("gt2026-03-02", {under_way, dosing, planned}),
        ("ge2027", {under_way}),
        ("le2026-03-08T11:00:00Z", {under_way, preparation, dosing}),
        ("lt2026-03-05", {preparation}),
        ("2026-03-08", {dosing}),
        ("2026-03-08T10:00:00Z", set()),
        ("2026-05-02", {planned}),
        ("ne2026-03-08", {under_way, preparation, planned}),
        ("sa2026-03-07", {dosing, planned}),
        ("eb2026-03-08T12:30", {preparation, dosing}),
        ("ge2026-03-08T11:00:00Z&date=lt2026-03-08T11:30:00Z", {under_way, dosing}),
    ):
        assert set(ehr.ids(f"Encounter?date={asked}")) == found, asked


def test_a_date_is_held_against_the_whole_stretch_of_a_course_a_plan_and_a_flag(record: Any) -> None:
    record.consents()
    clinic, ehr, ids = record.clinic, record.ehr, record.ids
    path = f"/v1/courses/{ids['course']}"
    assert ehr.ids("EpisodeOfCare?date=ge2026-03-05") == [ids["course"]]
    assert ehr.ids("EpisodeOfCare?date=2026") == []  # its end is not known
    assert ehr.ids("EpisodeOfCare?date=lt2026-03-01") == []
    assert clinic.therapist.patch(path, {"ended_on": "2026-04-30"}, if_match="*").status_code == 200
    for asked, is_found in (
        ("ge2026-04-30", True),
        ("gt2026-04-30", False),
        ("ge2026-05", False),
        ("2026", True),
        ("2026-03", False),
        ("ne2026-03", True),
        ("le2026-03-01", True),
        ("sa2026-02-28", True),
        ("eb2026-05", True),
        ("eb2026-04-30", False),
    ):
        assert ehr.ids(f"EpisodeOfCare?date={asked}") == [ids["course"]] * is_found, asked
    for kind, end in (("CarePlan", _keep_commitment), ("Flag", _resolve_flag)):
        before = ehr.ids(f"{kind}?date=ge2999")
        assert len(before) == 1, kind
        end(record)
        assert ehr.ids(f"{kind}?date=ge2999") == [], kind
        assert ehr.ids(f"{kind}?date=ge2020&date=lt2999&date=eb2999") == before, kind


def _keep_commitment(record: Any) -> None:
    path = f"/v1/commitments/{record.ids['commitment']}"
    assert record.clinic.maya.patch(path, {"status": "kept"}, if_match="*").status_code == 200


def _resolve_flag(record: Any) -> None:
    path = f"/v1/safety-flags/{record.ids['flag']}/resolve"
    assert record.clinic.therapist.post(path, {"note": "Called her again."}).status_code == 200


def test_a_sign_that_is_escaped_does_not_part_a_value(record: Any) -> None:
    ehr = record.fhir("ehr", "system/Patient.crus system/Encounter.crus")
    for value, escaped in (("a|b", r"a\|b"), ("a,b", r"a\,b"), ("a$b", r"a\$b"), ("a\\b", r"a\\b"), ("a\\", "a\\\\")):
        body = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": value}], "name": [{"text": "A"}]}
        condition = {"If-None-Exist": f"identifier=urn:x|{escaped}"}
        made, again = (ehr.post("Patient", body, headers=condition) for _ in range(2))
        assert (made.status_code, again.status_code, again.json["id"]) == (201, 200, made.json["id"]), value
        assert ehr.ids(f"Patient?identifier=urn:other|1,urn:x|{escaped},urn:other|2") == [made.json["id"]], value
        subject = {"identifier": {"system": "urn:x", "value": value}}
        visited = ehr.post("Encounter", _visit(subject, escaped))
        assert visited.json["subject"] == {"reference": f"Patient/{made.json['id']}"}, value
    assert len(ehr.ids("Patient?identifier=urn:x|a|b")) == 1  # a bar beyond the first parts nothing
    named = {**body, "identifier": [{"system": "urn:x", "value": "c"}], "name": [{"text": "Lee, Ann"}]}
    assert ehr.post("Patient", named).status_code == 201
    assert len(ehr.ids(r"Patient?name=lee\, a")) == len(ehr.ids(r"Patient?name:exact=Lee\, Ann")) == 1


def _visit(subject: Any, number: str) -> Any:
    coded = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}
    head = {"resourceType": "Encounter", "identifier": [{"system": "urn:visits", "value": number}]}
    return {
        **head,
        "status": "planned",
        "class": coded,
        "subject": subject,
        "period": {"start": "2026-04-01T10:00:00Z"},
    }


@pytest.mark.one_database
def test_what_the_server_says_of_its_searches_is_so(record: Any) -> None:
    record.consents()
    ehr, settings = record.ehr, record.clinic.app.config["SETTINGS"]
    (rest,) = record.anybody.read("metadata")["rest"]
    assert rest["security"]["cors"] is bool(settings.allowed_origins) is False
    for each in rest["resource"][:-1]:
        is_said = "_lastUpdated" in {parameter["name"] for parameter in each["searchParam"]}
        answer = ehr.get(f"{each['type']}?_lastUpdated=ge2020-01-01")
        assert answer.status_code == (200 if is_said else 400), each["type"]
        assert each["conditionalRead"] == "not-match"
    clinic = ehr.ids("Organization")
    name = ehr.read(f"Organization/{clinic[0]}")["name"]
    for word in (name, name.lower(), name[:3].upper(), name.split()[-1]):
        assert ehr.ids(f"Organization?name={word}") == clinic, word
    assert ehr.ids(f"Organization?name={name[1:4]}") == ehr.ids("Organization?name=nobody") == []


@pytest.mark.one_database
def test_a_search_by_anything_but_a_form_is_refused(record: Any) -> None:
    record.consents()
    for more, status in (
        ({"data": '{"identifier": "nobody"}', "content_type": "application/json"}, 415),
        ({"data": "identifier=nobody", "content_type": "text/plain"}, 415),
        ({"data": b"identifier=nobody"}, 415),
        ({"data": {"identifier": "nobody"}}, 200),
        ({}, 200),
    ):
        assert record.ehr.call("POST", "Patient/_search", **more).status_code == status, more


def test_times_at_the_edge_of_the_calendar_are_refused_or_searched_by(record: Any) -> None:
    record.consents()
    ehr, background = record.ehr, {"Prefer": "respond-async"}
    for at, status in (
        ("0001-01-01T00:00:00%2B14:00", 400),
        ("9999-12-31T23:59:59-14:00", 400),
        ("9999-12-31T23:59:59Z", 400),
        ("0001-01-01T00:00:00Z", 200),
        ("9999-12-31T23:59:58Z", 200),
    ):
        assert ehr.get(f"Patient?_lastUpdated=ge{at}").status_code == status, at
        assert ehr.get(f"Encounter?date=gt{at}").status_code == status, at
        kicked_off = ehr.get(f"$export?_type=Patient&_since={at}", headers=background)
        assert kicked_off.status_code == (202 if status == 200 else 400), at
        if status == 200:
            assert ehr.call("DELETE", kicked_off.headers["Content-Location"]).status_code == 202


@pytest.mark.one_database
def test_a_question_too_long_to_go_on_with_is_refused_where_it_would_have_to(record: Any) -> None:
    record.consents()
    ids = ",".join([*record.ehr.ids("Encounter"), *(str(uuid4()) for _ in range(400))])
    refused = record.ehr.call("POST", "Encounter/_search", data={"_id": ids, "_count": "1"})
    assert refused.status_code == 400
    assert "too long" in refused.json["issue"][0]["diagnostics"]
    whole = record.ehr.call("POST", "Encounter/_search", data={"_id": ids})
    assert (whole.status_code, whole.json["total"]) == (200, 2)


def test_the_trail_has_a_last_page_though_reading_it_adds_to_it(record: Any) -> None:
    record.consents()
    ehr = record.ehr
    for _ in range(3):
        ehr.read("Patient")
    page, events = ehr.read("AuditEvent?_count=1"), 0
    there = ehr.read("AuditEvent?_summary=count")["total"]
    while page["link"][-1]["relation"] == "next":
        events += len(page["entry"])
        assert events <= there
        page = ehr.read(page["link"][-1]["url"])
    assert events + len(page.get("entry", ())) >= 3
    assert len(ehr.read("AuditEvent?_count=1&_sort=-_lastUpdated")["entry"]) == 1


def test_a_character_that_no_value_can_hold_is_told_rather_than_searched_for(record: Any) -> None:
    """PostgreSQL keeps no U+0000 and nothing keeps half a surrogate: each was a crash of ours."""
    record.consents()
    ehr, post = record.fhir("ehr", "system/*.cruds"), {"method": "POST", "url": "Patient"}
    for path in (
        "Patient?name=%00",
        "Patient?identifier=x|%00",
        "Observation?code=a%00",
        "Encounter?patient.identifier=%00",
    ):
        refused = ehr.get(path)
        name = path.partition("?")[2].partition("=")[0].partition(".")[0]
        assert (refused.status_code, refused.json["issue"][0]["expression"]) == (400, [f"http.{name}"]), path
    body = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}], "name": [{"text": "A"}]}
    assert ehr.post("Patient", body, headers={"If-None-Exist": "identifier=urn:x|%00"}).status_code == 400
    for bad in ("\x00", "\ud800"):
        reads = [
            {"request": {"method": "GET", "url": f"Patient?name={bad}"}},
            {"request": {"method": "GET", "url": "Patient"}},
        ]
        told = ehr.post("", {"resourceType": "Bundle", "type": "batch", "entry": reads})
        assert [each["response"]["status"] for each in told.json["entry"]] == ["422", "200"]
        once = [{"resource": body, "request": {**post, "ifNoneExist": f"identifier=urn:x|{bad}"}}]
        assert ehr.post("", {"resourceType": "Bundle", "type": "transaction", "entry": once}).status_code == 422
        subject = {"identifier": {"system": "urn:x", "value": bad}}
        assert ehr.post("Encounter", _visit(subject, "v")).status_code == 400
    assert ehr.ids("Patient?identifier=urn:x|1") == []


@pytest.mark.one_database
def test_a_code_is_found_in_its_own_system_alone(record: Any) -> None:
    record.consents()
    ehr, ids = record.ehr, record.ids
    ours, snomed, loinc = "http://localhost/fhir/R4/CodeSystem", "http://snomed.info/sct", "http://loinc.org"
    clinic = ehr.ids("Organization")[0]
    for asked, systems, code in (
        ("Encounter?type", [f"{ours}/session-kind"], "dosing"),
        ("Encounter?type", [snomed], "75516001"),
        ("Encounter?class", ["http://terminology.hl7.org/CodeSystem/v3-ActCode"], "AMB"),
        ("Encounter?class", ["http://terminology.hl7.org/CodeSystem/v3-NullFlavor"], "UNK"),
        ("Observation?code", [f"{ours}/observation-kind"], "mood"),
        ("Observation?code", [f"{ours}/integration-theme"], "mortality"),
        ("Observation?category", [f"{ours}/observation-kind"], "theme-mention"),
        ("Observation?category", ["http://terminology.hl7.org/CodeSystem/observation-category"], "therapy"),
        ("Group?type", ["http://hl7.org/fhir/group-type"], "person"),
        ("Group?identifier", ["urn:ietf:rfc:3986"], f"urn:uuid:{clinic}"),
        ("CodeSystem?status", ["http://hl7.org/fhir/publication-status"], "active"),
    ):
        found = ehr.ids(f"{asked}={code}")
        assert found, (asked, code)
        assert all(ehr.ids(f"{asked}={system}|{code}") == found for system in systems), (asked, code)
        for system in (loinc, "urn:nobody", "", "https://elsewhere.example/fhir/R4/CodeSystem/session-kind"):
            assert ehr.ids(f"{asked}={system}|{code}") == [], (asked, system, code)
    assert ehr.ids(f"Encounter?type={snomed}|") == [ids["preparation"]]
    assert set(ehr.ids(f"Encounter?type={ours}/session-kind|")) == {ids["preparation"], ids["session"]}
    assert ehr.ids("Encounter?class=http://terminology.hl7.org/CodeSystem/v3-ActCode|") == [ids["session"]]
    assert ehr.ids("Patient?gender=http://hl7.org/fhir/administrative-gender|") == []  # hers is not known
    assert len(ehr.ids(f"Encounter?type={loinc}|dosing,{snomed}|75516001,{ours}/session-kind|dosing")) == 2


@pytest.mark.one_database
def test_a_question_with_many_alternatives_is_answered_or_refused_and_never_put_off(record: Any) -> None:
    """SQLite holds no condition of a thousand parts, and said that the server was busy."""
    record.consents()
    ehr, ids, clinic = record.ehr, record.ids, record.clinic
    strangers = [str(uuid4()) for _ in range(1500)]
    for kind, name, value in (
        ("Encounter", "patient", f"Patient/{clinic.ids['maya']}"),
        ("Observation", "encounter", f"http://localhost/fhir/R4/Encounter/{ids['session']}"),
        ("Encounter", "_id", ids["session"]),
    ):
        found = len(ehr.ids(f"{kind}?{name}={value}"))
        answer = ehr.call("POST", f"{kind}/_search", data={name: ",".join([*strangers, value]), "_count": "200"})
        assert (answer.status_code, answer.json["total"]) == (200, found), (kind, name)
        assert found, (kind, name)
    for kind, name, value in (
        ("Encounter", "patient.identifier", "urn:x|1"), ("Encounter", "date", "2026"), ("Encounter", "type", "dosing"),
        ("Observation", "category", "survey"), ("Patient", "name", "Maya"), ("Patient", "_lastUpdated", "ge2020"),
    ):  # fmt: skip
        for number, status in ((300, 200), (301, 400)):
            asked = {name: ",".join([value] * number)}
            assert ehr.call("POST", f"{kind}/_search", data=asked).status_code == status, (kind, name, number)
    for number, status in ((100, 200), (101, 400)):
        assert ehr.call("POST", "Encounter/_search", data={"date": ["ge2020"] * number}).status_code == status


def test_what_does_not_fit_beside_the_matches_is_said_to_be_left_out(
    record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.consents()
    ehr, path = record.ehr, f"Encounter?_id={record.ids['session']}&_revinclude=Observation:encounter"
    whole = ehr.read(path)["entry"]
    assert {each["search"]["mode"] for each in whole} == {"match", "include"}
    beside = len(whole) - 1
    for most, shown in ((beside, beside), (beside - 1, beside - 1), (1, 1)):
        monkeypatch.setattr(use_cases, "MOST_INCLUDED", most)
        page = ehr.read(path)
        modes = [each["search"]["mode"] for each in page["entry"]]
        assert (modes.count("match"), modes.count("include")) == (1, shown), most
        assert page["total"] == 1
        told = [each["resource"] for each in page["entry"] if each["search"]["mode"] == "outcome"]
        assert len(told) == (0 if most == beside else 1), most
        for each in told:
            (issue,) = each["issue"]
            assert (each["resourceType"], issue["severity"], issue["code"]) == (
                "OperationOutcome",
                "warning",
                "too-costly",
            )
