"""What is written for oneself stays so, whichever device shares the entry meanwhile."""

from typing import Any

import pytest
from exchanges import outcomes, put, sync

ENTRIES = "/v1/journal-entries"


def test_private_wins_also_where_it_was_private_before(clinic: Any) -> None:
    entry = clinic.write("One.", visibility="private")
    clinic.maya.patch(f"{ENTRIES}/{entry['id']}", {"visibility": "care_team"}, if_match="*")
    (result,) = sync(clinic.maya, put({"visibility": "private"}, 1, id=entry["id"]))["results"]
    assert (result["outcome"], result["record"]["visibility"]) == ("applied", "private")
    assert clinic.therapist.get(f"{ENTRIES}/{entry['id']}").status_code == 404


@pytest.mark.parametrize(
    ("before", "elsewhere"),
    [
        ({"visibility": "private"}, {"visibility": "care_team"}),
        ({"visibility": "care_team", "is_draft": True}, {"is_draft": False}),
    ],
)
def test_words_written_for_oneself_are_not_shared_by_a_merge(
    clinic: Any, before: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    """What a phone adds while an entry is its writer's alone stays so, though another device has shared it since."""
    first = put({"text": "The sea again."} | before)
    sync(clinic.maya, first)
    path = f"{ENTRIES}/{first['id']}"
    clinic.maya.patch(path, elsewhere, if_match="*")
    late = put({"text": "The sea again. Nobody must know this."}, 1, id=first["id"])
    (result,) = sync(clinic.maya, late)["results"]
    assert clinic.therapist.read(path)["text"] == "The sea again."
    assert (result["outcome"], [each["text"] for each in result["record"]["conflicts"]]) == (
        "conflict",
        ["The sea again. Nobody must know this."],
    )
    assert clinic.therapist.read(path)["conflicts"] == []
    # Who says on the phone, too, that it is to be read, or that it is not, has said so of the new words.
    shared = put({"text": "The sea, once more."} | elsewhere, 1, id=first["id"])
    assert outcomes(sync(clinic.maya, shared)) == ["applied"]
    assert clinic.therapist.read(path)["text"] == "The sea, once more."


@pytest.mark.parametrize(("kind", "path"), [("journal_entry", ENTRIES), ("intention", "/v1/intentions")])
def test_words_for_what_is_gone_come_back_to_their_writer_alone(clinic: Any, kind: str, path: str) -> None:
    """They were for something that was shared; whether they are to be on their own, nobody has said."""
    first = put({"text": "To rest.", "visibility": "care_team"}, kind=kind)
    sync(clinic.maya, first)
    assert clinic.maya.delete(f"{path}/{first['id']}", if_match="*").status_code == 204
    late = put({"text": "To rest, and to swim.", "visibility": "care_team"}, 1, kind=kind, id=first["id"])
    (result,) = sync(clinic.maya, late)["results"]
    kept = clinic.maya.read(f"{path}/{result['recovered_id']}")
    assert (result["outcome"], kept["text"], kept["visibility"]) == ("gone", "To rest, and to swim.", "private")
    assert clinic.therapist.get(f"{path}/{kept['id']}").status_code == 404


def test_a_late_word_that_a_finished_one_is_a_draft_loses_no_words(clinic: Any) -> None:
    entry = clinic.write("One.")
    assert clinic.maya.patch(f"{ENTRIES}/{entry['id']}", {"mood": {"valence": 2}}, if_match="*").status_code == 200
    (result,) = sync(clinic.maya, put({"text": "Two.", "is_draft": True}, 1, id=entry["id"]))["results"]
    assert (result["outcome"], result["record"]["is_draft"]) == ("conflict", False)  # a draft's are not shared by it
    assert [each["text"] for each in result["record"]["conflicts"]] == ["Two."]
