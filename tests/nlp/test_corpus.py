"""The project's own corpus: it can be read, and the tagger keeps to what it reaches on writers it was not made for."""

from functools import cache
from pathlib import Path

import pytest

from nlp import load_tagger, load_taxonomy
from nlp.corpus_files import corpus_files, read_corpus
from nlp.documents import Document, DocumentError, read_documents, written_gold
from nlp.evaluation.scoring import judge, scores

pytestmark = pytest.mark.database_free


@cache
def documents(pattern: str) -> tuple[Document, ...]:
    return tuple(each for path in corpus_files() if path.match(pattern) for each in read_corpus(path))


def test_every_file_can_be_read_and_quotes_its_sentences() -> None:
    found = documents("*.txt")
    assert len({each.id for each in found}) == len(found)
    assert sum(len(each.sentences) for each in found) > 1500
    for document in found:
        for before, after in zip(document.sentences, document.sentences[1:], strict=False):
            assert document.text[before.end : after.start] in {" ", "\n"}


def test_who_writes_without_full_stops_presses_return(tmp_path: Path) -> None:
    """Joined by spaces, two thoughts of a texter were one sentence to the tagger, and the labels of one were lost."""
    path = tmp_path / "texter.txt"
    path.write_text(
        "@writer x | somebody\n@doc journal | dosing\nhi im jules =>\nI cried. => grief\nok bye =>\n", "utf-8"
    )
    assert [each.text for each in read_corpus(path)] == ["hi im jules\nI cried. ok bye"]


def test_every_theme_is_spoken_of() -> None:
    spoken = {theme for each in documents("*.txt") for sentence in each.sentences for theme in sentence.themes}
    assert spoken == set(load_taxonomy().themes)


def test_it_is_written_as_evaluate_reads_it() -> None:
    found = documents("writers_1.txt")
    assert tuple(read_documents(map(written_gold, found), labelled=True)) == found


@pytest.mark.parametrize(
    "line", ["No arrow.", "=> grief", "A. => tax_returns", "A. => grief:maybe", "A. => grief, grief"]
)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(f"@writer x | somebody\n@doc journal | dosing\nFine. => calm\n{line}\n", "utf-8")
    with pytest.raises(DocumentError, match=r"bad\.txt:4"):
        list(read_corpus(path))


def test_figures_on_other_writers_stay_what_they_are() -> None:
    """Floors a little under what was measured (README); a change that falls below them has cost something."""
    found = documents("writers_*.txt")
    tagger = load_tagger()
    figures = scores([judge(each, tagger.tag(each.text, each.kind).mentions) for each in found])
    assert figures["precision"] >= 0.68
    assert figures["recall"] >= 0.56
    assert figures["assertion_accuracy"] >= 0.94
    assert figures["negated_leak"] <= 0.25
    assert figures["safety_recall"] >= 0.93
    assert figures["safety_precision"] >= 0.7
