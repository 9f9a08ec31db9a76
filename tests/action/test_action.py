"""Intentions and commitments: whose they are, what they are about, and what the next entries say of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_api.wiring import Parts

SISTER = "Call my sister on Sundays."


@pytest.fixture
def later(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let days pass."""
    parts: Parts = clinic.app.extensions["parts"]

    def wait(days: float) -> str:
        at = parts.now() + timedelta(days=days)
        monkeypatch.setitem(clinic.app.extensions, "parts", Parts(parts.key_service, parts.load_tagger, lambda: at))
        return at.isoformat()

    return wait


def test_a_commitment_is_followed_through_what_is_written_after_it(clinic: Any, later: Any) -> None:
    clinic.write("My sister called again and I let it ring.", "2026-03-01T08:00:00Z")
    made = clinic.maya.create("/v1/commitments", {"text": SISTER, "visibility": "care_team"})
    assert (made["entries_since"], made["passages"], made["is_stalled"]) == (0, [], False)
    assert "family" in made["themes"]
    at = later(3)
    entry = clinic.write("Rain all day. Called my sister, and we both cried.", at)
    clinic.write("Slept badly.", at)
    followed = clinic.therapist.read(f"/v1/commitments/{made['id']}")
    assert followed["entries_since"] == 2
    (passage,) = followed["passages"]
    assert passage["quote"] == "Called my sister, and we both cried."
    assert (passage["document_id"], passage["start"]) == (entry["id"], 14)
    assert followed["last_spoken_of"] == passage["written_at"]


def test_what_is_denied_does_not_come_back_to_it(clinic: Any, later: Any) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": "Sit with the fear of dying.", "themes": ["mortality"]})
    at = later(3)
    for text in ("I am not afraid of dying.", "I am afraid of dying."):
        clinic.write(text, at)
    followed = clinic.maya.read(f"/v1/commitments/{made['id']}")
    assert [each["quote"] for each in followed["passages"]] == ["I am afraid of dying."]


def test_it_stalls_when_nothing_is_said_for_two_weeks_or_its_day_is_past_and_not_when_it_is_kept(
    clinic: Any, later: Any
) -> None:
    quiet = clinic.maya.create("/v1/commitments", {"text": SISTER})["id"]
    due = clinic.maya.create("/v1/commitments", {"text": SISTER, "due_on": "2026-01-05"})
    assert due["is_stalled"]
    path = f"/v1/commitments/{due['id']}"
    kept = clinic.maya.patch(path, {"status": "kept"}, if_match=clinic.maya.etag(path)).json
    assert (kept["status"], kept["is_stalled"]) == ("kept", False)
    assert kept["status_at"] is not None
    assert not clinic.maya.read(f"/v1/commitments/{quiet}")["is_stalled"]
    later(15)
    assert clinic.maya.read(f"/v1/commitments/{quiet}")["is_stalled"]
    assert [each["id"] for each in clinic.maya.read("/v1/commitments?status=kept")["items"]] == [due["id"]]


def test_what_a_phone_wrote_far_ahead_keeps_none_from_going_quiet(clinic: Any, later: Any) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": SISTER, "visibility": "care_team"})
    path, far = f"/v1/commitments/{made['id']}", "2040-01-01T10:00:00Z"
    arrived = clinic.write("Called my sister, and we both cried.", far)["created_at"]
    clinic.write("Called my sister again, about the dog.", later(1))
    found = clinic.therapist.read(path)
    quotes = [each["quote"] for each in found["passages"]]
    assert quotes == ["Called my sister, and we both cried.", "Called my sister again, about the dog."]
    assert found["passages"][0]["written_at"] == far  # as the patient's phone said it
    later(14)
    assert not clinic.therapist.read(path)["is_stalled"]
    (told,) = (each for each in clinic.maya.read("/v1/me/reminders")["items"] if each["kind"] == "commitment")
    assert told["due_at"] < later(16)
    found = clinic.therapist.read(path)
    assert found["is_stalled"]
    assert arrived < found["last_spoken_of"] < far


