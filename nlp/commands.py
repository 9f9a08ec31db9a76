"""`python -m nlp`: tag, evaluate, corpus, explain, check-lexicon, parse-lexicon, train, and the making of tables."""

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from itertools import tee
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from nlp.context_rules import load_context_rules
from nlp.corpus_files import corpus_files, read_corpus
from nlp.documents import Document, DocumentError, read_documents, written, written_gold
from nlp.evaluation.report import report
from nlp.evaluation.scoring import Judged, by_theme, judge, scores
from nlp.explanation import explain_html, explain_text
from nlp.findings import Analysis, DocumentKind
from nlp.learned.encoder import load_encoder
from nlp.learned.fine_tuned import ABOUT, FineTuned, Training
from nlp.learned.make_word_table import corpus_words, make_word_table, read_vectors
from nlp.learned.reader import ReaderError
from nlp.learned.second_reading import SHARE
from nlp.learned.soft_labels import FILE as SOFT_LABELS
from nlp.lexicon_files import load_lexicon
from nlp.motifs.background import corpus_texts, count_background, write_background
from nlp.parsed_lines import write_parsed
from nlp.patterns import LineError
from nlp.severity import load_levels
from nlp.tagger import PIPELINE, load_tagger
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
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=PIPELINE,
    help="Where to; without it, the pipeline that comes with the project is replaced.",
)
@click.option("--encoder", help="A sentence encoder, by name or path, in place of the word table; an extra.")
@click.option(
    "--reader",
    "folder",
    type=click.Path(path_type=Path),
    help="A fine-tuned encoder (teach --reader) that reads along; it becomes part of OUTPUT. An extra.",
)
@click.option(
    "--share", type=click.FloatRange(0, 1), default=SHARE, show_default=True, help="The reader's, of the log odds."
)
def train(output: Path, encoder: str | None, folder: Path | None, share: float) -> None:
    """Train the pipeline from nlp/corpus/ and nlp/config.cfg, and fit its weights; takes 40 minutes on two cores."""
    from nlp.build import build  # noqa: PLC0415 -- training's libraries are slow to import

    if folder is not None and output.resolve() in {PIPELINE.resolve(), folder.resolve()}:
        raise click.UsageError("with --reader name an --output of its own: what is there is replaced")
    try:
        reader = None if folder is None else FineTuned.read(folder)
        fitted = build(output, {"components.theme_model.encoder": encoder}, reader=reader, share=share)
    except ReaderError as error:
        raise click.ClickException(str(error)) from None
    for theme, weights in fitted.weights.items():
        click.echo(f"{theme:24} " + " ".join(f"{name} {value}" for name, value in weights.items()), err=True)
    click.echo(f"threshold {fitted.threshold}, of safety themes {fitted.safety_threshold}", err=True)


@main.command()
@click.argument("vectors", type=click.File(encoding="utf-8"))
@click.option("--encoder", required=True, help="A sentence encoder, by name or path; needs the extra `encoder`.")
@click.option("--most", default=20_000, show_default=True, help="How many of the most frequent words to take.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def word_table(vectors: TextIO, encoder: str, most: int, output: Path) -> None:
    """Make the word table from VECTORS (word and numbers a line, as GloVe has them) and a sentence encoder."""
    table = make_word_table(corpus_words(), dict(read_vectors(vectors, 6 * most)), load_encoder(encoder), most)
    table.write(output)
    click.echo(f"{len(table)} words, {table.width} numbers each")


@main.command()
@click.option("--encoder", required=True, help="A sentence encoder, by name or path; needs the extra `encoder`.")
@click.option(
    "--epochs", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, help="How often it reads all."
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 0.1, min_open=True),
    default=2e-4,
    show_default=True,
    help="How fast it learns: 8e-5 for an encoder of twelve layers.",
)
@click.option("--half/--whole", "is_half", help="Multiply in bfloat16, where the processor has it: twice as fast.")
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), help="Learn for so long, in place of so many epochs."
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where to write what it makes of the corpus; without this and --reader, what comes with the project is"
    " replaced.",
)
@click.option(
    "--reader",
    "folder",
    type=click.Path(file_okay=False, writable=True, resolve_path=True, path_type=Path),
    help="Keep the encoder in this folder, which is replaced, for train --reader; it learns from all writers but a"
    " sixth, by whom it is weighed.",
)
def teach(encoder: str, output: Path | None, folder: Path | None, **training: Any) -> None:
    """Fine-tune a sentence encoder on the corpus; keep it, or write what it makes of it (.npz). Takes hours."""
    from nlp import teaching  # noqa: PLC0415 -- as above
    from nlp.build import first_fold  # noqa: PLC0415

    output = SOFT_LABELS if output is None and folder is None else output
    if output is not None and (output.suffix != ".npz" or not output.parent.is_dir()):
        raise click.BadParameter("a file NAME.npz in a folder that exists", param_hint="--output")
    if folder is not None and (folder.name == "" or (any(folder.glob("*")) and not (folder / ABOUT).is_file())):
        raise click.BadParameter("there is something else in this folder", param_hint="--reader")
    kept_from = [] if folder is None else first_fold()
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)  # now, and not after hours
        taught = teaching.teach(
            encoder, Training(**training), lambda line: click.echo(line, err=True), kept_from=kept_from
        )
    except (ReaderError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if folder is not None:
        taught.write(folder)
        click.echo(f"{folder}: kept from {len(kept_from)} writers")
    if output is not None:
        soft_labels = teaching.tell(taught)
        soft_labels.write(output)
        click.echo(f"{len(soft_labels)} documents")


@main.command()
def motif_background() -> None:
    """Count anew how often others write a word or a pair: the table that motifs are held against (docs/motifs.md)."""
    background = count_background(corpus_texts())
    write_background(background)
    click.echo(f"{background.words} content words, {len(background.counts)} forms and pairs")


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
