"""A server's clock that was ahead for a while: nothing waits for the times that it set, once it is put right."""

from typing import Any

import pytest

from integration_api.events.jobs import dispatch_events


def told_of(receiver: Any) -> set[str]:
    return {each["data"]["record_id"] for each in receiver.bodies}


@pytest.mark.parametrize("hours", [1, 24])
def test_what_was_laid_out_by_it_is_sent(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any, hours: int
) -> None:
    told(types=["entry.created"])
    clock.turn(hours=hours)
    entries = {agreed.write(f"Number {each}.")["id"] for each in (1, 2)}
    with agreed.app.app_context():
        dispatch_events()  # which is as far as the worker came
    clock.turn(hours=-hours)
    work()
    assert told_of(receiver) == entries


def test_what_failed_meanwhile_holds_nothing_up(told: Any, agreed: Any, receiver: Any, work: Any, clock: Any) -> None:
    told(types=["entry.created"])
    clock.turn(days=1)
    first = agreed.write("Number 1.")["id"]
    receiver.answers = [(503, {"Retry-After": "3600"})]
    work()
    clock.turn(days=-1)
    receiver.got.clear()
    second = agreed.write("Number 2.")["id"]
    work()
    assert told_of(receiver) == {first, second}
