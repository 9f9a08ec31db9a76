"""What is kept of a Subscription cannot stop the worker, whatever its system asks for or an admin says."""

from typing import Any
from uuid import UUID

import pytest
from subscribing import BACKPORT, asked, filtered, status_in, subscribe

from integration_api.db import unit_of_work
from integration_api.people.leaving import switch_off_by_name
from models import Webhook, now


def test_an_admin_cannot_have_a_subscription_told_what_fhir_has_no_words_for(
    ehr: Any, agreed: Any, receiver: Any, work: Any
) -> None:
    """Else the first such event would stand before all others of all clinics, and none would ever go out."""
    made = subscribe(ehr, filtered(asked(receiver.address), "DocumentReference")).json["id"]
    hook = f"/v1/webhooks/{made}"
    work()
    for change in (
        {"types": None},
        {"types": ["consent.changed"]},
        {"patient_ids": [agreed.ids["maya"]]},
        {"clinician_id": agreed.ids["therapist"]},
    ):
        refused = agreed.admin.patch(hook, change, if_match="*")
        (name,) = change
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, f"/{name}"), change
    assert agreed.admin.patch(hook, {"name": "The EHR's"}, if_match="*").status_code == 200
    for state in ("paused", "active"):
        assert agreed.admin.patch(hook, {"state": state}, if_match="*").status_code == 200
    agreed.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Again."})
    agreed.write("I miss my father.")
    work()
    kinds = [status_in(each)["type"] for each in receiver.bodies]
    assert kinds == ["handshake-notification", "event-notification"]


def test_who_never_took_the_handshake_is_not_told_by_way_of_an_admin(
    ehr: Any, agreed: Any, receiver: Any, work: Any
) -> None:
    """Whoever answers there may know nothing of it, and would be told of people's visits."""
    receiver.answers.append((404, {}))
    made = subscribe(ehr, asked(receiver.address)).json["id"]
    for state in ("paused", "active"):
        refused = agreed.admin.patch(f"/v1/webhooks/{made}", {"state": state}, if_match="*")
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/state"), state
    work()
    assert ehr.call("GET", f"/fhir/R4/Subscription/{made}").json["status"] == "requested"


def test_an_event_that_no_notification_can_be_written_of_holds_nobody_up(
    ehr: Any, agreed: Any, receiver: Any, work: Any
) -> None:
    """Such as of a Subscription that an admin had told to hear everything, while that was taken."""
    made = subscribe(ehr, asked(receiver.address)).json["id"]
    work()
    with agreed.app.app_context(), unit_of_work() as db_session:
        db_session.get_one(Webhook, UUID(made)).types = None
    agreed.admin.create("/v1/webhooks", {"name": "Pager", "url": receiver.address, "types": ["entry.created"]})
    agreed.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Again."})
    agreed.write("I miss my father.")
    work()
    (plain,) = [each for each in receiver.bodies if "type" in each and each["type"] != "history"]
    assert plain["type"] == "entry.created"
    became = agreed.admin.read(f"/v1/webhooks/{made}/deliveries")["items"]
    assert sorted((each["state"], each["reason"]) for each in became) == [
        ("delivered", None),
        ("delivered", None),
        ("dropped", "not_shared"),
    ]


def test_a_heartbeat_that_never_comes_holds_nobody_elses_up(
    ehr: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    def beating(seconds: int) -> Any:
        every = {"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": seconds}
        return subscribe(ehr, asked(receiver.address, extension=[every]))

    for seconds in (59, 2**31, 10**15):  # FHIR's unsignedInt ends at 2^31 - 1
        refused = beating(seconds)
        assert (refused.status_code, refused.json["issue"][0]["expression"]) == (422, ["/channel/extension"]), seconds
    longest = beating(2**31 - 1).json["id"]
    with agreed.app.app_context(), unit_of_work() as db_session:  # as they were taken before
        kept = db_session.get_one(Webhook, UUID(longest))
        kept.channel = {**(kept.channel or {}), "heartbeat": 10**15}
    assert beating(60).status_code == 201
    work()
    clock.turn(seconds=61)
    work()
    assert [status_in(each)["type"] for each in receiver.bodies].count("heartbeat-notification") == 1


def test_a_reason_that_no_text_can_hold_is_kept_as_far_as_it_goes(ehr: Any, receiver: Any) -> None:
    made = subscribe(ehr, {**asked(receiver.address), "reason": "Inbox \ud800 of the EHR"})
    assert (made.status_code, made.json["reason"]) == (201, "Inbox ? of the EHR")


@pytest.mark.parametrize("has_failed", [False, True])
def test_one_that_has_ended_stays_so_whatever_an_admin_says(
    ehr: Any, agreed: Any, receiver: Any, work: Any, *, has_failed: bool
) -> None:
    """Whoever asked for it is gone, so that nobody could take it down again; one that had failed ends as well."""
    made = subscribe(ehr, asked(receiver.address)).json["id"]
    work()
    with agreed.app.app_context(), unit_of_work(everywhere=True) as db_session:
        if has_failed:
            db_session.get_one(Webhook, UUID(made)).state = "disabled"
            db_session.flush()
        switch_off_by_name(db_session, "ehr", now())
    path = f"/v1/webhooks/{made}"
    refused = agreed.admin.patch(path, {"state": "active"}, if_match="*")
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/state")
    assert agreed.admin.patch(path, {"name": "The old one"}, if_match="*").json["state_reason"] == "ended"
    agreed.write("I miss my father.")
    work()
    assert [status_in(each)["type"] for each in receiver.bodies] == ["handshake-notification"]
