"""Who there is: the caller, patients, clinicians, care teams."""

from typing import Any

import pytest


def test_everybody_learns_who_they_are(clinic: Any) -> None:
    me = clinic.therapist.read("/v1/me")
    assert (me["username"], me["role"], me["name"]) == ("therapist", "therapist", "Therapist")
    assert (me["clinician_id"], me["patient_id"]) == (clinic.ids["therapist"], None)
    assert me["organization"]["name"] == "Harbour Light"
    assert clinic.maya.read("/v1/me")["patient_id"] == clinic.ids["maya"]
    assert clinic.admin.read("/v1/me")["name"] is None


def test_patients_are_listed_by_name(clinic: Any) -> None:
    for name in ("Zoe", "Ada", "Ada"):
        clinic.admin.create("/v1/patients", {"name": name})
    found = [each["name"] for each in clinic.admin.read("/v1/patients")["items"]]
    assert found == ["Ada", "Ada", "Maya", "Tom", "Zoe"]


def test_a_patients_data_can_be_mended(clinic: Any) -> None:
    path = f"/v1/patients/{clinic.ids['maya']}"
    answer = clinic.admin.patch(path, {"birth_date": "1990-02-28"}, if_match=clinic.admin.etag(path))
    assert (answer.json["birth_date"], answer.json["name"], answer.json["version"]) == ("1990-02-28", "Maya", 2)


@pytest.mark.parametrize("day", ["1990-02-30", "28.02.1990", "1990-2-8", 19900228])
def test_a_day_that_is_none_is_refused(clinic: Any, day: Any) -> None:
    answer = clinic.admin.post("/v1/patients", {"name": "A", "birth_date": day})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/birth_date")


def test_nobody_is_born_after_today(clinic: Any, set_clock: Any) -> None:
    set_clock()
    path = f"/v1/patients/{clinic.ids['maya']}"
    assert clinic.admin.patch(path, {"birth_date": "2026-03-02"}, if_match="*").status_code == 200
    assert clinic.admin.patch(path, {"birth_date": "0001-01-01"}, if_match="*").status_code == 200
    born = clinic.admin.create("/v1/patients", {"name": "A", "birth_date": "2026-03-02"})
    assert born["birth_date"] == "2026-03-02"
    for answer in (
        clinic.admin.post("/v1/patients", {"name": "B", "birth_date": "2980-05-17"}),
        clinic.admin.patch(path, {"birth_date": "2026-03-04"}, if_match="*"),
    ):
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/birth_date")
    assert clinic.admin.read(path)["birth_date"] == "0001-01-01"
    assert "B" not in {each["name"] for each in clinic.admin.read("/v1/patients")["items"]}


def test_an_account_name_is_taken_once_in_the_whole_installation(clinic: Any) -> None:
    answer = clinic.caller("elsewhere.admin").post("/v1/patients", {"name": "M", "username": "maya"})
    assert answer.status_code == 409
    assert "maya" not in answer.json["detail"]


def test_an_account_comes_later_and_then_keeps_its_name(clinic: Any) -> None:
    path = f"/v1/patients/{clinic.admin.create('/v1/patients', {'name': 'Ada'})['id']}"
    assert clinic.admin.patch(path, {"username": "ada"}, if_match="*").json["username"] == "ada"
    assert clinic.caller("ada").read("/v1/me")["name"] == "Ada"
    assert clinic.admin.patch(path, {"username": "eve"}, if_match="*").status_code == 422
    assert clinic.admin.patch(path, {"username": None}, if_match="*").status_code == 422


