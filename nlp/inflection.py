"""The inflected forms of an English word, by rule and by a table of what rules do not make."""

import re
import tomllib
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("inflection.toml")
VOWELS = "aeiou"
SIBILANT = re.compile(r"(?:s|x|z|ch|sh)$")
DOUBLING = re.compile(r"[^aeiou][aeiou][bdgklmnprtvz]$")
ONE_SYLLABLE = re.compile(r"[^aeiouy]*(?:qu)?[aeiou][^aeiouy]$")
MIN_DROPPED_G = 5


@cache
def _irregular() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    forms: dict[str, tuple[str, ...]] = {}
    for group in table.values():
        for base, written in group.items():
            forms[base] = (*forms.get(base, ()), *written.split())
    return forms


@cache
def _is_irregular_verb() -> frozenset[str]:
    return frozenset(tomllib.loads(TABLE.read_text(encoding="utf-8"))["verbs"])


@cache
def inflect(base: str) -> frozenset[str]:
    """Give a word with all forms it may take as verb, noun or adjective; forms that do not exist do no harm.

    Forms in -ing come with the dropped g of speech as well ("feelin").
    """
    forms = {base, *_irregular().get(base, ())}
    if base not in _is_irregular_verb():
        forms |= {_plural(base), *_past(base), *_ing(base)}
    else:
        forms.add(_plural(base))
    forms |= {form[:-1] for form in forms if form.endswith("ing") and len(form) > MIN_DROPPED_G}
    return frozenset(forms)


def _ends_in_consonant_y(base: str) -> bool:
    return len(base) > 1 and base[-1] == "y" and base[-2] not in VOWELS


def _plural(base: str) -> str:
    if _ends_in_consonant_y(base):
        return base[:-1] + "ies"
    if SIBILANT.search(base):
        return base + "es"
    return base + "s"


def _stems(base: str) -> set[str]:
    """Give what -ed and -ing are put to: "stopp", and both "cancel" and "cancell" where stress decides."""
    if ONE_SYLLABLE.fullmatch(base) and DOUBLING.search(base):
        return {base + base[-1]}
    if DOUBLING.search(base):
        return {base, base + base[-1]}
    return {base}


def _past(base: str) -> set[str]:
    if base.endswith("e"):
        return {base + "d"}
    if _ends_in_consonant_y(base):
        return {base[:-1] + "ied"}
    return {stem + "ed" for stem in _stems(base)}


def _ing(base: str) -> set[str]:
    if base.endswith("ie"):
        return {base[:-2] + "ying"}
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return {base[:-1] + "ing"}
    return {stem + "ing" for stem in _stems(base)}