@pytest.mark.parametrize("status", ["kept", "let_go"])
def test_one_that_is_kept_or_let_go_is_in_the_brief_no_more(clinic: Any, later: Any, status: str) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": SISTER, "visibility": "care_team"})
    clinic.write("I called my sister.", later(1))
    brief, found = f"/v1/patients/{clinic.ids['maya']}/brief", []
    for word in ("open", status):
        clinic.maya.patch(f"/v1/commitments/{made['id']}", {"status": word}, if_match="*")
        told = clinic.therapist.read(brief)
        found.append(("commitment" in {each["kind"] for each in told["lines"]}, len(told["commitments"])))
    assert found == [(True, 1), (False, 0)]


def test_its_day_is_past_when_it_is_where_the_patient_is(clinic: Any, set_clock: Callable[..., datetime]) -> None:
    set_clock(days=10)  # in the morning of the 12th of March in Los Angeles
    settings = "/v1/me/reminder-settings"
    clinic.maya.patch(settings, {"timezone": "America/Los_Angeles"}, if_match=clinic.maya.etag(settings))
    body = {"text": SISTER, "due_on": "2026-03-12", "visibility": "care_team"}
    path = f"/v1/commitments/{clinic.maya.create('/v1/commitments', body)['id']}"
    seen = []
    for hours in (10, 15.9, 16.1):  # six in the evening, and around midnight
        set_clock(days=10, hours=hours)
        seen += [(clinic.maya.read(path)["is_stalled"], clinic.therapist.read(path)["is_stalled"])]
    assert seen == [(False, False), (False, False), (True, True)]


def test_a_patients_own_is_private_until_shared_and_a_clinicians_is_the_teams(clinic: Any) -> None:
    mine = clinic.maya.create("/v1/intentions", {"text": "To let it be."})
    assert mine["visibility"] == "private"
    path = f"/v1/intentions/{mine['id']}"
    assert clinic.therapist.get(path).status_code == 404
    assert clinic.therapist.read("/v1/intentions")["items"] == []
    clinic.maya.patch(path, {"visibility": "care_team"}, if_match="*")
    assert clinic.therapist.get(path).status_code == 200
    clinic.maya.create("/v1/me/consents", {"purpose": "care_team", "is_granted": False, "wording": "As shown."})
    assert clinic.therapist.get(path).status_code == 404
    body = {"patient_id": clinic.ids["maya"], "text": "To meet him."}
    theirs = clinic.therapist.create("/v1/intentions", body)
    assert theirs["visibility"] == "care_team"
    assert clinic.maya.get(f"/v1/intentions/{theirs['id']}").status_code == 200
    assert clinic.therapist.post("/v1/intentions", body | {"visibility": "private"}).status_code == 422
    assert clinic.caller("colleague").post("/v1/intentions", body).status_code == 422


@pytest.mark.parametrize("kind", ["intentions", "commitments"])
def test_a_patients_words_are_changed_by_no_clinician(clinic: Any, kind: str) -> None:
    path = f"/v1/{kind}/{clinic.maya.create(f'/v1/{kind}', {'text': SISTER, 'visibility': 'care_team'})['id']}"
    changed = clinic.therapist.patch(path, {"text": "Stop drinking."}, if_match="*")
    assert (changed.status_code, clinic.maya.read(path)["text"]) == (403, SISTER)
    assert clinic.therapist.patch(path, {"themes": ["family"]}, if_match="*").status_code == 200
    theirs = {"text": "Walk.", "patient_id": clinic.ids["maya"]}
    path = f"/v1/{kind}/{clinic.therapist.create(f'/v1/{kind}', theirs)['id']}"
    for who, status in (("nurse", 403), ("therapist", 200), ("maya", 200)):
        assert clinic.caller(who).patch(path, {"text": f"Walk with {who}."}, if_match="*").status_code == status


