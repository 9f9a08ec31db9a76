"""Bulk exports: asked for, written in the background, fetched, let go of; without what may not be read any more."""

import json
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import pytest
from exporting import ASYNC, LENIENT, Exporting, ids, parameters

from integration_api.attachments.jobs import sweep
from integration_api.db import unit_of_work
from integration_api.fhir.bulk import jobs
from integration_api.fhir.bulk.jobs import drop_expired_exports
from integration_api.fhir.bulk.use_cases import is_of_patients
from integration_api.fhir.resources.registry import TYPES
from integration_api.jobs.running import LEASE
from models import BulkExport, Job, now

SECRETS = (b"afraid of dying", b"To meet the fear", b"Harbour Light")


def test_an_export_is_all_that_searches_give_and_its_files_are_sealed_and_go(exporting: Exporting) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    there = exporting.begin(ehr, "$export?_outputFormat=ndjson")
    waiting = ehr.get(there)
    assert (waiting.status_code, waiting.headers["X-Progress"], waiting.headers["Retry-After"]) == (
        202,
        "not begun",
        "5",
    )
    exporting.work()
    done = ehr.get(there)
    manifest = done.json
    assert parsedate_to_datetime(done.headers["Expires"]) > now() + timedelta(hours=23)
    assert manifest["request"] == "http://localhost/fhir/R4/$export?_outputFormat=ndjson"
    assert manifest["requiresAccessToken"] is True
    assert manifest["deleted"] == manifest["error"] == []
    got = exporting.fetch(ehr, manifest)
    for kind in TYPES.keys() - {"AuditEvent"}:
        assert ids(got[kind]) == sorted(set(ids(got[kind])), key=ids(got[kind]).index), kind
        assert set(ids(got[kind])) == set(ehr.ids(f"{kind}?_count=200")), kind
    assert "AuditEvent" not in got  # only where it is named
    assert sum(each["type"] == "Observation" for each in manifest["output"]) == 3  # eight of them, three a file
    sealed = b"".join(path.read_bytes() for path in exporting.files())
    assert len(exporting.files()) == len(manifest["output"])
    assert not any(secret in sealed for secret in SECRETS)
    trail = record.clinic.maya.read("/v1/audit-events?limit=200")["items"]
    fetched = [each for each in trail if each["operation"] == "fhirExportFile"]
    assert len(fetched) == sum(each["type"] in OF_MAYA for each in manifest["output"])
    with record.clinic.app.app_context():
        assert sweep(now() + timedelta(hours=1)).deleted == 0  # its files are nobody's orphans
    assert ehr.call("DELETE", there).status_code == 202
    for path in (there, manifest["output"][0]["url"]):
        assert ehr.get(path).status_code == 404
    assert ehr.call("DELETE", there).status_code == 404
    assert exporting.files() == []


OF_MAYA = {kind.name for kind in TYPES.values() if is_of_patients(kind)}


def test_it_is_narrowed_by_patients_groups_types_times_and_filters(exporting: Exporting) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    person = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "7"}], "name": [{"text": "Ada"}]}
    ada = ehr.post("Patient", person).json["id"]  # put in, and has not agreed: there, but in no group
    maya, clinic = record.ids["maya"], ehr.ids("Organization")[0]
    groups = {each["id"]: each for each in ehr.search("Group")}
    assert groups[clinic]["member"] == [{"entity": {"reference": f"Patient/{maya}"}}]
    therapist = record.clinic.ids["therapist"]
    assert groups.keys() == {clinic, *(record.clinic.ids[each] for each in ("therapist", "physician", "nurse"))}
    assert ehr.ids(f"Group?member=Patient/{ada}") == []
    assert ehr.ids(f"Group?managing-entity=Practitioner/{therapist}") == [therapist]
    of_patients = exporting.export(ehr, "Patient/$export")
    assert of_patients.keys() == OF_MAYA - {"AuditEvent"}
    assert set(ids(of_patients["Patient"])) == {maya, ada}
    for group in (clinic, therapist):
        assert ids(exporting.export(ehr, f"Group/{group}/$export?_type=Patient,Practitioner")["Patient"]) == [maya]
    for named, inside in ((maya, [maya]), (ada, [])):
        said = parameters(
            patient=[{"valueReference": {"reference": f"Patient/{named}"}}], _type=[{"valueString": "Patient"}]
        )
        assert ids(exporting.export(ehr, "Patient/$export", body=said)["Patient"]) == [named]
        kept = ehr.call("POST", f"Group/{clinic}/$export", body=said, headers=ASYNC)
        assert kept.status_code == (202 if inside else 400)
    exporting.work()
    record.consents(is_granted=False)
    assert ehr.read(f"Group/{clinic}")["quantity"] == 0
    record.consents()
    categories = "_typeFilter=Observation%3Fcategory%3Dsurvey%252Ctherapy"  # as smart-fetch writes it
    some = exporting.export(ehr, f"$export?_type=Observation,Encounter&{categories}")
    assert set(ids(some["Observation"])) == set(ehr.ids("Observation?category=survey,therapy"))
    assert len(some["Encounter"]) == 2


