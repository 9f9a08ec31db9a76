"""What the app shows a writer at once, beside the words: kind ones and where help is, never an interpretation."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from integration_api.config import CrisisResource
from integration_api.safety.support import Support
from models import JournalEntry, Resolve

WORDS = Path(__file__).with_name("support.toml")
LANGUAGE = "en"  # where nobody asks for another

# What is answered: said of oneself, now or as a fear. What is denied, past, or somebody else's is not.
ANSWERED = {
    "suicidality": frozenset({"affirmed", "hypothetical"}),
    "harm_by_others": frozenset({"affirmed"}),
}


def support_for(
    entry: JournalEntry, resources: Sequence[CrisisResource] = (), language: str = LANGUAGE
) -> Support | None:
    """Give what to show the writer of this entry now; None where there is no cause."""
    meant = {
        mention.theme
        for mention in entry.mentions
        if mention.assertion in ANSWERED.get(mention.theme, ()) and mention.review != "rejected"
    }
    beside = (signal for each in entry.conflicts for signal in each.signals or ())
    meant |= {theme for theme, assertion, _ in beside if assertion in ANSWERED.get(theme, ())}
    return _support(meant, resources, language)


def support_for_resolve(
    resolve: Resolve, resources: Sequence[CrisisResource] = (), language: str = LANGUAGE
) -> Support | None:
    """Give what to show who wrote this intention or commitment now; None where there is no cause."""
    meant = {each.theme for each in resolve.found_signals if each.assertion in ANSWERED.get(each.theme, ())}
    return _support(meant, resources, language)


def _support(themes: set[str], resources: Sequence[CrisisResource], language: str) -> Support | None:
    return Support(message_for(themes, language), resources) if themes else None


def message_for(themes: Iterable[str], language: str = LANGUAGE) -> str:
    """Put the message together: thanks, a sentence or two for each theme, and who is there when."""
    words, themes = _words()[language], frozenset(themes)
    return " ".join((words["thanks"], *(words[theme] for theme in ANSWERED if theme in themes), words["close"]))


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(WORDS.read_text("utf-8"))
