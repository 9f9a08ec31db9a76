"""Copies of documents in a record system: sent once, followed, withdrawn; and never what may not leave."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from copies import URI, WITHDRAWN, copies_of, copy_of, send, words

from integration_api.config import Environment
from integration_api.db import reading, unit_of_work
from models import EhrCopy, new_id


def test_a_document_is_sent_once_and_follows_what_becomes_of_it(
    clinic: Any, there: Any, work: Callable[[], int], agree: Any
) -> None:
    entry, note = clinic.write("I am afraid of dying.")["id"], clinic.note("Pt speaks of fear.")["id"]
    key = {"id": str(new_id())}
    assert [send(clinic, entry, **key).status_code for _ in range(2)] == [201, 201]
    assert send(clinic, entry, "nurse").json["id"] == key["id"]  # there is one copy in each record system
    assert send(clinic, note).status_code == 201
    assert (copy_of(clinic, entry)["state"], copy_of(clinic, entry)["url"]) == ("waiting", None)
    work()
    sent = {words(each): each for each in there.copies}
    assert sent.keys() == {"I am afraid of dying.", "Pt speaks of fear."}
    mine, theirs = sent["I am afraid of dying."], sent["Pt speaks of fear."]
    subject = {"reference": f"Patient/{clinic.ids['maya_there']}"}
    assert mine["subject"] == theirs["subject"] == mine["author"][0] == subject
    assert mine["identifier"][0]["value"] == f"urn:uuid:{entry}"
    assert mine["meta"]["security"][0]["code"] == "PATAST"
    assert theirs["author"][0]["display"] == "Therapist"
    assert theirs["author"][0]["identifier"]["value"] == f"urn:uuid:{clinic.ids['therapist']}"
    assert "reference" not in json.dumps([theirs["author"], theirs["custodian"], mine["context"]])
    shown = copy_of(clinic, entry)
    assert (shown["state"], shown["last_status"], shown["sent_version"]) == ("sent", 201, 1)
    assert shown["url"] == f"{there.address}/DocumentReference/{mine['id']}"
    _says_who_it_is(clinic, there)
    # An edit follows, also where somebody there has changed the copy meanwhile.
    there.stored[mine["id"]]["meta"]["versionId"] = "7"
    clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "I am not afraid."}, if_match="*")
    work()
    assert (words(there.stored[mine["id"]]), there.stored[mine["id"]]["docStatus"]) == ("I am not afraid.", "amended")
    assert (len(there.copies), copy_of(clinic, entry)["last_status"]) == (2, 200)
    before = len(there.asked)
    work()
    assert len(there.asked) == before
    _is_taken_back(clinic, there, work, agree, entry, note)


def test_a_copy_may_be_asked_for_without_a_body(clinic: Any, there: Any, agree: Any) -> None:
    path = f"/v1/documents/{clinic.write('I am afraid of dying.')['id']}/ehr-copies"
    first = clinic.therapist.call("POST", path, idempotency_key="once")
    again = clinic.therapist.post(path, {}, idempotency_key="once")
    assert (first.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert first.json == again.json


def _says_who_it_is(clinic: Any, there: Any) -> None:
    claims = there.claims(clinic.anybody().get("/.well-known/jwks.json").json)
    assert (claims["iss"], claims["sub"]) == ("journal", "journal")
    assert claims["aud"] == f"{there.address.removesuffix('/fhir')}/token"
    assert len(there.tokens) == 1  # one token for all


def _is_taken_back(clinic: Any, there: Any, work: Any, agree: Any, entry: str, note: str) -> None:
    path = f"/v1/journal-entries/{entry}"
    mine, theirs = (each["id"] for each in there.copies)
    clinic.maya.patch(path, {"visibility": "private"}, if_match="*")
    work()
    taken = there.stored[mine]
    assert (taken["status"], words(taken), "author" in taken) == ("entered-in-error", WITHDRAWN, False)
    assert "afraid" not in json.dumps(taken)
    assert there.stored[theirs]["status"] == "current"
    assert clinic.therapist.get(f"/v1/documents/{entry}/ehr-copies").status_code == 404
    clinic.maya.patch(path, {"visibility": "care_team"}, if_match="*")
    work()
    assert (copy_of(clinic, entry)["state"], copy_of(clinic, entry)["reason"]) == ("withdrawn", "not_shared")
    assert send(clinic, entry).status_code == 201  # only when it is asked for again
    work()
    assert (there.stored[mine]["status"], words(there.stored[mine])) == ("current", "I am not afraid.")
    agree(is_granted=False)
    work()
    assert {each["status"] for each in there.copies} == {"entered-in-error"}
    assert copy_of(clinic, note)["reason"] == "consent"
    agree()
    assert send(clinic, note).status_code == 201
    work()
    assert clinic.therapist.delete(f"/v1/notes/{note}", if_match="*").status_code == 204
    work()
    assert words(there.stored[theirs]) == WITHDRAWN
    _is_known_to_the_patient(clinic, entry, note)


def _is_known_to_the_patient(clinic: Any, entry: str, note: str) -> None:
    told = [each for each in clinic.maya.read("/v1/audit-events?limit=200")["items"] if each["resource"] == "EhrCopy"]
    by_worker = [each for each in told if each["operation"] in ("sendEhrCopy", "withdrawEhrCopy") and each["client"]]
    assert {each["record_id"] for each in by_worker} == {entry, note}
    assert {each["purpose"] for each in by_worker} == {"ehr"}
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as file:
        exported = json.loads(file.read("record.json"))["ehr_copies"]
    assert {each["document_id"]: each["state"] for each in exported} == {entry: "withdrawn", note: "withdrawn"}


def test_what_was_withdrawn_though_the_answer_was_lost_does_not_come_back_unasked(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any
) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    work()
    agree(is_granted=False)
    there.trouble = [("PUT", "lost", {})]
    for state, reason in (("waiting", "consent"), ("withdrawn", "not_asked_again")):
        work()
        assert (copy_of(clinic, entry)["state"], copy_of(clinic, entry)["reason"]) == (state, reason)
        assert [(each["status"], words(each)) for each in there.copies] == [("entered-in-error", WITHDRAWN)]
        agree()
        clock.turn(minutes=1)
    send(clinic, entry)
    work()
    assert [words(each) for each in there.copies] == ["I am afraid of dying."]


def test_what_is_to_be_taken_back_is_tried_for_as_long_as_it_takes(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any
) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    work()
    agree(is_granted=False)
    there.trouble = [("PUT", 500, {})] * 13  # of sending it twelve would be the last
    for _ in range(13):
        work()
        clock.turn(hours=9)
    assert (copy_of(clinic, entry)["state"], there.trouble) == ("waiting", [])
    work()
    assert [words(each) for each in there.copies] == [WITHDRAWN]


def test_what_may_not_leave_is_never_sent(
    clinic: Any, agree: Any, stand_in: Any, connect: Any, work: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    entry = clinic.write("I am afraid of dying.")["id"]
    assert send(clinic, entry).status_code == 403  # no consent
    agree()
    assert send(clinic, entry).status_code == 409  # no record system
    first = connect(stand_in.address)["id"]
    for document in (
        clinic.write("Told nobody.", visibility="private"),
        clinic.write("Half said.", is_draft=True),
        clinic.note("My own thoughts.", "psychotherapy"),
    ):
        assert send(clinic, document["id"]).status_code == 404
    for who in ("colleague", "elsewhere.therapist"):
        assert send(clinic, entry, who).status_code == 404
    for who in ("maya", "admin"):
        assert send(clinic, entry, who).status_code == 403
    connect(stand_in.address + "/2")
    assert send(clinic, entry).status_code == 409  # to which one?
    stand_in.put_in("Patient", f"urn:uuid:{clinic.ids['maya']}", URI)
    assert send(clinic, entry, connection_id=first).status_code == 201
    agree(is_granted=False)  # between the wish and the sending
    work()
    assert (copy_of(clinic, entry)["state"], copy_of(clinic, entry)["reason"]) == ("withdrawn", "consent")
    assert stand_in.asked == []
    assert copies_of(clinic, entry, "maya")[0]["state"] == "withdrawn"
    assert "afraid" not in caplog.text
    assert stand_in.address not in caplog.text


def test_a_record_system_is_on_the_open_internet_and_knows_us(clinic: Any) -> None:
    told = {"name": "N", "client_id": "c", "patient_system": "urn:mrn"}
    for address in ("http://ehr.example/fhir", "https://10.0.0.7/fhir", "https://169.254.169.254", "https://a.b/?q"):
        assert clinic.admin.post("/v1/ehr-connections", told | {"base_url": address}).status_code == 422, address
    nameless = clinic.admin.post("/v1/ehr-connections", told | {"base_url": "https://a.example", "client_id": None})
    assert nameless.json["errors"][0]["pointer"] == "/client_id"


def test_of_an_erased_person_copies_are_withdrawn_and_what_cannot_be_recalled_is_told(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any
) -> None:
    entry, note = clinic.write("I am afraid of dying.")["id"], clinic.note("Pt speaks of fear.")["id"]
    for document in (entry, note):
        send(clinic, document)
    work()
    there.trouble = [("PUT", 405, {})]
    assert clinic.maya.post("/v1/me/erasure", {"confirm": "erase everything"}).status_code == 201
    work()
    left = clinic.admin.read(f"/v1/ehr-connections/{clinic.ids['connection']}/copies")["items"]
    assert [(each["state"], each["reason"]) for each in left] == [("refused", "not_recalled")]
    assert sorted(each["status"] for each in there.copies) == ["current", "entered-in-error"]
    taken = next(each for each in there.copies if each["status"] == "entered-in-error")
    assert "subject" not in taken
    with clinic.app.app_context(), reading() as db_session:
        (row,) = db_session.query(EhrCopy).all()
        assert (row.patient_id, row.remote_patient_id) == (None, None)


def test_a_record_system_that_knows_fhir_takes_them(
    clinic: Any, agree: Any, medplum: str, connect: Any, work: Callable[[], int]
) -> None:
    agree()
    connect(medplum, auth="none", creates_patients=True)
    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    work()
    shown = copy_of(clinic, entry)
    assert (shown["state"], shown["last_status"]) == ("sent", 201)
    clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "I am not afraid."}, if_match="*")
    work()
    assert copy_of(clinic, entry)["sent_version"] > 1
    # As if the first answer had been lost: it is found again by our identifier.
    with clinic.app.app_context(), unit_of_work() as db_session:
        row = db_session.query(EhrCopy).one()
        row.remote_id, row.remote_version, row.state = None, None, "waiting"
    work()
    again = copy_of(clinic, entry)
    assert (again["url"], again["state"], again["last_status"]) == (shown["url"], "sent", 200)
    agree(is_granted=False)
    work()
    assert copy_of(clinic, entry)["state"] == "withdrawn"


@pytest.mark.parametrize("place", ["GET /fhir/.well-known/smart-configuration", "POST /token", "GET /fhir/Patient"])
@pytest.mark.parametrize("by", ["consent", "visibility"])
def test_what_is_taken_back_while_the_record_system_is_slow_does_not_go_out(
    clinic: Any, there: Any, work: Callable[[], int], agree: Any, place: str, by: str
) -> None:
    """A conversation takes up to a minute; that it may leave was asked at its beginning alone."""
    entry = clinic.write("I am afraid of dying.")["id"]
    there.meanwhile = place, taking_back(clinic, entry, agree, by)
    send(clinic, entry)
    work()
    assert (there.meanwhile, there.copies, there.writes()) == (None, [], [])
    reason = "consent" if by == "consent" else "not_shared"
    with clinic.app.app_context(), reading() as db_session:
        copy = db_session.query(EhrCopy).one()
        assert (copy.state, copy.reason) == ("withdrawn", reason)
    told = clinic.maya.read(f"/v1/audit-events?patient_id={clinic.ids['maya']}")["items"]
    assert "worker" not in {each["origin"] for each in told}  # nothing was disclosed


def test_words_of_an_edit_do_not_follow_a_copy_that_is_taken_back_meanwhile(
    clinic: Any, there: Any, work: Callable[[], int], agree: Any, clock: Any
) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    work()
    clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "And of my brother."}, if_match="*")
    there.tokens.append("another")  # the one that we have is good no more, so another is asked for on the way
    there.meanwhile = "POST /token", taking_back(clinic, entry, agree, "consent")
    work()
    clock.turn(minutes=1)
    work()
    assert (there.meanwhile, [words(each) for each in there.copies]) == (None, [WITHDRAWN])
    assert there.copies[0]["meta"]["versionId"] == "2"  # the words of the edit were never there


def taking_back(clinic: Any, entry: str, agree: Any, by: str) -> Callable[[], None]:
    def take_back() -> None:
        said = {"visibility": "private"}
        agree(is_granted=False) if by == "consent" else clinic.maya.patch(
            f"/v1/journal-entries/{entry}", said, if_match="*"
        )

    return take_back


def test_where_people_live_no_record_system_is_written_to_unasked_who_we_are(
    clinic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"name": "Hospital record", "base_url": "https://1.1.1.1/fhir", "patient_system": "urn:mrn"}
    settings = replace(clinic.app.config["SETTINGS"], environment=Environment.PRODUCTION)
    monkeypatch.setitem(clinic.app.config, "SETTINGS", settings)
    refused = clinic.admin.post("/v1/ehr-connections", told | {"auth": "none"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/auth")
    assert clinic.admin.post("/v1/ehr-connections", told | {"client_id": "journal"}).status_code == 201
