"""Every theme's table of sentences through the real pipeline: what must be found, how, and what must be left alone."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from nlp import DocumentKind, load_tagger, load_taxonomy
from nlp.context_rules import load_context_rules
from nlp.lexicon_files import load_lexicon

pytestmark = pytest.mark.database_free

TABLES = {
    theme: table
    for path in sorted((Path(__file__).parent / "examples").glob("*.toml"))
    for theme, table in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
LEAST_EXAMPLES, LEAST_NONE = 10, 6


def rows(column: str) -> list[Any]:
    return [
        pytest.param(theme, row, id=f"{theme}: {row['text'][:60]}".encode("ascii", "replace").decode())
        for theme, table in TABLES.items()
        for row in table.get(column, ())
    ]


def assertions_of(theme: str, row: dict[str, str]) -> list[str]:
    kind: DocumentKind = "note" if row.get("kind") == "note" else "journal"
    mentions = load_tagger().tag(row["text"], kind).mentions
    return [mention.assertion.value for mention in mentions if mention.theme == theme]


@pytest.mark.parametrize(("theme", "row"), rows("examples"))
def test_an_example_is_found_with_its_assertion(theme: str, row: dict[str, str]) -> None:
    found = assertions_of(theme, row)
    assert row.get("assertion", "affirmed") in found, f"{theme} {found or 'not found'} in {row['text']!r}"


@pytest.mark.parametrize(("theme", "row"), rows("none"))
def test_a_counterexample_is_left_alone(theme: str, row: dict[str, str]) -> None:
    found = assertions_of(theme, row)
    assert not found, f"{theme} {found} in {row['text']!r}"


@pytest.mark.parametrize("theme", load_taxonomy().themes)
def test_every_theme_has_enough_examples(theme: str) -> None:
    table = TABLES.get(theme, {})
    assert len(table.get("examples", ())) >= LEAST_EXAMPLES, f"{theme} needs {LEAST_EXAMPLES} examples"
    assert len(table.get("none", ())) >= LEAST_NONE, f"{theme} needs {LEAST_NONE} counterexamples"


def test_tables_name_themes_that_exist() -> None:
    assert set(TABLES) <= set(load_taxonomy().themes)


def test_every_line_of_the_lexicon_and_of_the_context_rules_can_be_read() -> None:
    assert load_lexicon().problems == ()
    assert load_context_rules().problems == ()
