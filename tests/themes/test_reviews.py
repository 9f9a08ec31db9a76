"""What clinicians say of mentions, and what follows from it."""

from typing import Any

import pytest
from waiting import is_free_meanwhile

FEAR = "I am afraid of dying."
SPOKEN_OF = ("mortality", "anxiety")  # whatever else the tagger may find in these words is not at issue


@pytest.fixture
def mention(clinic: Any) -> str:
    return f"/v1/mentions/{clinic.write(FEAR)['themes'][0]['id']}"


def counted(clinic: Any) -> list[tuple[str, int]]:
    found = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/themes")["items"]
    return [(each["theme"], sum(each["by_source"].values())) for each in found if each["theme"] in SPOKEN_OF]


def themes_of(entry: Any) -> list[str]:
    return [each["theme"] for each in entry["themes"] if each["theme"] in SPOKEN_OF]


def review(clinic: Any, mention: str, who: str = "therapist", **body: Any) -> Any:
    return clinic.caller(who).post(f"{mention}/review", body)


def test_a_rejected_mention_no_longer_counts(clinic: Any, mention: str) -> None:
    assert counted(clinic) == [("mortality", 1)]
    assert review(clinic, mention, verdict="rejected").json["review"] == "rejected"
    assert counted(clinic) == []
    assert review(clinic, mention, verdict="confirmed").json["review"] == "confirmed"
    assert counted(clinic) == [("mortality", 1)]


def test_a_correction_changes_what_counts(clinic: Any, mention: str) -> None:
    answer = review(clinic, mention, verdict="corrected", theme="anxiety").json
    assert (answer["theme"], answer["facet"], answer["source"]) == ("anxiety", "emotion", "clinician")
    assert counted(clinic) == [("anxiety", 1)]
    review(clinic, mention, verdict="corrected", assertion="historical")
    assert counted(clinic) == []


def test_what_was_said_can_be_withdrawn(clinic: Any, mention: str) -> None:
    before = clinic.therapist.read(mention)
    review(clinic, mention, verdict="corrected", theme="anxiety", assertion="negated")
    review(clinic, mention, "nurse", verdict="rejected")
    answer = review(clinic, mention, verdict="withdrawn").json
    for name in ("theme", "assertion", "source", "review"):
        assert answer[name] == before[name]
    assert [each["verdict"] for each in answer["reviews"]] == ["corrected", "rejected", "withdrawn"]
    assert review(clinic, mention, verdict="withdrawn").status_code == 409


@pytest.mark.parametrize("corrected", [{"theme": "harm_by_others"}, {"theme": "grief"}, {"assertion": "negated"}])
def test_how_far_suicidality_goes_is_told_of_nothing_else(clinic: Any, corrected: dict[str, str]) -> None:
    """Nor of what is denied; and it is told again when the correction is withdrawn."""
    (mention,) = [m for m in clinic.write("I plan to hang myself tonight.")["themes"] if m["theme"] == "suicidality"]
    path, patient = f"/v1/mentions/{mention['id']}", clinic.ids["maya"]
    assert review(clinic, path, verdict="corrected", **corrected).json["severity"] is None
    told = clinic.therapist.read(f"/v1/patients/{patient}/brief?since=2026-03-01T00:00:00Z")
    flags = clinic.therapist.read("/v1/safety-flags?routed=any&status=open")["items"]
    assert {each["severity"] for each in (*told["lines"], *flags)} <= {None}
    assert review(clinic, path, verdict="withdrawn").json["severity"] == mention["severity"] == "plan"
    (flag,) = clinic.therapist.read("/v1/safety-flags?routed=any&status=open")["items"]
    assert (flag["theme"], flag["severity"]) == ("suicidality", "plan")


def test_the_same_word_twice_is_one_word(clinic: Any, mention: str) -> None:
    for _ in range(2):
        answer = review(clinic, mention, verdict="confirmed").json
    assert len(answer["reviews"]) == 1


