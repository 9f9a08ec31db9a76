"""What was told and is not so any more: earlier versions of documents, and themes that turned out to be mistakes."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from integration_api.fhir.elements import moment
from integration_api.themes.jobs import tag_pending


def words(resource: Any) -> str:
    return base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()


def test_former_versions_that_were_finished_and_shared_are_there_for_their_writer(
    record: Any,
) -> None:
    record.consents()
    maya, ehr = record.clinic.maya, record.ehr
    entry = maya.create("/v1/journal-entries", {"text": "One, half said.", "visibility": "care_team", "is_draft": True})
    path, here = f"/v1/journal-entries/{entry['id']}", f"DocumentReference/{entry['id']}"
    edits: list[dict[str, Any]] = [
        {"text": "Two.", "is_draft": False, "written_at": "2026-03-05T21:15:00-05:00"},
        {"mood": {"valence": 2}},  # the same words: kept once
        {"text": "Four, told nobody.", "visibility": "private"},
        {"text": "Five.", "session_id": record.ids["session"]},
        {"visibility": "care_team"},
        {"text": "Seven.", "session_id": None},
        {"text": "Eight."},
    ]
    numbers = [str(maya.patch(path, edit, if_match="*").json["version"]) for edit in edits]
    two, three, _, _, six, seven, eight = numbers
    shown = {eight: "Eight.", seven: "Seven.", six: "Five.", three: "Two.", two: "Two."}
    for who in ("ehr", "therapist"):  # words that she took back are hers
        assert len(record.fhir(who).read(f"{here}/_history")["entry"]) == 1, who
        assert record.fhir(who).get(f"{here}/_history/{seven}").status_code == 404, who
    for who in ("maya",):
        fhir = record.fhir(who)
        history = fhir.read(f"{here}/_history")
        found = [each["resource"] for each in history["entry"]]
        assert {each["meta"]["versionId"]: words(each) for each in found} == shown, who
        assert (history["total"], [each["meta"]["versionId"] for each in found]) == (5, list(shown)), who
        assert history["entry"][0]["response"]["etag"] == f'W/"{eight}"'
        for each in found:
            assert fhir.read(f"{here}/_history/{each['meta']['versionId']}") == each
        for hidden in {str(number) for number in range(12)} - shown.keys():
            assert fhir.get(f"{here}/_history/{hidden}").status_code == 404, (who, hidden)
    times = [each["meta"]["lastUpdated"] for each in found]
    assert times == sorted(times, reverse=True)
    assert found[0]["date"] == found[4]["date"] == "2026-03-06T02:15:00Z"
    assert found[2]["context"]["encounter"] == [{"reference": f"Encounter/{record.ids['session']}"}]
    assert len(ehr.read(f"DocumentReference/{record.ids['note']}/_history")["entry"]) == 1
    for who in ("colleague", "tom", "elsewhere.therapist"):
        assert record.fhir(who).get(f"{here}/_history/{seven}").status_code == 404, who
    _is_gone_when_taken_back(record, path, here, two)


def _is_gone_when_taken_back(record: Any, path: str, here: str, two: str) -> None:
    """Made private, consent taken back, deleted: with the entry its history goes."""
    maya, ehr = record.clinic.maya, record.ehr
    doors = (f"{here}/_history", *(f"{here}/_history/{number}" for number in range(1, 15)))
    maya.patch(path, {"visibility": "private"}, if_match="*")
    assert {record.fhir(who).get(each).status_code for who in ("ehr", "maya") for each in doors} == {404}
    latest = maya.patch(path, {"visibility": "care_team"}, if_match="*").json["version"]
    assert ehr.get(f"{here}/_history/{latest - 1}").status_code == 404
    assert words(record.fhir("maya").read(f"{here}/_history/{two}")) == "Two."
    for purpose in ("ehr", "care_team"):
        record.consents(to=purpose, is_granted=False)
        assert {ehr.get(each).status_code for each in doors} == {404}, purpose
        record.consents(to=purpose)
    assert words(ehr.read(f"{here}/_history/{latest}")) == "Eight."
    maya.delete(path, if_match="*")
    assert {ehr.get(each).status_code for each in doors} == {410}


@pytest.mark.parametrize("first", [{"verdict": "confirmed"}, {"verdict": "corrected", "assertion": "historical"}])
def test_a_theme_that_was_confirmed_and_then_rejected_is_told_to_be_a_mistake(record: Any, first: Any) -> None:
    record.consents()
    therapist, ehr = record.clinic.therapist, record.ehr
    entry = record.clinic.write("I am afraid of dying. My sister is afraid of dying.", "2026-03-12T08:00:00Z")
    mention = next(each["id"] for each in entry["themes"] if each["assertion"] == "affirmed")
    of_another = next(each["id"] for each in entry["themes"] if each["assertion"] == "other_person")
    review = lambda one, said: therapist.post(f"/v1/mentions/{one}/review", said)  # noqa: E731
    for one in (mention, of_another):
        assert review(one, {"verdict": "rejected"}).status_code == 200
        assert ehr.get(f"Observation/{one}").status_code == 404  # never confirmed
    assert review(mention, first).status_code == 200
    assert ehr.read(f"Observation/{mention}")["status"] == "final"
    assert review(of_another, {"verdict": "confirmed"}).status_code == 200
    for one in (mention, of_another):
        assert review(one, {"verdict": "rejected"}).status_code == 200
    assert ehr.get(f"Observation/{of_another}").status_code == 404  # of somebody else: it never was there
    told = ehr.read(f"Observation/{mention}")
    assert told.keys() == {
        *("resourceType", "id", "meta", "status", "category", "code", "subject", "dataAbsentReason"),
    }
    assert (told["status"], told["code"]["coding"][0]["code"]) == ("entered-in-error", "theme-mention")
    assert ehr.ids("Observation?status=entered-in-error") == [mention]
    assert mention in ehr.ids(f"Observation?patient={record.ids['maya']}&category=therapy")
    for narrower in (
        "status=final",
        f"derived-from=DocumentReference/{entry['id']}",
        "code=fear_of_death",
        "date=2026",
    ):
        assert mention not in ehr.ids(f"Observation?{narrower}"), narrower
    assert ehr.get(f"Provenance/{mention}").status_code == 404
    assert review(mention, {"verdict": "confirmed"}).status_code == 200
    assert ehr.read(f"Observation/{mention}")["status"] == "final"
    review(mention, {"verdict": "rejected"})
    record.clinic.maya.patch(f"/v1/journal-entries/{entry['id']}", {"visibility": "private"}, if_match="*")
    assert ehr.get(f"Observation/{mention}").status_code == 404


def test_a_theme_is_of_another_version_once_its_document_says_something_else(record: Any, other_version: Any) -> None:
    record.consents()
    clinic, ehr, ids = record.clinic, record.ehr, record.ids
    paths = [f"{kind}/{ids['mention']}" for kind in ("Observation", "Provenance")]
    entry, session = f"/v1/journal-entries/{ids['entry']}", f"/v1/sessions/{ids['session']}"

    def tag_anew() -> None:
        with other_version("newer"), clinic.app.app_context():
            tag_pending(also_older=True)

    for change, element, told in (
        (lambda: clinic.maya.patch(entry, {"written_at": "2026-03-09T09:00:00Z"}, if_match="*"),
         "effectiveDateTime", "2026-03-09T09:00:00Z"),
        (lambda: clinic.therapist.patch(session, {"starts_at": "2026-03-12T10:00:00Z", "ends_at": None}, if_match="*"),
         "encounter", {"reference": f"Encounter/{ids['preparation']}"}),
        (tag_anew, "method", {"text": "Pipeline newer, confirmed by a clinician"}),
    ):  # fmt: skip
        before, at = [ehr.get(each) for each in paths], datetime.now(UTC)
        change()
        after = [ehr.get(path, if_none_match=each.headers["ETag"]) for path, each in zip(paths, before, strict=True)]
        assert [each.status_code for each in after] == [200, 200], element
        assert before[0].json[element] != after[0].json[element] == told
        assert before[1].json["recorded"] == after[1].json["recorded"], "when it was verified stays when it was"
        for old, new in zip(before, after, strict=True):
            assert int(new.json["meta"]["versionId"]) > int(old.json["meta"]["versionId"]), element
            assert new.json["meta"]["lastUpdated"] > moment(at) > old.json["meta"]["lastUpdated"], element
        for path in paths:
            kind, _, record_id = path.partition("/")
            assert record_id in {each["id"] for each in record.everything("ehr", kind, at)}, (kind, element)


def test_a_consent_that_a_later_word_replaces_is_told_again(record: Any) -> None:
    record.consents()
    record.consents(to="research_export")
    ehr = record.ehr
    told = {each["id"]: each for each in ehr.search("Consent")}
    at = datetime.now(UTC)
    record.consents(to="research_export", is_granted=False)
    changed = record.everything("ehr", "Consent", at)
    assert sorted((each["status"], each["provision"]["type"]) for each in changed) == [
        ("active", "deny"), ("inactive", "permit")
    ]  # fmt: skip
    (replaced,) = (each for each in changed if each["id"] in told)
    assert replaced["meta"]["versionId"] != told[replaced["id"]]["meta"]["versionId"]
    assert replaced["meta"]["lastUpdated"] > moment(at) > told[replaced["id"]]["meta"]["lastUpdated"]
    assert len(ehr.ids(f"Consent?_lastUpdated=ge{moment(at)}")) == 2


def test_a_flag_that_is_taken_up_again_has_no_end(record: Any) -> None:
    record.consents()
    flag, therapist = record.ids["flag"], record.clinic.therapist
    ends = []
    for act in ("resolve", "reopen", "acknowledge"):
        assert therapist.post(f"/v1/safety-flags/{flag}/{act}", {"note": "N."}).status_code == 200
        if act != "reopen":  # then nobody has taken it up, and no record system is told
            told = record.ehr.read(f"Flag/{flag}")
            ends.append((told["status"], "end" in told["period"]))
    assert ends == [("inactive", True), ("active", False)]
