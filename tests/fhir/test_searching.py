"""What search parameters mean: stretches of time, words with escaped signs, times at the edge of the calendar."""

from typing import Any


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