def test_a_review_waits_for_its_document_with_nothing_in_its_hands(clinic: Any, mention: str) -> None:
    """Whoever saves a session or tags a document anew holds the document, and then wants its mentions."""
    review(clinic, mention, verdict="confirmed")
    (document,) = (each["id"] for each in clinic.therapist.read("/v1/journal-entries")["items"])
    rows = ("documents", "id", document), ("mentions", "id", mention.removeprefix("/v1/mentions/"))
    caller = clinic.therapist
    is_free, answer = is_free_meanwhile(
        clinic.app, *rows, lambda: caller.post(f"{mention}/review", {"verdict": "rejected"})
    )
    assert (is_free, answer.status_code, answer.json["review"]) == (True, 200, "rejected")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/verdict"),
        ({"verdict": "maybe"}, "/verdict"),
        ({"verdict": "corrected"}, ""),
        ({"verdict": "corrected", "theme": "tax_returns"}, "/theme"),
        ({"verdict": "confirmed", "theme": "grief"}, "/theme"),
        ({"verdict": "rejected", "assertion": "negated"}, "/assertion"),
    ],
)
def test_a_review_that_says_nothing_clear_is_refused(clinic: Any, mention: str, body: Any, pointer: str) -> None:
    answer = review(clinic, mention, **body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert clinic.therapist.read(mention)["reviews"] == []


class TestEdits:
    """A review belongs to its words, not to the document."""

    def change(self, clinic: Any, text: str) -> Any:
        (entry,) = clinic.maya.read("/v1/journal-entries")["items"]
        path = f"/v1/journal-entries/{entry['id']}"
        return clinic.maya.patch(path, {"text": text}, if_match=clinic.maya.etag(path)).json

    def test_a_rejected_mention_stays_rejected_when_words_come_before_it(self, clinic: Any, mention: str) -> None:
        review(clinic, mention, verdict="rejected")
        changed = self.change(clinic, f"Slow morning. {FEAR}")
        (found,) = [each for each in changed["themes"] if each["theme"] == "mortality"]
        assert (found["review"], found["quote"]) == ("rejected", changed["text"][found["start"] : found["end"]])
        assert f"/v1/mentions/{found['id']}" == mention
        assert counted(clinic) == []

    def test_it_goes_with_its_words(self, clinic: Any, mention: str) -> None:
        review(clinic, mention, verdict="confirmed")
        assert themes_of(self.change(clinic, "We had soup.")) == []
        assert clinic.therapist.get(mention).status_code == 404

    def test_a_correction_does_not_come_back_beside_itself(self, clinic: Any, mention: str) -> None:
        review(clinic, mention, verdict="corrected", theme="anxiety")
        changed = self.change(clinic, f"{FEAR} Slow morning.")
        assert themes_of(changed) == ["anxiety"]

    def test_it_does_not_go_over_to_the_same_words_in_another_sentence(self, clinic: Any, mention: str) -> None:
        review(clinic, mention, verdict="rejected")
        changed = self.change(clinic, "Every night I am afraid of dying.")
        assert [each["review"] for each in changed["themes"] if each["theme"] == "mortality"] == [None]
        assert counted(clinic) == [("mortality", 1)]
        assert clinic.therapist.get(mention).status_code == 404

    def test_of_two_that_are_the_same_each_keeps_its_own(self, clinic: Any) -> None:
        first, second = (f"/v1/mentions/{each['id']}" for each in clinic.write(f"{FEAR} We had soup. {FEAR}")["themes"])
        review(clinic, first, verdict="rejected")
        review(clinic, second, verdict="confirmed")
        changed = self.change(clinic, f"Slow morning, long walk. {FEAR} We had soup. {FEAR}")
        found = [each for each in changed["themes"] if each["theme"] == "mortality"]
        assert [(f"/v1/mentions/{each['id']}", each["review"]) for each in found] == [
            (first, "rejected"),
            (second, "confirmed"),
        ]
        changed = self.change(clinic, f"Slow morning. {FEAR}")
        assert [each["review"] for each in changed["themes"] if each["theme"] == "mortality"] == ["confirmed"]
        assert clinic.therapist.get(first).status_code == 404

    def test_one_place_is_counted_once(self, clinic: Any) -> None:
        for each in clinic.write(f"{FEAR} We had soup. {FEAR}")["themes"]:
            review(clinic, f"/v1/mentions/{each['id']}", verdict="confirmed")
        assert themes_of(self.change(clinic, FEAR)) == ["mortality"]
        assert counted(clinic) == [("mortality", 1)]

    def test_sentences_that_change_places_keep_theirs(self, clinic: Any, mention: str) -> None:
        self.change(clinic, f"{FEAR} We had soup.")
        (found,) = clinic.maya.read("/v1/journal-entries")["items"][0]["themes"]
        review(clinic, f"/v1/mentions/{found['id']}", verdict="confirmed")
        (moved,) = self.change(clinic, f"We had soup. {FEAR}")["themes"]
        assert (moved["id"], moved["review"], moved["quote"]) == (found["id"], "confirmed", found["quote"])
