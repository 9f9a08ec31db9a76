"""Sending when things go wrong: waits, lost answers, workers that die, patients who are not known for certain."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from copies import WITHDRAWN, copies_of, copy_of, send, words

from integration_api.db import unit_of_work
from integration_api.fhir import pushing
from integration_api.fhir.conversation import talk
from models import Identifier, User, new_id


def test_trouble_is_waited_out_and_a_lost_answer_makes_no_second_copy(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any
) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    there.trouble = [("GET", 503, {}), ("POST", "lost", {}), ("PUT", 429, {"Retry-After": "3600"})]
    send(clinic, entry)
    work()
    shown = copy_of(clinic, entry)
    assert (shown["state"], shown["last_status"], shown["tries"]) == ("waiting", 503, 1)
    assert shown["failing_since"] is not None
    clock.turn(seconds=6)
    work()
    assert (copy_of(clinic, entry)["error"] in ("answer", "connection"), len(there.copies)) == (True, 1)
    clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "Edited meanwhile."}, if_match="*")
    clock.turn(seconds=16)
    work()
    shown = copy_of(clinic, entry)
    assert (shown["last_status"], shown["url"] is not None) == (429, True)
    clock.turn(seconds=3000)
    assert clinic.admin.read("/v1/ehr-connections")["items"][0]["failures"] == 3
    before = len(there.asked)
    work()
    assert len(there.asked) == before  # it is let be for as long as it asked
    clock.turn(seconds=700)
    there.tokens.append("another")  # the one that we have is good no more
    work()
    assert [words(each) for each in there.copies] == ["Edited meanwhile."]
    shown = copy_of(clinic, entry)
    assert (shown["state"], shown["tries"], shown["failing_since"]) == ("sent", 0, None)


def test_a_worker_that_dies_loses_nothing_and_what_was_lost_on_the_way_is_taken_back(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, monkeypatch: pytest.MonkeyPatch, agree: Any
) -> None:
    def die(*_: Any) -> None:
        raise SystemExit

    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    with monkeypatch.context() as patched:
        patched.setattr(pushing, "talk", die)
        with pytest.raises(SystemExit):
            work()
    work()
    assert (copy_of(clinic, entry)["state"], there.copies) == ("waiting", [])
    clock.turn(minutes=6)
    work()
    assert copy_of(clinic, entry)["state"] == "sent"
    # What is to be taken back is looked for where the answer was lost, and tried for as long as it takes.
    lost = clinic.write("Lost, and taken back.")["id"]
    there.trouble = [("POST", "lost", {}), *[("PUT", 500, {})] * 13]
    send(clinic, lost)
    work()
    agree(is_granted=False)
    for _ in range(20):
        clock.turn(hours=9)
        work()
    assert {each["status"] for each in there.copies} == {"entered-in-error"}
    assert copy_of(clinic, lost)["state"] == "withdrawn"


def test_what_is_held_there_is_searched_for_until_somebody_lets_it_in(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any
) -> None:
    entry, there.holds = clinic.write("I am afraid of dying.")["id"], True
    send(clinic, entry)
    work()
    clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "I am not afraid."}, if_match="*")
    work()
    assert (_outcome(clinic, entry), len(there.held)) == (("sent", "mediated"), 2)
    agree(is_granted=False)
    clock.turn(days=30)
    for _ in range(4):
        clock.turn(hours=9)
        work()
        assert _outcome(clinic, entry) == ("waiting", "not_found")
    assert clinic.admin.read("/v1/ehr-connections")["items"][0]["failures"] == 0  # it answers, so it is well
    there.let_in()
    there.trouble = [("PUT", 503, {})]
    for _ in range(2):
        clock.turn(hours=9)
        work()
    assert [(each["status"], words(each)) for each in there.copies] == [("entered-in-error", WITHDRAWN)] * 2
    assert _outcome(clinic, entry) == ("withdrawn", "consent")


def test_what_went_out_and_is_never_found_is_told_to_the_clinic_and_not_called_withdrawn(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any
) -> None:
    lost, refused = clinic.write("Lost on the way back.")["id"], clinic.write("Refused.")["id"]
    there.trouble = [("POST", 422, {}), ("POST", "lost", {})]
    for document in (refused, lost):
        send(clinic, document)
        work()
    agree(is_granted=False)
    there.lags = True
    clock.turn(minutes=1)
    work()
    assert _outcome(clinic, refused) == ("withdrawn", "consent")  # it was never there
    assert _outcome(clinic, lost) == ("waiting", "not_found")
    for _ in range(20):
        clock.turn(hours=9)
        work()
    assert _outcome(clinic, lost) == ("refused", "not_recalled")
    left = clinic.admin.read(f"/v1/ehr-connections/{clinic.ids['connection']}/copies?state=refused")["items"]
    assert [each["document_id"] for each in left] == [lost]


@pytest.mark.parametrize("by", ["consent", "visibility"])
def test_what_is_being_taken_back_is_sent_again_only_when_a_clinician_asks(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any, by: str
) -> None:
    def share(*, is_shared: bool) -> None:
        path, said = f"/v1/journal-entries/{entry}", {"visibility": "care_team" if is_shared else "private"}
        agree(is_granted=is_shared) if by == "consent" else clinic.maya.patch(path, said, if_match="*")
        for _ in range(2):
            work()
            clock.turn(hours=9)

    entry, there.holds = clinic.write("I am afraid of dying.")["id"], True
    send(clinic, entry)
    work()
    share(is_shared=False)
    share(is_shared=True)
    assert (_outcome(clinic, entry), len(there.held)) == (("waiting", "not_found"), 1)
    assert there.writes() == ["POST /fhir/DocumentReference"]  # nobody has asked since
    there.let_in()
    for _ in range(2):
        work()
        clock.turn(hours=9)
        assert _outcome(clinic, entry) == ("withdrawn", "not_asked_again")
    assert [(each["status"], words(each)) for each in there.copies] == [("entered-in-error", WITHDRAWN)]
    assert send(clinic, entry).status_code == 201
    work()
    assert _outcome(clinic, entry) == ("sent", None)
    assert [(each["status"], words(each)) for each in there.copies] == [("current", "I am afraid of dying.")]


def test_what_is_asked_for_while_it_is_searched_for_is_sent_and_later_searched_for_anew(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any
) -> None:
    entry, there.holds = clinic.write("I am afraid of dying.")["id"], True
    send(clinic, entry)
    work()
    agree(is_granted=False)
    work()
    assert _outcome(clinic, entry) == ("waiting", "not_found")
    agree()
    there.trouble = [("POST", 503, {})] * 2
    send(clinic, entry)
    for _ in range(2):
        work()
        clock.turn(days=5)
    assert (_outcome(clinic, entry), len(there.writes())) == (("waiting", None), 3)
    agree(is_granted=False)
    work()
    assert _outcome(clinic, entry) == ("waiting", "not_found")  # since today, not since ten days ago


@pytest.mark.parametrize("is_held", [True, False])
def test_what_is_asked_for_while_it_is_just_being_taken_back_is_sent(
    clinic: Any, there: Any, work: Callable[[], int], *, clock: Any, agree: Any, monkeypatch: Any, is_held: bool
) -> None:
    def ask_meanwhile(*given: Any) -> Any:
        outcome = talk(*given)
        if outcome.version is None:
            clock.turn(seconds=1)
            agree()
            assert send(clinic, entry).status_code == 201
        return outcome

    entry, there.holds = clinic.write("I am afraid of dying.")["id"], is_held
    send(clinic, entry)
    work()
    agree(is_granted=False)
    monkeypatch.setattr(pushing, "talk", ask_meanwhile)
    work()
    assert _outcome(clinic, entry) == ("sent", "mediated" if is_held else None)
    there.let_in()
    assert {words(each) for each in there.copies} == {"I am afraid of dying."}


def test_what_a_worker_may_have_sent_before_it_died_is_searched_for(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise SystemExit

    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    with monkeypatch.context() as patched:
        patched.setattr(pushing, "talk", die)
        with pytest.raises(SystemExit):
            work()
    agree(is_granted=False)
    clock.turn(minutes=6)
    work()
    assert _outcome(clinic, entry) == ("waiting", "not_found")


def test_what_somebody_has_deleted_there_is_made_anew_when_it_is_asked_for_again(
    clinic: Any, there: Any, work: Callable[[], int], clock: Any, agree: Any
) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    send(clinic, entry)
    work()
    _delete_all(there)
    clinic.maya.patch(f"/v1/journal-entries/{entry}", {"text": "I am not afraid."}, if_match="*")
    clock.turn(seconds=10)
    work()
    assert _outcome(clinic, entry) == ("refused", "gone")
    for _ in range(2):
        send(clinic, entry)
        work()
        assert _outcome(clinic, entry) == ("sent", None)
        assert [words(each) for each in there.copies] == ["I am not afraid."]
    _delete_all(there)
    agree(is_granted=False)
    work()
    assert _outcome(clinic, entry) == ("withdrawn", "consent")
    agree()
    send(clinic, entry)
    work()
    assert _outcome(clinic, entry) == ("sent", None)
    assert [words(each) for each in there.copies] == ["I am not afraid."]


def _outcome(clinic: Any, document: str) -> tuple[str, str | None]:
    (shown,) = copies_of(clinic, document)
    return shown["state"], shown["reason"]


def _delete_all(there: Any) -> None:
    for each in there.copies:
        del there.stored[each["id"]]


def test_whom_the_record_system_does_not_know_for_certain_gets_nothing_sent(
    clinic: Any, agree: Any, stand_in: Any, connect: Any, work: Callable[[], int]
) -> None:
    agree()
    connection = connect(stand_in.address, auth="none")
    path = f"/v1/ehr-connections/{connection['id']}"
    stranger = stand_in.put_in("Patient", "8")
    _name_her(clinic, "7|a")
    entry = clinic.write("I am afraid of dying.")["id"]

    def outcome() -> tuple[str, str | None]:
        assert send(clinic, entry).status_code == 201
        work()
        return copy_of(clinic, entry)["state"], copy_of(clinic, entry)["reason"]

    stand_in.forgets = True
    assert outcome() == ("refused", "no_patient")  # though it gave somebody
    stand_in.forgets = False
    assert clinic.admin.patch(path, {"creates_patients": True}, if_match="*").status_code == 200
    stand_in.trouble = [("POST", 422, {})]
    assert outcome() == ("refused", "rejected")
    assert stand_in.writes() == ["POST /fhir/Patient"]
    assert outcome() == ("sent", None)
    (made,) = (each for each in stand_in.stored.values() if each["resourceType"] == "Patient" and "name" in each)
    assert (made["name"][0]["text"], "managingOrganization" in made) == ("Maya", False)
    assert stand_in.copies[0]["subject"]["reference"] == f"Patient/{made['id']}" != f"Patient/{stranger}"
    stand_in.put_in("Patient", "7|a")
    entry = clinic.write("Another.")["id"]
    assert outcome() == ("refused", "several_patients")
    assert len(stand_in.copies) == 1
    refused = clinic.admin.read(f"{path}/copies?state=refused")["items"]
    assert [each["document_id"] for each in refused] == [entry]
    _stays_where_it_is(clinic, path)


def _stays_where_it_is(clinic: Any, path: str) -> None:
    moved = clinic.admin.patch(path, {"base_url": "https://elsewhere.example/fhir"}, if_match="*")
    assert moved.json["errors"][0]["pointer"] == "/base_url"


def _name_her(clinic: Any, value: str) -> None:
    with clinic.app.app_context(), unit_of_work() as db_session:
        home = db_session.query(User).filter_by(username="admin").one().organization_id
        maya = UUID(clinic.ids["maya"])
        named = {"organization_id": home, "kind": "patient", "patient_id": maya}
        db_session.add(Identifier(id=new_id(), system="urn:mrn", value=value, **named))