def test_what_changed_and_what_was_deleted_since_a_time(exporting: Exporting) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    at = now().isoformat().replace("+", "%2B")
    record.clinic.maya.delete(f"/v1/journal-entries/{record.ids['entry']}", if_match="*")
    fresh = record.clinic.write("A new day.")["id"]
    manifest = exporting.manifest(ehr, f"$export?_since={at}&_type=DocumentReference,Patient")
    assert {name: ids(each) for name, each in exporting.fetch(ehr, manifest).items()} == {"DocumentReference": [fresh]}
    (gone,) = exporting.fetch(ehr, manifest, "deleted")["Bundle"]
    assert gone["entry"] == [{"request": {"method": "DELETE", "url": f"DocumentReference/{record.ids['entry']}"}}]
    record.consents(is_granted=False)
    assert exporting.fetch(ehr, manifest, "deleted") == {"Bundle": []}


def test_the_mood_of_a_deleted_entry_is_to_be_deleted_too(exporting: Exporting) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    mood = {"valence": 1, "arousal": -2}
    entry, private = (
        record.clinic.write("Told.", mood=mood, visibility=each)["id"] for each in ("care_team", "private")
    )
    at = now().isoformat().replace("+", "%2B")
    assert f"{entry}-mood" in ids(exporting.export(ehr, "$export?_type=Observation")["Observation"])
    note = record.clinic.note("Pt seen.")["id"]  # which never had one
    assert record.clinic.therapist.delete(f"/v1/notes/{note}", if_match="*").status_code == 204
    for each in (entry, private):
        record.clinic.maya.delete(f"/v1/journal-entries/{each}", if_match="*")
    manifest = exporting.manifest(ehr, f"$export?_since={at}&_type=Observation")
    (gone,) = exporting.fetch(ehr, manifest, "deleted")["Bundle"]
    assert gone["entry"] == [{"request": {"method": "DELETE", "url": f"Observation/{entry}-mood"}}]
    whole = exporting.manifest(ehr, "$export?_type=Observation")
    assert whole["deleted"] == []
    record.consents(is_granted=False)
    assert exporting.fetch(ehr, manifest, "deleted") == {"Bundle": []}


def test_what_cannot_be_asked_for_is_refused_or_left_out_where_that_is_agreed_to(exporting: Exporting) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    maya = record.ids["maya"]
    unknown = ("_until=2026-03-01T00:00:00Z", "_elements=id", "_type=Condition", "organizeOutputBy=Patient")
    for question in unknown:
        assert ehr.get(f"$export?_type=Patient&{question}", headers=ASYNC).status_code == 400, question
        assert exporting.begin(ehr, f"$export?_type=Patient&{question}", headers=LENIENT)
        exporting.work()
    wrong = (
        "_since=yesterday",
        "_since=2026-03-01",
        "_outputFormat=text/csv",
        f"patient={maya}",
        "_typeFilter=Patient",
    )
    wrong += (
        "_type=Encounter&_typeFilter=Encounter%3Fdate%3Dnever",
        "_type=Patient&_typeFilter=Encounter%3Fdate%3D2026",
    )
    wrong += ("_type=Encounter&_typeFilter=Encounter%3F_sort%3Ddate",)
    for question in wrong:
        assert ehr.get(f"$export?{question}", headers=LENIENT).status_code == 400, question
    assert ehr.get("$export").status_code == 400  # not in the background: not at all
    assert ehr.get("Group/nothing/$export", headers=ASYNC).status_code == 404
    for body in ({"resourceType": "Patient"}, {"resourceType": "Parameters", "parameter": [{"name": "_type"}]}):
        assert ehr.call("POST", "$export", body=body, headers=ASYNC).status_code == 422
    strangers = parameters(patient=[{"valueReference": {"reference": f"Patient/{record.clinic.ids['tom']}"}}])
    assert ehr.call("POST", "Patient/$export", body=strangers, headers=LENIENT).status_code == 400


def test_an_export_is_the_askers_alone_and_as_wide_as_the_scopes(exporting: Exporting) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    clinic = ehr.ids("Organization")[0]
    assert record.anybody.get("$export", headers=ASYNC).status_code == 401
    for who in ("maya", "therapist", "admin"):
        assert record.fhir(who).get("Patient/$export", headers=ASYNC).status_code == 403, who
    some = record.fhir("ehr", "system/Observation.rs system/Encounter.r")
    assert some.get("$export?_type=Observation,Encounter", headers=ASYNC).status_code == 403
    assert exporting.export(some, f"Group/{clinic}/$export").keys() == {"Observation"}  # and needs none for the group
    assert exporting.export(some, "$export?_type=Observation,Encounter", headers=LENIENT).keys() == {"Observation"}
    assert exporting.export(some).keys() == {"Observation"}
    whole = [exporting.begin(ehr), exporting.begin(ehr)]
    third = ehr.get("$export", headers=ASYNC)
    assert (third.status_code, third.headers["Retry-After"]) == (429, "30")
    exporting.work()
    other, url = record.add_system("other"), ehr.read(whole[0])["output"][0]["url"]
    with record.clinic.app.app_context(), unit_of_work() as db_session:
        db_session.query(BulkExport).filter_by(id=UUID(whole[1].rpartition("/")[2])).one().client = "another-client"
    for fhir, path in ((other, whole[0]), (other, url), (ehr, whole[1]), (record.fhir("therapist"), url)):
        assert fhir.get(path).status_code == 404
        assert fhir.call("DELETE", path.partition("/files")[0]).status_code == 404
    assert some.get(whole[0]).status_code == some.get(url).status_code == 403  # the scope holds on every look


