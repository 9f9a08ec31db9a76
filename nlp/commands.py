"""`python -m nlp`: tag, evaluate, corpus, explain, look after the lexicon; `nlp/making.py` has what makes things."""

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from itertools import tee
from pathlib import Path
from typing import NoReturn, TextIO

import click

from nlp.context_rules import load_context_rules
from nlp.corpus_files import corpus_files, read_corpus
from nlp.documents import Document, DocumentError, read_documents, written, written_gold
from nlp.evaluation.report import report
from nlp.evaluation.scoring import Judged, by_theme, judge, scores
from nlp.explanation import explain_html, explain_text
from nlp.findings import Analysis, DocumentKind
from nlp.lexicon_files import load_lexicon
from nlp.making import MAKING
from nlp.parsed_lines import write_parsed
from nlp.patterns import LineError
from nlp.severity import load_levels
from nlp.tagger import load_tagger
from nlp.taxonomy import load_taxonomy

ADDED = "integration_journal.nlp_commands"


class Commands(click.Group):
    """The commands of this package, and those that others add as entry points.

    Exporting reviews needs the database, which this package knows nothing of.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return sorted({*super().list_commands(ctx), *(each.name for each in entry_points(group=ADDED))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find one command, loading it only now if it was added."""
        found = super().get_command(ctx, cmd_name)
        if found is None:
            added = next(iter(entry_points(group=ADDED, name=cmd_name)), None)
            found = added.load() if added is not None else None
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Find themes in texts, measure how well, and look after the lexicon."""


for command in MAKING:
    main.add_command(command)


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
@click.option("--html", is_flag=True, help="Write displaCy's page of the text with its themes marked, instead.")
def explain(text: str, kind: str, *, html: bool) -> None:
    """Show what is found in TEXT and why: pattern or words, score, context rule, and the words that are compared."""
    told: DocumentKind = "note" if kind == "note" else "journal"
    if html:
        click.echo(explain_html(load_tagger(), text, told))
    else:
        click.echo("\n".join(explain_text(load_tagger(), text, told)))


@main.command()
def parse_lexicon() -> None:
    """Parse every line of the lexicon, the context rules and the levels of severity, so that loading need not."""
    lexicon, rules = load_lexicon(), load_context_rules()
    lines = [line for each in (lexicon.lines, *load_levels().values()) for line in each]
    try:
        count = write_parsed([*(line.written for line in lines), *(rule.written for rule in rules.rules)])
    except LineError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{count} lines")


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
