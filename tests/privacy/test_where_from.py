"""From where somebody came: told to the clinic; to a patient not of who works there, who may be at home."""

from typing import Any

HERE = "127.0.0.1"


def origins(caller: Any) -> dict[str, set[str | None]]:
    """Give, by role, the addresses that the trail shows."""
    found: dict[str, set[str | None]] = {}
    for each in caller.read("/v1/audit-events?limit=200")["items"]:
        found.setdefault(each["actor_role"], set()).add(each["origin"])
    return found


def test_a_patient_is_not_told_from_where_clinicians_read(clinic: Any) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    clinic.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."})
    clinic.therapist.read(f"/v1/journal-entries/{entry}")
    clinic.admin.read(f"/v1/patients/{clinic.ids['maya']}")
    clinic.add_ehr().read(f"/v1/journal-entries/{entry}")
    assert origins(clinic.maya) == {"patient": {HERE}, "therapist": {None}, "admin": {None}, "system": {HERE}}
    theirs = origins(clinic.admin)
    assert {theirs[role] == {HERE} for role in ("patient", "therapist", "admin", "system")} == {True}


def test_nor_by_the_door_of_record_systems(clinic: Any) -> None:
    entry = clinic.write("I am afraid of dying.")["id"]
    clinic.therapist.read(f"/v1/journal-entries/{entry}")
    for who, shown in ((clinic.maya, False), (clinic.admin, True)):
        events = [each["resource"] for each in who.read("/fhir/R4/AuditEvent?_count=200")["entry"]]
        agents = {(each["agent"][0]["name"], "network" in each["agent"][0]) for each in events}
        assert {("patient", True), ("therapist", shown)} <= agents
        assert ("therapist", not shown) not in agents