def test_what_a_patient_makes_private_is_shared_again_by_the_patient_alone(clinic: Any) -> None:
    body = {"text": "Walk daily.", "patient_id": clinic.ids["maya"]}
    path = f"/v1/commitments/{clinic.therapist.create('/v1/commitments', body)['id']}"
    assert clinic.maya.patch(path, {"visibility": "private"}, if_match="*").status_code == 200
    assert clinic.therapist.patch(path, {"status": "kept"}, if_match="*").json["status"] == "kept"
    shared = clinic.therapist.patch(path, {"visibility": "care_team"}, if_match="*")
    assert (shared.status_code, shared.json["errors"][0]["pointer"]) == (422, "/visibility")
    assert clinic.maya.read(path)["visibility"] == "private"
    assert clinic.caller("nurse").get(path).status_code == 404


def test_passages_are_those_that_the_reader_may_read(clinic: Any, later: Any) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": SISTER, "visibility": "care_team"})["id"]
    at = later(1)
    clinic.write("Called my sister, told nobody.", at, visibility="private")
    assert len(clinic.maya.read(f"/v1/commitments/{made}")["passages"]) == 1
    seen = clinic.therapist.read(f"/v1/commitments/{made}")
    assert (seen["passages"], seen["entries_since"]) == ([], 0)


def test_a_commitment_may_come_of_an_intention_of_the_same_patient(clinic: Any) -> None:
    mine = clinic.maya.create("/v1/intentions", {"text": "To let it be."})["id"]
    made = clinic.maya.create("/v1/commitments", {"text": SISTER, "intention_id": mine})
    assert made["intention_id"] == mine
    theirs = clinic.tom.create("/v1/intentions", {"text": "Mine."})["id"]
    assert clinic.maya.post("/v1/commitments", {"text": SISTER, "intention_id": theirs}).status_code == 422
    clinic.maya.delete(f"/v1/intentions/{mine}", if_match="*")
    assert clinic.maya.read(f"/v1/commitments/{made['id']}")["intention_id"] is None


