"""Private entries, psychotherapy notes, what no human has confirmed, records without consent: no path leads there."""

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from exporting import Exporting

from integration_api.fhir.resources.registry import TYPES

SECRET = ("the dark", "My own thoughts", "To tell nobody", "Her low mood", "Called her", "As shown", "unfinished")
OF_PATIENTS = sorted(
    TYPES.keys()
    - {"Group", "Practitioner", "PractitionerRole", "Organization", "Device", "CodeSystem", "ValueSet", "Questionnaire"}
)


def texts(value: Any) -> str:
    """Everything in an answer, with the words of attachments as they read."""
    found = json.dumps(value)
    for each in attachments(value):
        found += base64.b64decode(each).decode()
    return found


def attachments(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in attachments(each)]
    if not isinstance(value, dict):
        return []
    words = [value["data"]] if "data" in value else []
    return words + [found for each in value.values() for found in attachments(each)]


DOORS = {
    "private": ("DocumentReference/{}", "Observation/{}-mood", "Provenance/{}-author"),
    "private_mention": ("Observation/{}", "Provenance/{}"),
    "unconfirmed": ("Observation/{}", "Provenance/{}"),
    "psychotherapy": ("DocumentReference/{}", "Provenance/{}-author"),
    "draft": ("DocumentReference/{}", "Provenance/{}-author"),
    "private_check_in": ("Observation/{}-check-in",),
    "open_flag": ("Flag/{}",),
    "private_intention": ("Goal/{}",),
    "private_commitment": ("CarePlan/{}",),
}


def everything(fhir: Any, kinds: Any) -> list[Any]:
    """All that searches give, with all that can be asked to come along."""
    includes = "".join(f"&_include={kind}:*" for kind in TYPES if TYPES[kind].references)
    found = []
    for kind in kinds:
        pointing = "".join(
            f"&_revinclude={other.name}:{name}"
            for other in TYPES.values()
            for name, link in other.references.items()
            if kind in link.targets and other.parameters.get(name) == "reference"
        )
        found += [fhir.get(f"{kind}?_count=200{more}").json for more in ("", includes + pointing)]
    return found


def test_what_is_private_or_unconfirmed_leaves_by_no_door(record: Any) -> None:
    record.consents()
    record.consents(to="safety_signals")
    paths = [path.format(record.ids[name]) for name, doors in DOORS.items() for path in doors]
    requests = [{"request": {"method": "GET", "url": path + end}} for path in paths for end in ("", "/_history/1")]
    for who in ("ehr", "therapist", "maya"):
        fhir = record.fhir(who)
        got = everything(fhir, ("Patient", "Encounter", "Observation", "DocumentReference"))
        got += everything(fhir, ("Provenance", "Goal", "CarePlan", *(() if who == "maya" else ("Flag",))))
        told = texts(got)
        assert "I am afraid of dying." in told
        for secret in SECRET:
            assert secret not in told, (who, secret)
        shown = {each["id"] for each in every_resource(got) if "id" in each}
        for name in DOORS:
            assert not any(record.ids[name] in each for each in shown), (who, name)
        batch = fhir.post("", {"resourceType": "Bundle", "type": "batch", "entry": requests}).json
        assert {each["response"]["status"] for each in batch["entry"]} <= {"404", "403"}, who
        for path in paths:
            assert fhir.get(f"{path}/_history").status_code in (404, 403), (who, path)


