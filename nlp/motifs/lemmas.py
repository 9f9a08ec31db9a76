"""One form for each word, so that "doors" and "door", "kicked" and "kicking" meet.

By the rules and the table of `nlp/inflection.py`, read backwards. A form is taken back only to a base that is a word
of the word table; it is a key for comparing, never shown to anybody.
"""

import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache

from nlp.inflection import TABLE, VOWELS, inflect
from nlp.learned.theme_model import TABLE as WORD_TABLE
from nlp.learned.word_table import WordTable

SHORTEST = 3
# Nouns that look like a form of another word, and are hardly ever one in a journal.
THEMSELVES = frozenset(
    """
    rose ground wound bore shot felt lit evening morning ceiling wedding building king ring string spring wing
    thing sing bring sting swing sling bed red seed weed feed speed reed need shed sled thread bread naked hundred
    news glass dress class grass moss boss mess stress address bus gas lens species series always perhaps maybe less
    this yes his as is was us plus focus virus bless cross across loss press princess darkness
    """.split()  # noqa: SIM905 -- a list would have a hundred lines
)


@cache
def _irregular() -> dict[str, str]:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    bases: dict[str, str] = {}
    for group in table.values():
        for base, written in group.items():
            for form in written.split():
                bases.setdefault(form, base)
    return {form: base for form, base in bases.items() if form not in THEMSELVES}


@cache
def _verb_forms() -> frozenset[str]:
    verbs: dict[str, str] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["verbs"]
    forms = frozenset(form for written in verbs.values() for form in written.split())
    return forms - THEMSELVES - verbs.keys()


@lru_cache(50_000)
def is_verbal(word: str) -> bool:
    """Tell whether a normal word has the form of a verb's past ("met", "opened"), or of its -s where irregular."""
    return word in _verb_forms() or (word.endswith("ed") and lemma(word) != word)


@cache
def _words() -> WordTable:
    return WordTable.read(WORD_TABLE)


@lru_cache(50_000)
def lemma(word: str) -> str:
    """Give the base form of a normal word; the word itself where no rule leads to a word that there is."""
    if word in _irregular():
        return _irregular()[word]
    if word in THEMSELVES or len(word) <= SHORTEST:
        return word
    for base in _bases(word):
        if len(base) >= SHORTEST - 1 and _words().rows([base])[0] and word in inflect(base):
            return base
    return _plain_singular(word)


def _bases(word: str) -> Iterator[str]:
    """Name what a form may be made of, the likeliest first."""
    for ending, put_back in (("ies", "y"), ("ied", "y"), ("ying", "ie"), ("es", ""), ("s", "")):
        if word.endswith(ending):
            yield word.removesuffix(ending) + put_back
    for ending in ("ed", "ing"):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            yield stem + "e"
            yield stem
            if len(stem) > SHORTEST and stem[-1] == stem[-2] and stem[-1] not in VOWELS:
                yield stem[:-1]


def _plain_singular(word: str) -> str:
    """Take the -s off a word that nobody knows: two names of one thing are worse than a form that is none."""
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > SHORTEST + 1:
        return word.removesuffix("s")
    return word
