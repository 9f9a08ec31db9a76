"""`python -m nlp`: tag, evaluate, explain, from the shell."""

import json
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nlp.commands import main

pytestmark = pytest.mark.database_free

TEXT = "We had soup. I am afraid of dying. My brother is not afraid of dying."


def run(*arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(main, arguments, input=given)


def document(**more: Any) -> dict[str, Any]:
    return {"id": "d1", "kind": "journal", "text": TEXT, **more}


def gold(*themes: dict[str, str]) -> str:
    bounds = [(0, 12), (13, 34), (35, len(TEXT))]
    sentences = [{"start": a, "end": b, "themes": each} for (a, b), each in zip(bounds, themes, strict=True)]
    return json.dumps(document(sentences=sentences))


def test_documents_are_tagged_line_by_line_in_order() -> None:
    lines = [document(), document(id="d2", text="Nothing."), document(id="d3", kind="note", text="Pt denies SI.")]
    done = subprocess.run(
        [sys.executable, "-m", "nlp", "tag"],
        input="\n".join(json.dumps(each) for each in lines) + "\n\n",
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["id"] for each in found] == ["d1", "d2", "d3"]
    (mention,) = [m for m in found[0]["mentions"] if m["theme"] == "mortality" and m["assertion"] == "affirmed"]
    assert "afraid of dying" in TEXT[mention["start"] : mention["end"]]
    assert {"theme", "start", "end", "assertion", "score"} <= mention.keys()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        (json.dumps({"id": "d1", "kind": "journal"}), "text must be a string"),
        (json.dumps(document(kind="poem")), "kind must be journal or note"),
        ('{"id": "d1", "kind": "journal", "text": "MARKER \\ud83d"}', "lone surrogate"),
    ],
)
def test_a_line_that_is_no_document_is_named_and_not_quoted(line: str, says: str) -> None:
    done = run("tag", given=f"{json.dumps(document())}\n{line}\n")
    assert done.exit_code == 2
    assert f"line 2: {says}" in done.stderr or says in done.stderr
    assert "MARKER" not in done.stderr


def test_figures_of_a_document_that_was_labelled_as_it_is_found() -> None:
    found = json.loads(run("tag", given=json.dumps(document())).stdout)["mentions"]
    sentences: list[dict[str, str]] = [{}, {}, {}]
    for mention in found:
        middle = (mention["start"] + mention["end"] - 1) // 2
        sentences[0 if middle < 13 else 1 if middle < 35 else 2][mention["theme"]] = mention["assertion"]
    figures = json.loads(run("evaluate", "-", given=gold(*sentences)).stdout)
    assert (figures["documents"], figures["sentences"]) == (1, 3)
    assert figures["micro_f1"] == figures["doc_micro_f1"] == figures["assertion_accuracy"] == 1.0
    assert figures["negated_leak"] == 0


def test_figures_count_what_was_missed_and_what_leaked() -> None:
    figures = json.loads(run("evaluate", "-", given=gold({}, {"mortality": "negated"}, {"unity": "affirmed"})).stdout)
    assert figures["gold_pairs"] == 2
    assert figures["recall"] == 0.5
    assert figures["negated_leak"] == 1.0
    assert figures["assertion_accuracy"] == 0.0


def test_the_full_report_shows_where_it_went_wrong() -> None:
    done = run("evaluate", "-", "--full", given=gold({"unity": "affirmed"}, {"mortality": "affirmed"}, {}))
    for part in ("by theme", "by kind", "by assertion", "confusions", "worst sentences", "-unity", "We had soup."):
        assert part in done.stdout


@pytest.mark.parametrize("themes", [{"tax_returns": "affirmed"}, {"unity": "maybe"}])
def test_labels_are_checked(themes: dict[str, str]) -> None:
    done = run("evaluate", "-", given=gold({}, themes, {}))
    assert done.exit_code == 2
    assert "line 1" in done.stderr


def test_an_explanation_names_the_pattern_and_the_words() -> None:
    done = run("explain", "I am not afraid of dying.")
    assert done.exit_code == 0
    assert "mortality" in done.stdout
    assert "negated" in done.stdout
    assert "afraid of dying" in done.stdout
