"""Receivers that answer oddly or fail: that holds up nobody's messages but their own, and nothing is sent twice."""

from typing import Any

import pytest

ODD = (
    "Mon, 01 Jan 99999999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "soon",
    "",
)


@pytest.mark.parametrize("told", ODD)
def test_a_time_to_wait_that_no_clock_holds_is_none(
    told: str, receiver: Any, agreed: Any, work: Any, clock: Any
) -> None:
    for name in ("first", "second"):
        agreed.admin.create("/v1/webhooks", {"name": name, "url": receiver.address, "types": ["entry.created"]})
    agreed.write("I miss my father.")
    receiver.answers = [(503, {"Retry-After": told})]
    work()
    assert len(receiver.got) == 2  # each of the two once
    clock.turn(hours=25)  # longer than anybody may ask for
    work()
    work()
    assert len(receiver.got) == 3  # again where it was not taken, and nowhere else
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(set(ids)) == 1
    for each in agreed.admin.read("/v1/webhooks")["items"]:
        (became,) = agreed.admin.read(f"/v1/webhooks/{each['id']}/deliveries")["items"]
        assert became["state"] == "delivered"


def test_one_that_fails_now_and_then_is_not_disabled(
    told: Any, receiver: Any, agreed: Any, work: Any, clock: Any
) -> None:
    hook = f"/v1/webhooks/{told(types=['entry.created'])['id']}"
    for number in range(2):  # six days lie between the two, and a success
        agreed.write(f"Number {number}.")
        receiver.answers = [(500, {})]
        work()
        state = agreed.admin.read(hook)
        assert (state["state"], state["failures"], state["failing_since"] is None) == ("active", 1, False)
        clock.turn(minutes=1)
        work()
        state = agreed.admin.read(hook)
        assert (state["failures"], state["failing_since"]) == (0, None)
        clock.turn(days=6)


def test_what_is_replayed_has_all_its_tries_again(told: Any, receiver: Any, agreed: Any, work: Any, clock: Any) -> None:
    hook = f"/v1/webhooks/{told(types=['entry.created'])['id']}"
    agreed.write("One.")
    receiver.answer = lambda _: 500
    for _ in range(12):
        work()
        clock.turn(hours=9)
    (dead,) = agreed.admin.read(f"{hook}/deliveries?state=dead")["items"]
    assert agreed.admin.post(f"{hook}/deliveries/{dead['id']}/replay", {}).status_code == 200
    work()
    assert len(receiver.got) == 13
    assert agreed.admin.read(f"{hook}/deliveries")["items"][0]["state"] == "waiting"


def test_one_that_an_admin_makes_active_again_rests_no_longer(
    told: Any, receiver: Any, agreed: Any, work: Any, clock: Any
) -> None:
    hook = f"/v1/webhooks/{told(types=['entry.created'])['id']}"
    agreed.write("One.")
    receiver.answers = [(503, {"Retry-After": "7200"})]
    work()
    clock.turn(minutes=1)
    work()
    assert len(receiver.got) == 1
    for state in ("paused", "active"):
        assert agreed.admin.patch(hook, {"state": state}, if_match="*").status_code == 200
    fresh = agreed.admin.read(hook)
    assert (fresh["failures"], fresh["failing_since"], fresh["rests_until"]) == (0, None, None)
    work()
    assert len(receiver.got) == 2
