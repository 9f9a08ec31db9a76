"""`python -m nlp`: tag, evaluate, corpus, explain, check-lexicon."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import NoReturn, TextIO

import click

from nlp.context_rules import load_context_rules
from nlp.corpus_files import corpus_files, read_corpus
from nlp.documents import Document, DocumentError, read_documents, written, written_gold
from nlp.evaluation.report import report
from nlp.evaluation.scoring import Judged, by_theme, judge, scores
from nlp.explanation import explain_text
from nlp.findings import Analysis
from nlp.lexicon_files import load_lexicon
from nlp.tagger import load_tagger
from nlp.taxonomy import load_taxonomy


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Find themes in texts, measure how well, and look after the lexicon."""


@main.command()
@click.argument("documents", type=click.File(encoding="utf-8", errors="surrogatepass"), default="-")
def tag(documents: TextIO) -> None:
    """Tag DOCUMENTS (JSON Lines with id, kind and text; - for standard input), one answer a line, in order."""
    try:
        for document, analysis in _tagged(read_documents(documents)):
            click.echo(written(document.id, analysis))
    except DocumentError as error:
        _fail(error)


@main.command()
@click.argument("gold", type=click.File(encoding="utf-8", errors="surrogatepass"))
@click.option("--by-theme", "themes", is_flag=True, help="Add precision and recall of each theme.")
@click.option("--full", is_flag=True, help="Add a report: themes, kinds, assertions, confusions, worst sentences.")
def evaluate(gold: TextIO, *, themes: bool, full: bool) -> None:
    """Tag the labelled documents in GOLD and print how well that went, as one JSON object."""
    try:
        tagged = _tagged(read_documents(gold, labelled=True))
        judged = [judge(document, analysis.mentions) for document, analysis in tagged]
    except DocumentError as error:
        _fail(error)
    figures = {name: round(each, 4) if isinstance(each, float) else each for name, each in scores(judged).items()}
    click.echo(json.dumps(figures | ({"themes": _by_theme(judged)} if themes else {}), indent=1))
    for line in report(judged) if full else ():
        click.echo(line)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def corpus(files: tuple[Path, ...]) -> None:
    """Write corpus FILES (all that come with the project, if none is named) as the documents that evaluate reads."""
    try:
        for document in (each for path in files or corpus_files() for each in read_corpus(path)):
            click.echo(written_gold(document))
    except DocumentError as error:
        _fail(error)


def _tagged(documents: Iterable[Document]) -> Iterator[tuple[Document, Analysis]]:
    kept, given = tee(documents)
    return zip(kept, load_tagger().tag_many((each.text, each.kind) for each in given), strict=True)


def _by_theme(judged: Iterable[Judged]) -> dict[str, dict[str, float]]:
    return {
        theme: {
            "gold": tally.right + tally.missed,
            "precision": round(tally.precision, 3),
            "recall": round(tally.recall, 3),
        }
        for theme, tally in by_theme(judged).items()
    }


def _fail(error: DocumentError) -> NoReturn:
    click.echo(f"nlp: {error}", err=True)
    sys.exit(2)


@main.command()
@click.argument("text")
@click.option("--kind", type=click.Choice(["journal", "note"]), default="journal", show_default=True)
def explain(text: str, kind: str) -> None:
    """Show what is found in TEXT and why: pattern, score, context rule, and the words that lines are compared with."""
    click.echo("\n".join(explain_text(load_tagger(), text, "note" if kind == "note" else "journal")))


@main.command()
def check_lexicon() -> None:
    """Read every line of the lexicon and of the context rules; exit with 1 where something is amiss."""
    lexicon, rules = load_lexicon(), load_context_rules()
    problems = (*lexicon.problems, *rules.problems)
    for problem in problems:
        click.echo(problem, err=True)
    spoken_for, themes = len({line.theme for line in lexicon.lines}), len(load_taxonomy().themes)
    click.echo(f"{len(lexicon.lines)} lines for {spoken_for} of {themes} themes, {len(rules.rules)} context rules")
    raise SystemExit(1 if problems else 0)