def test_a_commitment_comes_of_no_other_patients_intention_also_where_one_cares_for_both(clinic: Any) -> None:
    path = f"/v1/patients/{clinic.ids['tom']}/care-team"
    body = {"members": [{"clinician_id": clinic.ids["therapist"]}]}
    assert clinic.admin.put(path, body, if_match="*").status_code == 200
    toms = clinic.therapist.create("/v1/intentions", {"patient_id": clinic.ids["tom"], "text": "To rest."})["id"]
    body = {"patient_id": clinic.ids["maya"], "text": SISTER, "intention_id": toms}
    answer = clinic.therapist.post("/v1/commitments", body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/intention_id")


def test_a_commitment_is_changed_by_who_may_not_read_what_it_came_of(clinic: Any) -> None:
    hidden = clinic.maya.create("/v1/intentions", {"text": "To let it be."})["id"]
    shared = clinic.maya.create("/v1/intentions", {"text": "To rest.", "visibility": "care_team"})["id"]
    body = {"text": SISTER, "visibility": "care_team", "intention_id": hidden}
    hers = clinic.maya.create("/v1/commitments", body)["id"]
    body = {"text": "Rest on Sundays.", "patient_id": clinic.ids["maya"], "intention_id": shared}
    theirs = clinic.therapist.create("/v1/commitments", body)["id"]
    clinic.maya.patch(f"/v1/intentions/{shared}", {"visibility": "private"}, if_match="*")
    for commitment, came_of in ((hers, hidden), (theirs, shared)):
        path = f"/v1/commitments/{commitment}"
        kept = clinic.therapist.patch(path, {"status": "kept"}, if_match=clinic.therapist.etag(path))
        assert (kept.status_code, kept.json["status"], kept.json["intention_id"]) == (200, "kept", came_of)
    again = clinic.therapist.patch(f"/v1/commitments/{hers}", {"intention_id": shared}, if_match="*")
    assert (again.status_code, again.json["errors"][0]["pointer"]) == (422, "/intention_id")


def test_new_words_are_looked_at_anew_and_given_themes_stay(clinic: Any) -> None:
    made = clinic.maya.create("/v1/commitments", {"text": "Sleep eight hours, I can't sleep at all."})
    assert made["themes"] == ["sleep"]
    path = f"/v1/commitments/{made['id']}"
    words = "Forgive my father, I miss him."
    changed = clinic.maya.patch(path, {"text": words}, if_match="*")
    assert (changed.status_code, changed.json["text"]) == (200, words)
    assert changed.json["themes"] == clinic.maya.create("/v1/commitments", {"text": words})["themes"]
    assert "grief" in changed.json["themes"]
    given = clinic.maya.create("/v1/commitments", {"text": SISTER, "themes": ["grief", "grief"]})
    assert given["themes"] == ["grief"]
    path = f"/v1/commitments/{given['id']}"
    assert clinic.maya.patch(path, {"status": "kept"}, if_match="*").json["themes"] == ["grief"]
    again = clinic.maya.patch(path, {"text": words, "themes": ["family"]}, if_match="*")
    assert again.json["themes"] == ["family"]


@pytest.mark.parametrize("kind", ["intentions", "commitments"])
def test_a_theme_that_there_is_not_is_refused_and_one_that_stands_there_stays(clinic: Any, kind: str) -> None:
    own = {"theme": "our_mountain", "label": "The mountain", "facet": "meaning", "definition": "The climb."}
    clinic.admin.create("/v1/themes", own | {"phrases": ["my mountain"]})
    body = {"text": SISTER, "themes": ["family", "our_mountain"], "visibility": "care_team"}
    key = {"idempotency_key": "before"}
    made = clinic.maya.create(f"/v1/{kind}", body, **key)
    assert made["themes"] == body["themes"]
    path = f"/v1/{kind}/{made['id']}"
    refused = [clinic.maya.patch(path, {"themes": ["famly"]}, if_match="*")]
    assert clinic.admin.delete("/v1/themes/our_mountain", if_match="*").status_code == 204
    refused += [clinic.maya.post(f"/v1/{kind}", body)]
    for each in refused:
        assert (each.status_code, each.json["errors"][0]["pointer"]) == (422, "/themes")
        assert each.json["errors"][0]["detail"] == "There is no such theme."
    assert clinic.maya.create(f"/v1/{kind}", body, **key)["id"] == made["id"]
    for patch in ({"visibility": "private"}, {"themes": ["our_mountain", "grief"]}):
        assert clinic.maya.patch(path, patch, if_match="*").status_code == 200, patch
    assert clinic.maya.read(path)["themes"] == ["our_mountain", "grief"]


def test_a_tagger_that_fails_holds_nothing_up(clinic: Any, broken_tagger: Any) -> None:
    with broken_tagger():
        made = clinic.maya.create("/v1/commitments", {"text": SISTER})
    assert (made["text"], made["themes"]) == (SISTER, [])


@pytest.mark.parametrize(
    "body",
    [{}, {"text": " "}, {"text": "x" * 1001}, {"text": "ok", "status": "done"}, {"text": "ok", "due_on": "soon"}],
)
def test_bad_input_is_told(clinic: Any, body: dict[str, Any]) -> None:
    assert clinic.maya.post("/v1/commitments", body).status_code == 422


@pytest.mark.parametrize("kind", ["intentions", "commitments"])
def test_after_one_about_death_the_prompts_are_for_grounding_and_say_where_help_is(clinic: Any, kind: str) -> None:
    path = f"/v1/{kind}"
    body = {"text": "Call the crisis line when I want to kill myself.", "patient_id": clinic.ids["maya"]}
    clinic.therapist.create(path, body)
    clinic.maya.create(path, {"text": "Walk by the sea."})
    assert clinic.maya.read("/v1/prompts")["support"] is None
    made = clinic.maya.create(path, {"text": "I will kill myself on Sunday."})["id"]
    offered = clinic.maya.read("/v1/prompts")
    assert "no crisis service" in offered["support"]["message"]
    assert {each["gentleness"] for each in offered["items"]} == {"grounding"}
    clinic.maya.delete(f"{path}/{made}", if_match="*")
    assert clinic.maya.read("/v1/prompts")["support"] is None


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-02", "9999-12-31"])
def test_a_day_in_no_ones_time_is_refused(clinic: Any, day: str) -> None:
    answer = clinic.maya.post("/v1/commitments", {"text": SISTER, "due_on": day})
    assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, ["/due_on"])
    assert clinic.maya.create("/v1/commitments", {"text": SISTER, "due_on": "2200-01-01"})["due_on"] == "2200-01-01"
