"""Commands of `python -m nlp` that make what the tagger needs: its pipeline, tables, and what a teacher tells."""

from pathlib import Path
from typing import Any, TextIO

import click

from nlp.learned.encoder import load_encoder
from nlp.learned.features import LEAST
from nlp.learned.fine_tuned import ABOUT, FineTuned, Training
from nlp.learned.make_word_table import (
    corpus_words,
    extend_word_table,
    frequent_words,
    make_word_table,
    read_vectors,
)
from nlp.learned.reader import ReaderError
from nlp.learned.second_reading import SHARE
from nlp.learned.soft_labels import FILE as SOFT_LABELS
from nlp.learned.theme_model import TABLE as WORD_TABLE
from nlp.learned.word_table import WordTable
from nlp.motifs.background import corpus_texts, count_background, write_background
from nlp.tagger import PIPELINE


@click.command()
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
    """Train the pipeline from nlp/corpus/ and nlp/config.cfg, and fit its weights; takes half an hour on two cores."""
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


@click.command()
@click.argument("vectors", type=click.File(encoding="utf-8"))
@click.option("--encoder", required=True, help="A sentence encoder, by name or path; needs the extra `encoder`.")
@click.option("--most", default=20_000, show_default=True, help="How many of the most frequent words to take.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def word_table(vectors: TextIO, encoder: str, most: int, output: Path) -> None:
    """Make the word table from VECTORS (word and numbers a line, as GloVe has them) and a sentence encoder."""
    table = make_word_table(corpus_words(), dict(read_vectors(vectors, 6 * most)), load_encoder(encoder), most)
    table.write(output)
    click.echo(f"{len(table)} words, {table.width} numbers each")


@click.command("extend-word-table")
@click.option("--encoder", required=True, help="A sentence encoder, by name or path; needs the extra `encoder`.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WORD_TABLE)
def further_words(encoder: str, output: Path) -> None:
    """Add the words of the training corpus that the word table has not, where another encoder places them."""
    from spacy.util import load_config  # noqa: PLC0415 -- as above

    from nlp.build import CONFIG  # noqa: PLC0415

    needed = frequent_words(load_config(CONFIG)["corpora"]["train"]["files"], LEAST)
    known = WordTable.read(WORD_TABLE)
    table = extend_word_table(known, needed, load_encoder(encoder))
    table.write(output)
    click.echo(f"{len(table) - len(known)} words more, {len(table)} in all")


@click.command()
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
@click.option(
    "--trust",
    type=click.FloatRange(0, 1),
    default=0.35,
    show_default=True,
    help="How much of what it learns is what the soft labels that ship say, in place of the labels.",
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


@click.command()
def motif_background() -> None:
    """Count anew how often others write a word or a pair: the table that motifs are held against (docs/motifs.md)."""
    background = count_background(corpus_texts())
    write_background(background)
    click.echo(f"{background.words} content words, {len(background.counts)} forms and pairs")


MAKING = (train, word_table, further_words, teach, motif_background)
