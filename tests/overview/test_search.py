"""Search: by words and by what was found, over texts that stay sealed, and never past what one may read."""

from typing import Any

import pytest
from clocks import ago

TEXTS = [
    "I read my father's letters again. Twice.",
    "No letter today. Rain, and the café was shut.",
    "Père m'a écrit une lettre. Le café était bon.",
    "我很想念父亲,今天下雨了。",
    "Father phoned. LETTERS burn well.",
]


@pytest.fixture
def record(clinic: Any) -> Any:
    for number, text in enumerate(TEXTS):
        clinic.write(text, f"2026-03-0{number + 1}T08:00:00Z")
    return clinic


def search(clinic: Any, who: str = "therapist", **question: Any) -> list[str]:
    answer = clinic.caller(who).post(f"/v1/patients/{clinic.ids['maya']}/search", question)
    assert answer.status_code == 200, answer.text
    reader = clinic.caller(who)
    paths = {"journal": "/v1/journal-entries/", "note": "/v1/notes/"}
    return [reader.read(paths[each["source"]] + each["document_id"])["text"] for each in answer.json["items"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("letter", [4, 1, 0]),
        ("father letter", [4, 0]),
        ("LETTERS father\u2019s", [4, 0]),
        ("cafe", [2, 1]),
        ("café", [2, 1]),
        ("父亲", [3]),
        ("lett", []),
        ("father nowhere", []),
        ("?!", []),
    ],
)
def test_words_are_found_in_all_their_forms(record: Any, words: str, found: list[int]) -> None:
    assert search(record, words=words) == [TEXTS[each] for each in found]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("El nin\u0303o llego\u0301 tarde.", "ni\u00f1o lleg\u00f3"),
        ("El ni\u00f1o lleg\u00f3.", "nin\u0303o"),
        (
            "\u05d0\u05b7\u05d1\u05b8\u05bc\u05d0 \u05d4\u05dc\u05da",
            "\u05d0\u05d1\u05d0",
        ),  # Hebrew with vowel points, without
        (
            "\u092e\u0947\u0930\u0947 \u092a\u093f\u0924\u093e",
            "\u092a\u093f\u0924\u093e",
        ),  # Hindi: a vowel's sign is part of the word
        ("Nr 1\ufe0f\u20e3 of three", "1"),
    ],
    ids=["accents apart", "accents typed apart", "Hebrew", "Hindi", "a framed digit"],
)
def test_marks_on_letters_part_no_word(clinic: Any, text: str, words: str) -> None:
    clinic.write(text, "2026-03-01T08:00:00Z")
    assert search(clinic, words=words) == [text]
    (found,) = clinic.therapist.post(f"/v1/patients/{clinic.ids['maya']}/search", {"words": words}).json["items"]
    assert [each["quote"] for each in found["passages"]] == [text]


def test_a_theme_that_there_is_not_is_said_to_be_none(record: Any) -> None:
    path = f"/v1/patients/{record.ids['maya']}/search"
    asked = {"theme": "our_mountain"}
    refused = record.therapist.post(path, asked)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/theme")
    assert refused.json["errors"][0]["detail"] == "There is no such theme."
    own = {"label": "The mountain", "facet": "meaning", "definition": "The climb.", "phrases": ["my mountain"]}
    record.admin.create("/v1/themes", asked | own)
    assert record.therapist.post(path, asked).json["items"] == []
    elsewhere = record.caller("elsewhere.therapist")
    assert elsewhere.post(f"/v1/patients/{record.ids['june']}/search", asked).status_code == 422


def test_passages_stand_where_they_say(record: Any) -> None:
    long = "Rain. " * 50 + "The blue door again. " + "Rain. " * 50
    entry = record.write(long, "2026-03-10T08:00:00Z")
    path = f"/v1/patients/{record.ids['maya']}/search"
    (found,) = record.therapist.post(path, {"words": "blue doors"}).json["items"]
    (passage,) = found["passages"]
    assert found["document_id"] == entry["id"]
    assert long[passage["start"] : passage["end"]] == passage["quote"]
    assert "The blue door again." in passage["quote"]
    assert len(passage["quote"]) < 200


def test_everything_narrows(record: Any) -> None:
    record.note("Pt speaks of her father's letters, tearful.", written_at="2026-03-08T08:00:00Z")
    assert len(search(record, words="letter")) == 4
    assert search(record, words="letter", source="note") == ["Pt speaks of her father's letters, tearful."]
    assert search(record, words="letter", until="2026-03-02T00:00:00Z") == [TEXTS[0]]
    assert search(record, words="letter", since="2026-03-05T00:00:00Z", source="journal") == [TEXTS[4]]
    family = search(record, theme="family")
    assert TEXTS[0] in family
    assert TEXTS[1] not in family
    assert search(record, theme="family", assertion="negated") == []
    assert search(record, facet="safety") == []


def test_a_rejected_mention_finds_nothing(record: Any) -> None:
    entry = record.write("I am afraid of dying.", "2026-03-11T08:00:00Z")
    assert search(record, theme="mortality") == ["I am afraid of dying."]
    for mention in entry["themes"]:
        record.therapist.post(f"/v1/mentions/{mention['id']}/review", {"verdict": "rejected"})
    assert search(record, theme="mortality") == []


def test_what_one_may_not_read_one_does_not_find(record: Any) -> None:
    record.write("A private letter.", "2026-03-10T08:00:00Z", visibility="private")
    record.note("A letter of my own.", "psychotherapy", written_at="2026-03-10T09:00:00Z")
    assert "A private letter." in search(record, "maya", words="letter")
    assert "A letter of my own." not in search(record, "maya", words="letter")
    assert "A private letter." not in search(record, words="letter")
    assert "A letter of my own." in search(record, words="letter")
    assert "A letter of my own." not in search(record, "nurse", words="letter")


def test_it_comes_by_the_page_and_the_cursor_is_for_this_question(record: Any) -> None:
    path = f"/v1/patients/{record.ids['maya']}/search"
    found, cursor = [], None
    while True:
        answer = record.therapist.post(
            path, {"words": "letter", "limit": 1, "cursor": cursor} if cursor else {"words": "letter", "limit": 1}
        ).json
        found += [each["document_id"] for each in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
        other = record.therapist.post(path, {"words": "father", "limit": 1, "cursor": cursor})
        assert other.status_code == 422
    assert len(found) == len(set(found)) == 3


@pytest.mark.parametrize(
    "body", [{"words": " "}, {"words": "x" * 201}, {"theme": 7}, {"assertion": "maybe"}, {"q": "x"}]
)
def test_bad_questions_are_told(record: Any, body: dict[str, Any]) -> None:
    assert record.therapist.post(f"/v1/patients/{record.ids['maya']}/search", body).status_code == 422


def test_what_a_phone_wrote_far_ahead_stands_where_it_came(record: Any) -> None:
    """As in the list of entries; by the time that it says it would come first in whatever is looked for, for years."""
    record.write("A letter from the year that the phone is in.", "2040-01-01T08:00:00Z")
    record.write("A letter by a clock that is half a day fast.", ago(-0.5))
    path, found, cursor = f"/v1/patients/{record.ids['maya']}/search", [], None
    while not found or cursor:
        answer = record.therapist.post(path, {"words": "letter", "limit": 1, "cursor": cursor}).json
        found += [each["written_at"] for each in answer["items"]]
        cursor = answer["next_cursor"]
    assert len(found) == len(set(found)) == 5
    assert [each[:4] for each in found[1:]] == ["2040", "2026", "2026", "2026"]
    assert found[0][:16] == ago(-0.5)[:16]
