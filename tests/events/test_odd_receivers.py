"""Receivers that answer oddly: what they say holds up nobody's messages but their own, and has nothing sent twice."""

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