def test_the_server_says_that_it_exports(record: Any) -> None:
    told = record.anybody.read("metadata")
    ours = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
    (rest,) = told["rest"]
    named = {each["type"]: each["operation"] for each in rest["resource"] if "operation" in each}
    assert rest["operation"] == [{"name": "export", "definition": f"{ours}export"}]
    assert named["Patient"][0]["definition"] == f"{ours}patient-export"
    assert named["Group"][0]["definition"] == f"{ours}group-export"


def test_what_is_taken_back_before_it_is_fetched_is_not_fetched(exporting: Exporting) -> None:
    record, ehr, maya = exporting.record, exporting.record.ehr, exporting.record.clinic.maya
    record.consents()
    there = exporting.begin(ehr)
    exporting.work()
    manifest = ehr.read(there)
    before = exporting.fetch(ehr, manifest)
    assert (
        maya.patch(f"/v1/journal-entries/{record.ids['entry']}", {"visibility": "private"}, if_match="*").status_code
        == 200
    )
    after = exporting.fetch(ehr, manifest)
    lost = {each["id"] for kind in before for each in before[kind]} - {
        each["id"] for kind in after for each in after[kind]
    }
    assert {record.ids["entry"], record.ids["mention"]} <= lost
    assert not any(record.ids[each] in lost for each in ("note", "session", "maya"))
    record.consents(is_granted=False)
    nothing = exporting.fetch(ehr, manifest)
    assert all(nothing[kind] == [] for kind in OF_MAYA & nothing.keys())
    assert nothing["Practitioner"] == before["Practitioner"]
    assert json.dumps(nothing["Group"]).count(record.ids["maya"]) == 0
    waiting = exporting.begin(ehr)
    record.consents()
    held = exporting.begin(ehr)
    assert maya.post("/v1/me/erasure", {"confirm": "erase everything"}).status_code == 201
    exporting.work()
    assert [ehr.get(path).status_code for path in (there, waiting, held)] == [404] * 3
    assert exporting.files() == []
    assert OF_MAYA & exporting.export(ehr).keys() == set()


class Died(BaseException):
    """The process is gone in the middle."""


def test_a_worker_that_dies_loses_no_line_and_doubles_none(
    exporting: Exporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    whole = exporting.export(ehr)
    there, deaths = exporting.begin(ehr), [3, 5]
    keep: Callable[..., None] = jobs._keep

    def dying(export_id: Any, organization_id: Any, piece: Any, number: int) -> None:
        if deaths and number == deaths[0]:
            before = number == 3
            deaths.pop(0)
            if not before:
                keep(export_id, organization_id, piece, number)  # kept, and nobody told of it
            raise Died
        keep(export_id, organization_id, piece, number)

    monkeypatch.setattr(jobs, "_keep", dying)
    for _ in range(2):
        with pytest.raises(Died):
            exporting.work()
        assert record.ehr.get(there).headers["X-Progress"].endswith(f" of {len(TYPES) - 1} types")
        assert exporting.work() == 0  # still thought to be in the dead one's hands
        exporting.turned[0] += LEASE + timedelta(seconds=1)
    assert exporting.work() == 1
    assert exporting.fetch(record.ehr, record.ehr.read(there)) == whole


def test_it_ends_with_its_time_and_with_its_client(exporting: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    record, ehr = exporting.record, exporting.record.ehr
    record.consents()
    there = exporting.begin(ehr, "$export?_type=Patient,Encounter,Goal")
    stopped = exporting.begin(ehr, "$export?_type=Patient,Encounter,Goal")
    keep: Callable[..., None] = jobs._keep

    def let_go(export_id: Any, *more: Any) -> None:
        if stopped.endswith(str(export_id)) and ehr.get(stopped).status_code != 404:
            assert ehr.call("DELETE", stopped).status_code == 202  # while it is being written
        keep(export_id, *more)

    monkeypatch.setattr(jobs, "_keep", let_go)
    assert exporting.work() == 2
    assert len(exporting.files()) == 3
    with record.clinic.app.app_context():
        with unit_of_work() as db_session:
            assert {each.state for each in db_session.query(Job)} == {"done", "cancelled"}
        assert drop_expired_exports() == 0
        exporting.turned[0] += timedelta(hours=24, minutes=1)
        assert record.ehr.get(there).status_code == 404
        assert drop_expired_exports() == 1
    assert exporting.files() == []
