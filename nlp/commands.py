"""`python -m nlp`: tag, evaluate, explain, check-lexicon."""

import click

from nlp.context_rules import load_context_rules
from nlp.lexicon_files import load_lexicon
from nlp.explanation import explain_text
from nlp.tagger import load_tagger
from nlp.taxonomy import load_taxonomy


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Find themes in texts, measure how well, and look after the lexicon."""


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
    themes = len({line.theme for line in lexicon.lines})
    click.echo(
        f"{len(lexicon.lines)} lines for {themes} of {len(load_taxonomy().themes)} themes, {len(rules.rules)} context rules"
    )
    raise SystemExit(1 if problems else 0)
