"""The library: whole, in both languages, and refused where a prompt could not be put to anybody."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integration_api.prompts.library import (
    FOLDER,
    Gentleness,
    LibraryFault,
    Phase,
    Prompt,
    Purpose,
    faults_of_care,
    load_library,
)

pytestmark = pytest.mark.database_free

GOOD: dict[str, Any] = {
    "id": "01a21ac9-6fb7-7265-9bac-01881470941a",
    "version": 1,
    "purpose": "open",
    "gentleness": "gentle",
    "phases": ["later"],
    "source": "someone_2000",
    "texts": {"en": "What is there?", "es": "¿Qué hay?"},
}


def prompts() -> list[Prompt]:
    return list(load_library().prompts.values())


def test_it_is_large_enough_and_has_something_for_every_phase_and_purpose() -> None:
    assert len(prompts()) >= 90
    assert {each.purpose for each in prompts()} == set(Purpose)
    for phase in Phase:
        plain = [each for each in prompts() if phase in each.phases and each.needs is None]
        assert len(plain) >= 15, phase
        assert len({each.purpose for each in plain}) >= 6, phase
        assert sum(each.gentleness is Gentleness.GROUNDING for each in plain) >= 10, phase


def test_every_text_is_an_open_question_in_plain_words() -> None:
    for each in prompts():
        for language, text in each.texts.items():
            assert text.count("?") >= 1, text
            assert (language == "es") == ("¿" in text), text
            assert len(text.split()) <= 34, text
            longest = max(len(sentence.split()) for sentence in text.replace("?", ".").replace(":", ".").split("."))
            assert longest <= 22, text


def test_none_pushes_leads_or_says_what_an_experience_means() -> None:
    pushing = ("why did", "trauma", "you should", "you must", "your abuse", "the cause", "it means", "means that")
    pushing += ("deepest", "relive", "deberías", "debes", "significa que", "por qué te")
    for each in prompts():
        for text in each.texts.values():
            assert not [words for words in pushing if words in text.lower()], text


def test_none_claims_a_review_that_did_not_happen() -> None:
    assert Counter(each.reviewed_by for each in prompts()) == {None: len(prompts())}


def _library(folder: Path, *rows: dict[str, Any]) -> Path:
    (folder / "sources.toml").write_text('[sources]\nsomeone_2000 = "Someone (2000)"\n')
    lines = []
    for row in rows:
        lines.append("[[prompts]]")
        for name, value in row.items():
            if isinstance(value, dict):
                lines += [f"{name}.{key} = {each!r}" for key, each in value.items()]
            else:
                lines.append(f"{name} = {value!r}".replace("True", "true"))
    (folder / "one.toml").write_text("\n".join(lines), "utf-8")
    return folder


def test_a_library_is_read_with_its_sources(tmp_path: Path) -> None:
    (found,) = load_library(_library(tmp_path, GOOD | {"themes": ["grief"], "retired": True})).prompts.values()
    assert (found.source, found.themes, found.is_retired, found.needs) == ("Someone (2000)", {"grief"}, True, None)
    assert (found.language_for("es"), found.language_for("de")) == ("es", "en")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "01a21ac9-6fb7-4265-9bac-01881470941a"}, "UUIDv7"),
        ({"id": "one"}, "prompt 1"),
        ({"texts": {"en": "What is there?"}}, "must be in en, es"),
        ({"texts": {"en": "What is  there?", "es": "¿Qué hay?"}}, "stray white space"),
        ({"texts": {"en": "What " + "so " * 80 + "?", "es": "¿Qué hay?"}}, "longer than 200"),
        ({"texts": {"en": "What of the ketamine?", "es": "¿Qué hay?"}}, "names the drug"),
        ({"themes": ["tax_returns"]}, "not in the taxonomy"),
        ({"themes": ["suicidality"]}, "one of safety"),
        ({"phases": ["tomorrow"]}, "tomorrow"),
        ({"phases": []}, "fits no phase"),
        ({"purpose": "fun"}, "fun"),
        ({"source": "nobody"}, "nobody"),
        ({"version": 0}, "version"),
        ({"sourse": "typo"}, "sourse is not known"),
        ({"phases": ["within_24_hours"], "gentleness": "open"}, "Within 24 hours"),
        ({"phases": ["within_24_hours"], "needs": "quiet"}, "goes back to nothing"),
        ({"gentleness": "grounding", "themes": ["grief"]}, "here and now"),
    ],
)
def test_what_could_not_be_put_to_anybody_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(LibraryFault, match=told):
        load_library(_library(tmp_path, GOOD | change))


def test_an_id_and_a_text_are_there_once(tmp_path: Path) -> None:
    with pytest.raises(LibraryFault, match="its id is taken"):
        load_library(_library(tmp_path, GOOD, GOOD))
    other = GOOD | {"id": "01a21ac9-6fb7-7265-9bac-01881470941b"}
    with pytest.raises(LibraryFault, match="say the same"):
        load_library(_library(tmp_path, GOOD, other))


def test_the_rules_of_care_hold_for_a_clinics_own_too() -> None:
    for each in prompts():
        assert faults_of_care(each) == []


def test_every_source_is_used_and_told_in_the_docs(root: Path) -> None:
    told = (root / "docs" / "prompts.md").read_text("utf-8")
    used = {each.source for each in prompts()}
    listed = (FOLDER / "sources.toml").read_text("utf-8").count(' = "')
    assert len(used) == listed
    for each in used:
        assert each is not None
        assert each.split(",")[0].split(" and ")[0].split(" et al")[0] in told, each
