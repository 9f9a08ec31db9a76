"""How far a mention of suicidality goes: the levels of the C-SSRS, each with the words that say so."""

from pathlib import Path

import pytest

from nlp import DocumentKind, load_tagger
from nlp.learned.levels import LevelModel, learn

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
        ("I want to end my life tonight.", "intent"),
        ("I keep thinking of ending it tomorrow.", "intent"),
        ("I am planning to end my life.", "plan"),
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
        ("No plan to hang herself, but thinks about dying.", "thoughts"),
        ("I'm not planning to end my life tonight but I want to die.", "wish_to_be_dead"),
        ("Urges to self harm since the weekend, SI at night.", "thoughts"),
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


def test_where_no_line_says_a_level_the_learned_one_does() -> None:
    mentions = (
        load_tagger().tag("Gave Tomasz my good drill today, told him I will not be needing it.", "journal").mentions
    )
    (found,) = [each for each in mentions if each.theme == "suicidality"]
    assert found.severity == "act"
    assert "act by 'as learned, " in found.because


def test_beside_what_a_line_says_nothing_graver_is_guessed() -> None:
    """The drill is taken for suicidality beside the wish; how far that goes, the wish alone says."""
    assert set(severities("I gave my drill away. I wish I were dead.")) == {None, "wish_to_be_dead"}


def test_levels_are_learned_from_words_and_pairs(tmp_path: Path) -> None:
    """Planted: who wrote a letter has a plan, who thinks has thoughts; of other words nothing is known."""
    letters = [(("i", "wrote", "a", "letter", "to", each), "journal", "plan") for each in ("ann", "bo", "cy", "di")]
    thinks = [(("i", "think", "of", "it", "on", each), "journal", "thoughts") for each in ("ann", "bo", "cy", "di")]
    learn(letters + thinks, ("thoughts", "plan")).write(tmp_path / "levels.json")
    model = LevelModel.read(tmp_path / "levels.json")
    level, why = model.grade(("she", "wrote", "a", "letter"), "journal") or ("", "")
    assert level == "plan"
    assert "letter" in why
    assert "ann" not in why
    assert (model.grade(("think", "of", "it"), "note") or ("", ""))[0] == "thoughts"


def test_what_is_less_likely_than_not_is_not_told() -> None:
    model = LevelModel(("thoughts", "method", "plan"), {"always:": (0.1, 0.0, 0.0), "word:bridge": (0.0, 3.0, 0.0)})
    assert model.grade(("a", "boat"), "journal") is None
    assert model.grade(("the", "bridge"), "journal") == ("method", "as learned, 0.91: bridge+2.0")