def test_who_wrote_a_note_can_be_told_also_when_they_have_left(clinic: Any) -> None:
    clinic.note("She spoke of the sea.")
    clinic.note("Blood pressure as before.", who="nurse")
    clinic.therapist.create("/v1/commitments", {"patient_id": clinic.ids["maya"], "text": "A walk a day."})
    clinic.admin.patch(f"/v1/clinicians/{clinic.ids['nurse']}", {"is_active": False}, if_match="*")
    for who in ("maya", "physician"):
        names = {each["user_id"]: each["name"] for each in clinic.caller(who).read("/v1/clinicians")["items"]}
        told = {each["text"]: names[each["author_id"]] for each in clinic.caller(who).read("/v1/notes")["items"]}
        assert told == {"She spoke of the sea.": "Therapist", "Blood pressure as before.": "Nurse"}
        (commitment,) = clinic.caller(who).read("/v1/commitments")["items"]
        assert names[commitment["author_id"]] == "Therapist"
    made = clinic.admin.create("/v1/clinicians", {"name": "Ines", "role": "nurse"})
    assert made["user_id"] is None
    path = f"/v1/clinicians/{made['id']}"
    given = clinic.admin.patch(path, {"username": "ines"}, if_match=clinic.admin.etag(path)).json
    assert given["user_id"] == clinic.caller("ines").read("/v1/me")["user_id"]


def test_an_account_follows_its_clinicians_role(clinic: Any) -> None:
    path = f"/v1/clinicians/{clinic.ids['nurse']}"
    assert clinic.admin.patch(path, {"role": "physician"}, if_match="*").status_code == 200
    assert clinic.caller("nurse").read("/v1/me")["role"] == "physician"


class TestCareTeams:
    def path(self, clinic: Any) -> str:
        return f"/v1/patients/{clinic.ids['maya']}/care-team"

    def test_members_are_told_with_role_and_since_when(self, clinic: Any) -> None:
        members = clinic.maya.read(self.path(clinic))["members"]
        assert [each["role"] for each in members] == ["therapist", "physician", "nurse"]
        assert all(each["since"].endswith("Z") for each in members)

    def test_those_who_stay_keep_the_day_they_came(self, clinic: Any) -> None:
        before = {each["clinician_id"]: each["since"] for each in clinic.admin.read(self.path(clinic))["members"]}
        chosen = [clinic.ids["nurse"], clinic.ids["colleague"], clinic.ids["nurse"]]
        body = {"members": [{"clinician_id": each} for each in chosen]}
        answer = clinic.admin.put(self.path(clinic), body, if_match=clinic.admin.etag(self.path(clinic)))
        members = {each["clinician_id"]: each["since"] for each in answer.json["members"]}
        assert members.keys() == {clinic.ids["nurse"], clinic.ids["colleague"]}
        assert members[clinic.ids["nurse"]] == before[clinic.ids["nurse"]]

    def test_another_organizations_clinician_cannot_join(self, clinic: Any) -> None:
        body = {
            "members": [{"clinician_id": clinic.ids["therapist"]}, {"clinician_id": clinic.ids["elsewhere.therapist"]}]
        }
        answer = clinic.admin.put(self.path(clinic), body, if_match="*")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/members/1/clinician_id")
        assert len(clinic.admin.read(self.path(clinic))["members"]) == 3

    def test_a_team_may_be_empty(self, clinic: Any) -> None:
        assert clinic.admin.put(self.path(clinic), {"members": []}, if_match="*").json["members"] == []
        assert clinic.therapist.read("/v1/patients")["items"] == []


def test_a_name_of_an_account_ends_where_it_seems_to(clinic: Any) -> None:
    answer = clinic.admin.post("/v1/patients", {"name": "Zoe", "username": "zoe\n"})
    assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, ["/username"])


def test_patients_know_people_by_name_and_not_by_what_they_sign_in_with(clinic: Any) -> None:
    path = f"/v1/clinicians/{clinic.ids['therapist']}"
    clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}")
    clinic.admin.read(f"/v1/patients/{clinic.ids['maya']}")
    for shown in (clinic.maya.read(path), *clinic.maya.read("/v1/clinicians")["items"]):
        assert shown["name"]
        assert shown["username"] is None
    assert clinic.admin.read(path)["username"] == "therapist"
    assert clinic.therapist.read("/v1/clinicians")["items"][0]["username"] is not None
    trail = clinic.maya.read("/v1/audit-events")["items"]
    assert {(each["actor_role"], each["actor_name"]) for each in trail if each["operation"] == "readPatient"} == {
        ("therapist", "Therapist"),
        ("admin", None),
    }
    assert {each["actor_name"] for each in trail if each["actor_role"] == "patient"} <= {"Maya"}
    told = clinic.admin.read("/v1/audit-events?limit=200")["items"]
    assert "admin" in {each["actor_name"] for each in told}
