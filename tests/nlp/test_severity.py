"""How far a mention of suicidality goes: the levels of the C-SSRS, each with the words that say so."""

import pytest

from nlp import DocumentKind, load_tagger

pytestmark = pytest.mark.database_free


def severities(text: str, kind: DocumentKind = "journal") -> list[str | None]:
    mentions = load_tagger().tag(text, kind).mentions
    return [each.severity for each in mentions if each.theme == "suicidality"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("I wish I was dead.", "wish_to_be_dead"),
        ("Some nights I want to die.", "wish_to_be_dead"),
        ("I don't want to be alive.", "wish_to_be_dead"),
        ("Some nights I hope I don't wake up.", "wish_to_be_dead"),
        ("I keep thinking about killing myself.", "thoughts"),
        ("I looked at the bridge and thought about jumping.", "method"),
        ("I counted the pills again and I want to die.", "method"),
        ("I'm going to kill myself.", "intent"),
        ("I have a plan to hang myself.", "plan"),
        ("I wrote a suicide note.", "plan"),
        ("I tried to kill myself on Sunday.", "act"),
        ("I cut my arm on purpose, I wanted to die.", "act"),
    ],
)
def test_the_gravest_level_that_is_said(text: str, level: str) -> None:
    found = severities(text)
    assert level in found, found


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Passive SI, no plan or intent.", "wish_to_be_dead"),
        ("Endorses SI with plan (OD), no intent.", "plan"),
        ("SI without plan or intent.", "thoughts"),
        ("Passive SI, denies method.", "wish_to_be_dead"),
    ],
)
def test_what_is_denied_does_not_count(text: str, level: str) -> None:
    found = {each for each in severities(text, "note") if each}
    assert found == {level}


@pytest.mark.parametrize(
    "text", ["Denies SI, intent or plan.", "No SI. Safety plan reviewed.", "No thoughts of suicide."]
)
def test_a_denial_has_no_level(text: str) -> None:
    assert not any(severities(text, "note"))


def test_the_words_that_say_so_are_named() -> None:
    mentions = load_tagger().tag("I keep thinking about killing myself.", "journal").mentions
    (because,) = {each.because for each in mentions if each.severity}
    assert "thoughts by" in because
