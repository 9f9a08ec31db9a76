"""Who sees a flag, attacked: private entries, declined consents, psychotherapy notes, strangers, break-glass."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from integration_api.db import reading
from models import SafetyFlag

FLAGS = "/v1/safety-flags"
WISH = "I wish I were dead."
TEAM = ("therapist", "physician", "nurse")
OTHERS = ("colleague", "elsewhere.therapist")
REFUSED = ("maya", "tom", "june", "admin", "elsewhere.admin")


def acts(clinic: Any) -> dict[str, Any]:
    assign = {"clinician_id": clinic.ids["nurse"]}
    return {"acknowledge": {}, "assign": assign, "resolve": {"note": "N."}, "reopen": {"note": "N."}}


@pytest.fixture
def only_flag(clinic: Any) -> Any:
    """The id of the one flag that is stored, whoever may see it."""

    def read() -> str:
        with clinic.app.app_context(), reading() as db_session:
            (flag,) = db_session.scalars(select(SafetyFlag)).unique()
            return str(flag.id)

    return read


@pytest.fixture
def flag_of(clinic: Any) -> Any:
    """The id of the flag of one entry, whoever may see it."""

    def read(entry: Any) -> str:
        with clinic.app.app_context(), reading() as db_session:
            of_entry = select(SafetyFlag).where(SafetyFlag.document_id == UUID(entry["id"]))
            return str(db_session.scalars(of_entry).unique().one().id)

    return read


@pytest.fixture
def seen_by(clinic: Any) -> Any:
    """Who gets a flag by its id; who gets it in a list must be the same."""

    def read(flag_id: str) -> set[str]:
        found = set()
        for who in (*TEAM, *OTHERS):
            caller = clinic.caller(who)
            listed = {each["id"] for each in caller.read(f"{FLAGS}?routed=any")["items"]}
            by_patient = caller.read(f"{FLAGS}?routed=any&patient_id={clinic.ids['maya']}")["items"]
            status = caller.get(f"{FLAGS}/{flag_id}").status_code
            assert status in (200, 404)
            assert (flag_id in listed) == (status == 200) == (flag_id in {each["id"] for each in by_patient})
            if status == 200:
                found.add(who)
        return found

    return read


@pytest.fixture
def acted_on_by(clinic: Any, seen_by: Any) -> Any:
    """Who sees a flag, where for all others it does not exist either when they act: asked once for each reason."""

    def read(flag_id: str) -> set[str]:
        found: set[str] = seen_by(flag_id)
        for who in {*TEAM, *OTHERS} - found:
            caller = clinic.caller(who)
            for act, body in acts(clinic).items():
                assert caller.post(f"{FLAGS}/{flag_id}/{act}", body).status_code == 404
        return found

    return read


def test_patients_and_admins_have_no_flags(clinic: Any, only_flag: Any) -> None:
    clinic.write(WISH)
    for who in REFUSED:
        caller = clinic.caller(who)
        assert caller.get(FLAGS).status_code == 403
        assert caller.get(f"{FLAGS}/{only_flag()}").status_code == 403
        assert caller.post(f"{FLAGS}/{only_flag()}/acknowledge", {}).status_code == 403


def test_the_care_team_sees_what_is_shared(clinic: Any, only_flag: Any, acted_on_by: Any) -> None:
    clinic.write(WISH)
    assert acted_on_by(only_flag()) == set(TEAM)


# what Maya has said (None: nothing) of her care team and of safety signals: whether the team sees the flag of an entry
# that she shares, and of one that is private
MATRIX = [
    (None, None, True, False),
    (None, False, True, False),
    (None, True, True, True),
    (True, None, True, False),
    (True, True, True, True),
    (False, None, False, False),
    (False, True, False, False),
]


@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_consents_and_visibility(
    clinic: Any, agree: Any, flag_of: Any, seen_by: Any, case: tuple[bool | None, bool | None, bool, bool]
) -> None:
    care_team, safety_signals, *expected = case
    for purpose, word in (("care_team", care_team), ("safety_signals", safety_signals)):
        if word is not None:
            agree(purpose, yes=word)
    entries = [clinic.write(WISH, visibility=visibility) for visibility in ("care_team", "private")]
    assert [seen_by(flag_of(entry)) for entry in entries] == [set(TEAM) if is_seen else set() for is_seen in expected]


class TestPrivateEntries:
    def test_withdrawing_closes_at_once_and_agreeing_opens_again(
        self, clinic: Any, agree: Any, only_flag: Any, seen_by: Any, acted_on_by: Any
    ) -> None:
        clinic.write(WISH, visibility="private")
        assert acted_on_by(only_flag()) == set()
        for is_granted in (True, False, True, False):
            agree("safety_signals", yes=is_granted)
            assert seen_by(only_flag()) == (set(TEAM) if is_granted else set())
        agree("safety_signals", yes=True)
        agree("care_team", yes=False)
        assert acted_on_by(only_flag()) == set()

    def test_the_team_learns_that_there_is_a_flag_and_no_more(
        self, clinic: Any, agree: Any, act: Any, only_flag: Any
    ) -> None:
        agree("safety_signals", yes=True)
        entry = clinic.write(WISH, visibility="private")
        for who in TEAM:
            told = clinic.caller(who).read(f"{FLAGS}/{only_flag()}")
            assert (told["theme"], told["severity"], told["is_private"]) == ("suicidality", "wish_to_be_dead", True)
            assert (told["document_id"], told["document_source"], told["evidence"]) == (None, None, [])
            listed = clinic.caller(who).read(FLAGS)
            for secret in (entry["id"], *(each["id"] for each in entry["themes"]), "dead."):
                assert secret not in json.dumps(told) + json.dumps(listed)
            assert clinic.caller(who).get(f"/v1/journal-entries/{entry['id']}").status_code == 404
            assert clinic.caller(who).get(f"/v1/mentions/{entry['themes'][0]['id']}").status_code == 404
        answered = act({"id": only_flag()}, "acknowledge", {"note": "I call her."})
        assert (answered["document_id"], answered["evidence"]) == (None, [])

    def test_an_entry_that_becomes_private_takes_its_flag_out_of_sight(
        self, clinic: Any, agree: Any, edit: Any, only_flag: Any, seen_by: Any
    ) -> None:
        entry = clinic.write(WISH)
        assert clinic.therapist.read(f"{FLAGS}/{only_flag()}")["evidence"]
        edit(entry, visibility="private")
        assert seen_by(only_flag()) == set()
        agree("safety_signals", yes=True)
        assert seen_by(only_flag()) == set(TEAM)
        assert clinic.therapist.read(f"{FLAGS}/{only_flag()}")["evidence"] == []

    def test_another_patients_consent_opens_nothing(self, clinic: Any, only_flag: Any, seen_by: Any) -> None:
        word = {"purpose": "safety_signals", "is_granted": True, "wording": "As shown."}
        clinic.tom.create("/v1/me/consents", word)
        clinic.write(WISH, visibility="private")
        assert seen_by(only_flag()) == set()


class TestPsychotherapyNotes:
    def test_their_flags_are_the_authors_alone(
        self, clinic: Any, agree: Any, later: Any, only_flag: Any, acted_on_by: Any, history: Any
    ) -> None:
        agree("safety_signals", yes=True)
        clinic.note("Pt reports suicidal thoughts since Monday.", "psychotherapy")
        assert acted_on_by(only_flag()) == {"therapist"}
        later(60 * 24 * 7)
        assert acted_on_by(only_flag()) == {"therapist"}
        told = clinic.therapist.read(f"{FLAGS}/{only_flag()}")
        assert history(told) == ["raised"]  # there is nobody to escalate it to

    def test_they_are_in_the_authors_list_whatever_the_role(self, clinic: Any, said: Any) -> None:
        clinic.note(said["ketamine_misuse"], "psychotherapy", who="nurse")
        assert [each["theme"] for each in clinic.caller("nurse").read(FLAGS)["items"]] == ["ketamine_misuse"]

    def test_they_are_assigned_to_nobody_else(self, clinic: Any, act: Any, only_flag: Any) -> None:
        clinic.note("Pt reports suicidal thoughts since Monday.", "psychotherapy")
        path = f"{FLAGS}/{only_flag()}/assign"
        assert clinic.therapist.post(path, {"clinician_id": clinic.ids["nurse"]}).status_code == 422
        act({"id": only_flag()}, "assign", {"clinician_id": clinic.ids["therapist"]})

    def test_a_note_of_ones_own_on_it_opens_for_its_author(self, clinic: Any, act: Any, only_flag: Any) -> None:
        clinic.note("Pt reports suicidal thoughts since Monday.", "psychotherapy")
        act({"id": only_flag()}, "acknowledge", {"note": "Mine alone."})
        told = clinic.therapist.read(f"{FLAGS}/{only_flag()}")
        assert told["history"][-1]["note"] == "Mine alone."


class TestBreakGlass:
    @pytest.fixture
    def colleague(self, clinic: Any) -> Any:
        path = f"/v1/patients/{clinic.ids['maya']}/break-glass"
        clinic.caller("colleague").create(path, {"reason": "Brought in unconscious."})
        return clinic.caller("colleague")

    def test_who_breaks_the_glass_reads_and_does_not_act(self, clinic: Any, colleague: Any, only_flag: Any) -> None:
        clinic.write(WISH)
        assert [each["id"] for each in colleague.read(FLAGS)["items"]] == [only_flag()]
        assert colleague.read(f"{FLAGS}/{only_flag()}")["evidence"]
        for act, body in acts(clinic).items():
            assert colleague.post(f"{FLAGS}/{only_flag()}/{act}", body).status_code == 404

    def test_private_entries_stay_closed_with_their_flags(
        self, clinic: Any, agree: Any, colleague: Any, only_flag: Any
    ) -> None:
        agree("safety_signals", yes=True)
        clinic.write(WISH, visibility="private")
        assert clinic.therapist.get(f"{FLAGS}/{only_flag()}").status_code == 200
        assert colleague.get(f"{FLAGS}/{only_flag()}").status_code == 404
        assert colleague.read(FLAGS)["items"] == []


def test_who_leaves_the_care_team_sees_no_more(clinic: Any, only_flag: Any, acted_on_by: Any) -> None:
    clinic.write(WISH)
    path = f"/v1/patients/{clinic.ids['maya']}/care-team"
    body = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
    clinic.admin.put(path, body, if_match=clinic.admin.etag(path))
    assert acted_on_by(only_flag()) == {"therapist"}


def test_a_scope_without_flags_has_none(clinic: Any) -> None:
    assert clinic.caller("therapist", "user/JournalEntry.rs").get(FLAGS).status_code == 403
    narrow = clinic.caller("therapist", "user/SafetyFlag.rs")
    clinic.write(WISH)
    (flag,) = narrow.read(FLAGS)["items"]
    assert narrow.post(f"{FLAGS}/{flag['id']}/acknowledge", {}).status_code == 403


def test_the_trail_knows_who_saw_and_who_acted(clinic: Any, act: Any, only_flag: Any) -> None:
    clinic.write(WISH)
    clinic.caller("nurse").read(FLAGS)
    clinic.caller("physician").read(f"{FLAGS}/{only_flag()}")
    act({"id": only_flag()}, "acknowledge")
    trail = clinic.maya.read("/v1/audit-events")["items"]
    told = {(each["operation"], each["actor_name"], each["record_id"]) for each in trail}
    assert ("listSafetyFlags", "Nurse", only_flag()) in told
    assert ("readSafetyFlag", "Physician", only_flag()) in told
    assert ("acknowledgeSafetyFlag", "Therapist", only_flag()) in told


def test_a_reader_who_sets_off_an_escalation_is_in_the_trail_of_all_that_was_read(
    clinic: Any, later: Any, only_flag: Any
) -> None:
    clinic.write(WISH)
    later(61)
    (flag,) = clinic.caller("nurse").read(FLAGS)["items"]
    assert flag["escalated_at"]
    trail = clinic.maya.read("/v1/audit-events")["items"]
    found = [each for each in trail if each["operation"] == "listSafetyFlags"]
    assert [(each["actor_name"], each["action"]) for each in found] == [("Nurse", "search")]
