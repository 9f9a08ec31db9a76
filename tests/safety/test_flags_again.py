"""An act upon a flag that is sent again, since its answer was lost on the way; one whose taker has left."""

from typing import Any

import pytest

FLAGS = "/v1/safety-flags"
WISH = "I wish I were dead."
WAYS = [
    ("acknowledge",),
    ("acknowledge", "resolve"),
    ("acknowledge", "resolve", "reopen"),
]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_again_is_answered_as_the_first(clinic: Any, flags_of: Any, act: Any, way: tuple[str, ...]) -> None:
    clinic.write(WISH)
    (flag,) = flags_of()
    for step in way:
        first = act(flag, step, {"note": "I am calling her."})
    assert act(flag, way[-1], {"note": "I am calling her."}) == first
    assert flags_of() == [first]  # nothing was done twice


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("who", "note"), [("nurse", "I am calling her."), ("therapist", "Somebody else is.")])
def test_anothers_or_another_word_is_not(
    clinic: Any, flags_of: Any, act: Any, way: tuple[str, ...], who: str, note: str
) -> None:
    clinic.write(WISH)
    (flag,) = flags_of()
    for step in way:
        act(flag, step, {"note": "I am calling her."})
    assert clinic.caller(who).post(f"{FLAGS}/{flag['id']}/{way[-1]}", {"note": note}).status_code == 409


def test_one_that_has_moved_on_is_not_as_it_was(clinic: Any, flags_of: Any, act: Any) -> None:
    entry = clinic.write(WISH)
    (flag,) = flags_of()
    for step in ("acknowledge", "resolve"):
        act(flag, step, {"note": "N."})
    assert clinic.therapist.post(f"{FLAGS}/{flag['id']}/acknowledge", {"note": "N."}).status_code == 409
    act(flag, "reopen", {"note": "N."})
    assert act(flag, "acknowledge", {"note": "N."})["status"] == "acknowledged"
    clinic.maya.delete(f"/v1/journal-entries/{entry['id']}", if_match="*")
    again = clinic.therapist.post(f"{FLAGS}/{flag['id']}/acknowledge", {"note": "N."})
    assert again.status_code in (404, 409)


def test_one_that_waits_again_after_an_escalation_is_escalated_again(
    clinic: Any, flags_of: Any, act: Any, later: Any, history: Any
) -> None:
    clinic.write(WISH)
    later(61)
    act(flags_of()[0], "acknowledge", who="nurse")
    path = f"/v1/patients/{clinic.ids['maya']}/care-team"
    body = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
    assert clinic.admin.put(path, body, if_match="*").status_code == 200
    assert flags_of()[0]["escalated_at"] is None
    later(61)
    assert history(flags_of()[0]) == ["raised", "escalated", "acknowledged", "reopened", "escalated"]


@pytest.mark.parametrize("way", [(), ("acknowledge", "resolve", "reopen")])
def test_a_flag_of_a_clock_that_was_a_day_ahead_comes_before_the_team_at_once(
    clinic: Any, flags_of: Any, act: Any, later: Any, way: tuple[str, ...]
) -> None:
    later(24 * 60)
    clinic.write(WISH)
    (flag,) = flags_of()
    for step in way:
        act(flag, step, {"note": "I am calling her."})
    assert flags_of()[0]["escalated_at"] is None
    later(-24 * 60)  # nobody knows since when it waits: it was to be escalated in 25 hours
    assert flags_of()[0]["escalated_at"] is not None


def test_clocks_that_differ_by_minutes_escalate_nothing_early(clinic: Any, flags_of: Any, later: Any) -> None:
    later(5)
    clinic.write(WISH)
    later(-5)
    assert flags_of()[0]["escalated_at"] is None
