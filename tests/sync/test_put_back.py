"""A phone that is further than the server, whose database was put back from a copy."""

from collections.abc import Callable
from typing import Any

import pytest
from exchanges import delete, outcomes, put, sync
from rows import empty, everything, put_back


@pytest.fixture
def copied(clinic: Any) -> Callable[[], Callable[[], None]]:
    """Make a copy of the database; what is given puts it back."""

    def copy() -> Callable[[], None]:
        with clinic.app.app_context():
            rows = everything()

        def restore() -> None:
            with clinic.app.app_context():
                empty(clinic.app)
                put_back(rows)

        return restore

    return copy


def texts(answer: Any) -> dict[str, Any]:
    return {each["id"]: each["record"] and each["record"]["text"] for each in answer["changes"]}


def test_a_phone_that_synced_after_the_copy_is_told_what_comes_after_it_was_put_back(clinic: Any, copied: Any) -> None:
    entry, other = clinic.write("Before."), clinic.write("Also before.")
    token = sync(clinic.maya)["token"]
    restore = copied()
    lost = [put({"text": f"After, {number}."}) for number in range(5)]
    ahead = sync(clinic.maya, *lost, token=token)["token"]
    clinic.maya.patch(f"/v1/journal-entries/{entry['id']}", {"text": "Changed after."}, if_match="*")
    ahead = sync(clinic.maya, token=ahead)["token"]
    restore()
    new = clinic.write("From another phone.")
    clinic.maya.delete(f"/v1/journal-entries/{other['id']}", if_match="*")
    answer = sync(clinic.maya, token=ahead)
    assert texts(answer) == {entry["id"]: "Before.", new["id"]: "From another phone.", other["id"]: None}
    assert not {each["id"] for each in answer["changes"]} & {each["id"] for each in lost}  # the phone has them alone
    later = clinic.write("Later.")
    assert texts(sync(clinic.maya, token=answer["token"])) == {later["id"]: "Later."}


def test_it_is_told_also_once_the_server_has_as_many_changes_again(clinic: Any, copied: Any) -> None:
    token = sync(clinic.maya)["token"]
    restore = copied()
    ahead = sync(clinic.maya, put({"text": "After."}), token=token)["token"]
    restore()
    new = [clinic.write(f"From another phone, {number}.")["id"] for number in range(9)]
    assert set(texts(sync(clinic.maya, token=ahead))) == set(new)


def test_a_phone_that_began_after_the_copy_is_told_what_goes(clinic: Any, copied: Any) -> None:
    entries = [clinic.write(f"Before, {number}.")["id"] for number in range(3)]
    restore = copied()
    for number in range(3):
        clinic.write(f"After, {number}.")
    page = sync(clinic.maya, limit=1)
    assert page["has_more"]
    restore()
    clinic.maya.delete(f"/v1/journal-entries/{entries[0]}", if_match="*")
    assert texts(sync(clinic.maya, token=page["token"]))[entries[0]] is None


def test_a_phone_may_hand_in_anew_what_only_it_has(clinic: Any, copied: Any) -> None:
    token = sync(clinic.maya)["token"]
    restore = copied()
    lost = put({"text": "After.", "visibility": "care_team"})
    ahead = sync(clinic.maya, lost, token=token)["token"]
    restore()
    again = sync(clinic.maya, lost, token=ahead)
    assert outcomes(again) == ["applied"]
    assert clinic.therapist.read(f"/v1/journal-entries/{lost['id']}")["text"] == "After."
    assert outcomes(sync(clinic.maya, delete(lost["id"], 1), token=again["token"])) == ["applied"]