def every_resource(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [found for each in value for found in every_resource(each)]
    if not isinstance(value, dict):
        return []
    return [value] * ("resourceType" in value) + [found for each in value.values() for found in every_resource(each)]


def test_the_trail_tells_a_record_system_what_it_did_itself_and_nothing_of_others(record: Any) -> None:
    record.consents()
    clinic, ids, ehr = record.clinic, record.ids, record.ehr
    clinic.therapist.read(f"/v1/notes/{ids['psychotherapy']}")
    glass = {"reason": "She called, and her therapist is away."}
    clinic.caller("colleague").create(f"/v1/patients/{ids['maya']}/break-glass", glass)
    clinic.caller("colleague").read(f"/v1/journal-entries/{ids['entry']}")
    team = f"/v1/patients/{ids['maya']}/care-team"  # who joins it meanwhile also writes under that purpose
    joined = {"members": [{"clinician_id": ids[each]} for each in ("therapist", "colleague")]}
    assert clinic.admin.put(team, joined, if_match="*").status_code == 200
    ids["unseen"] = clinic.note("Seen in a hurry, for myself.", "psychotherapy", "colleague")["id"]
    record.add_system("other").read(f"Encounter/{ids['session']}")
    ehr.read(f"DocumentReference/{ids['entry']}")
    exporting = Exporting(record, Path(clinic.app.config["SETTINGS"].files.place))
    exported = exporting.export(ehr, "$export?_type=AuditEvent")["AuditEvent"]
    found = ehr.search("AuditEvent?_count=200")
    own_deeds = {"fhirReadDocumentReference", "fhirSearchAuditEvent", "fhirExportFile"}
    for told in (exported, found):
        assert {each["source"]["site"] for each in told} <= own_deeds
        assert {each["agent"][0]["name"] for each in told} == {"system"}
        for name in (*DOORS, "unseen"):
            assert ids[name] not in json.dumps(told), name
    own = [each for each in found if each["source"]["site"] == "fhirReadDocumentReference"]
    assert [each["entity"][1]["what"]["identifier"]["value"] for each in own] == [f"urn:uuid:{ids['entry']}"]
    theirs = record.fhir("other").search("AuditEvent")
    assert "fhirReadEncounter" in {each["source"]["site"] for each in theirs}
    assert "fhirReadDocumentReference" not in {each["source"]["site"] for each in theirs}


def test_without_consent_there_is_nothing_and_what_was_agreed_to_ends_at_once(record: Any) -> None:
    ehr = record.ehr
    for kind in OF_PATIENTS:
        assert ehr.ids(kind) == [], kind
    record.consents()
    ehr.read(f"Patient/{record.ids['maya']}")  # there is something in the trail that it did
    shared = {kind: ehr.ids(kind) for kind in OF_PATIENTS}
    assert all(shared.values())
    cursor = next(each["url"] for each in ehr.read("Observation?_count=1")["link"] if each["relation"] == "next")
    record.consents(is_granted=False)
    for kind, ids in shared.items():
        assert ehr.ids(kind) == [], kind
        for record_id in ids:
            assert ehr.get(f"{kind}/{record_id}").status_code == 404, kind
            assert ehr.get(f"{kind}/{record_id}/_history").status_code == 404
            assert ehr.get(f"{kind}/{record_id}/_history/1").status_code == 404
    assert "entry" not in ehr.read(cursor)
    assert "entry" not in ehr.read(f"Encounter?patient.identifier=urn:uuid:{record.ids['maya']}")
    record.consents()
    assert ehr.ids("DocumentReference") == shared["DocumentReference"]
    record.consents(to="care_team", is_granted=False)
    assert ehr.ids("DocumentReference") == [record.ids["note"]]
    assert ehr.ids("Goal") == ehr.ids("CarePlan") == ehr.ids("Flag") == []
    assert ehr.ids("Observation?category=theme-mention,survey,therapy") == [record.ids["note_mention"]]


def test_what_is_made_private_taken_back_or_unconfirmed_is_gone(record: Any) -> None:
    record.consents()
    ids, ehr, maya = record.ids, record.ehr, record.clinic.maya
    path = f"/v1/journal-entries/{ids['entry']}"
    therapist = record.clinic.therapist
    for mention in (ids["note_mention"], ids["unconfirmed"]):
        assert therapist.post(f"/v1/mentions/{mention}/review", {"verdict": "rejected"}).status_code == 200
    assert ehr.read(f"Observation/{ids['note_mention']}")["status"] == "entered-in-error"
    assert ehr.get(f"Observation/{ids['unconfirmed']}").status_code == 404  # it never was there
    assert maya.patch(path, {"visibility": "private"}, if_match="*").status_code == 200
    for gone in (
        f"DocumentReference/{ids['entry']}",
        f"Observation/{ids['mention']}",
        f"Observation/{ids['entry']}-mood",
    ):
        assert ehr.get(gone).status_code == 404, gone
        assert ehr.get(f"{gone}/_history/1").status_code == 404
    maya.patch(path, {"visibility": "care_team"}, if_match="*")
    assert ehr.read(f"DocumentReference/{ids['entry']}")["docStatus"] == "amended"
    assert maya.delete(path, if_match="*").status_code == 204
    assert ehr.get(f"DocumentReference/{ids['entry']}").status_code == 410
    assert ehr.get(f"Observation/{ids['mention']}").status_code == 404
    assert maya.delete(f"/v1/journal-entries/{ids['private']}", if_match="*").status_code == 204
    assert ehr.get(f"DocumentReference/{ids['private']}").status_code == 404
    record.consents(is_granted=False)
    assert ehr.get(f"DocumentReference/{ids['entry']}").status_code == 404


def test_others_see_what_they_see_elsewhere_and_no_more(record: Any) -> None:
    ids, clinic = record.ids, record.clinic
    for who in ("colleague", "tom", "elsewhere.therapist", "june"):
        for name, kind in (("entry", "DocumentReference"), ("session", "Encounter"), ("maya", "Patient")):
            assert record.fhir(who).get(f"{kind}/{ids[name]}").status_code == 404, who
    assert record.fhir("nurse").read(f"Encounter/{ids['session']}")["id"] == ids["session"]
    assert record.fhir("nurse").get("Consent").status_code == 403
    assert record.fhir("nurse").post("Patient", {"resourceType": "Patient"}).status_code == 403
    assert record.fhir("admin").get("DocumentReference").status_code == 403
    assert record.fhir("admin").read(f"Patient/{ids['maya']}")["name"][0]["text"] == "Maya"
    assert record.fhir("maya").ids("Consent") == []
    trail = record.fhir("admin").search("AuditEvent?date=ge2026-03&_count=200")
    assert {each["purposeOfEvent"][0]["coding"][0]["code"] for each in trail} == {"TREAT", "PATRQT", "HOPERAT"}
    assert record.fhir("maya").ids(f"AuditEvent?patient={ids['maya']}") != []
    assert record.fhir("tom").ids(f"AuditEvent?patient={ids['maya']}") == []
    record.consents()
    record.ehr.read(f"DocumentReference/{ids['entry']}")
    record.ehr.ids("Observation")
    last = [each for each in clinic.maya.read("/v1/audit-events")["items"] if each["purpose"] == "ehr"]
    assert {each["operation"] for each in last} == {"fhirReadDocumentReference", "fhirSearchObservation"}
    assert {each["patient_id"] for each in last} == {ids["maya"]}


def test_a_person_who_is_erased_is_gone_and_is_not_put_in_again_while_the_record_is_held(record: Any) -> None:
    record.consents()
    named = {"identifier": [{"system": "urn:mrn", "value": "7"}], "name": [{"family": "Lund"}], "gender": "female"}
    body = {"resourceType": "Patient", **named}
    ehr, clinic = record.ehr, record.clinic
    held = ehr.post("Patient", body).json["id"]
    account = {"username": "ada", "retain_until": "2099-01-01"}
    assert clinic.admin.patch(f"/v1/patients/{held}", account, if_match="*").status_code == 200
    archive = clinic.caller("ada").get("/v1/me/export").data
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        told = json.loads(file.read("record.json"))["told_by_record_systems"]
    assert (told["gender"], told["identifiers"][0]["value"]) == ("female", "7")
    wish = {"confirm": "erase everything"}
    for who in ("ada", "maya"):
        assert clinic.caller(who).post("/v1/me/erasure", wish).status_code == 201
    for kind in OF_PATIENTS:
        assert ehr.ids(kind) == [], kind
    assert record.fhir("admin").get(f"Patient/{record.ids['maya']}").status_code == 404
    assert ehr.post("Patient", body, headers={"If-None-Exist": "identifier=urn:mrn|7"}).status_code == 409
