"""Gettext catalogs: what people may be shown, in each of our languages.

The `.po` files under `translations/` are read as they are when the first sentence is said. Nothing is compiled, so no
clone and no package needs a step for it, and no compiled file can be out of date.
"""

import io
import re
from functools import cache
from pathlib import Path

import flask_babel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask

from integration_api.web.languages import language
from integration_api.wording import Sentence

FOLDER = Path(__file__).parent.parent / "translations"
DOMAIN = "messages"

# marshmallow puts the values into its sentences before we see them, so these are read back out.
_LIBRARY = (
    Sentence("Shorter than minimum length {min}."),
    Sentence("Longer than maximum length {max}."),
    Sentence("Length must be between {min} and {max}."),
    Sentence("Length must be {equal}."),
    Sentence("Must be greater than or equal to {min} and less than or equal to {max}."),
    Sentence("Must be greater than or equal to {min}."),
    Sentence("Must be less than or equal to {max}."),
    Sentence("Must be one of: {choices}."),
    Sentence("Missing data for required field."),
    Sentence("Field may not be null."),
    Sentence("Invalid value."),
    Sentence("Invalid type."),
    Sentence("Invalid input type."),
    Sentence("Unknown field."),
    Sentence("Not a valid string."),
    Sentence("Not a valid utf-8 string."),
    Sentence("Not a valid list."),
    Sentence("Not a valid mapping type."),
    Sentence("Not a valid boolean."),
    Sentence("Not a valid integer."),
    Sentence("Not a valid number."),
    Sentence("Number too large."),
    Sentence("Special numeric values (nan or infinity) are not permitted."),
    Sentence("Not a valid date."),
    Sentence("Not a valid datetime."),
    Sentence("Not a valid UUID."),
    Sentence("Not a valid URL."),
    Sentence("String does not match expected pattern."),
)


class Catalogs(flask_babel.Domain):
    """Flask-Babel's domain, with the catalogs read from their sources."""

    def get_translations(self) -> Translations:
        """Give the catalog of the request's language."""
        return catalog(language())


class _Babel(flask_babel.Babel):
    """Flask-Babel with our catalogs."""

    @property
    def domain_instance(self) -> Catalogs:
        return Catalogs([str(FOLDER)], DOMAIN)


@cache
def catalog(wanted: str) -> Translations:
    """Read one language's catalog."""
    path = FOLDER / wanted / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        read = read_po(file, wanted)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return Translations(compiled, DOMAIN)


def said(sentence: str) -> str:
    """Say a sentence in the language of the request; in English as it is where the catalog does not know it."""
    found = catalog(language())
    if not isinstance(sentence, Sentence):
        return _said_plainly(found, sentence)
    if sentence.many is not None:
        template = found.ungettext(sentence.template, sentence.many, sentence.values["n"])
    else:
        template = found.ugettext(sentence.template)
    return str(template).format(**sentence.values) if sentence.values else str(template)


def _said_plainly(found: Translations, sentence: str) -> str:
    known = str(found.ugettext(sentence)) if sentence else ""
    if known != sentence:
        return known
    for template, pattern in _patterns():
        values = pattern.fullmatch(sentence)
        if values is not None:
            return str(found.ugettext(template)).format(**values.groupdict())
    return sentence


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Make a pattern of each of the library's templates that holds values."""
    named = re.compile(r"\\\{(\w+)\\\}")
    return [
        (each, re.compile(named.sub(r"(?P<\1>.*)", re.escape(each)), re.DOTALL)) for each in _LIBRARY if "{" in each
    ]


def register(app: Flask) -> None:
    """Let templates and views speak the request's language."""
    _Babel(app, default_translation_directories=str(FOLDER), locale_selector=language)
    app.jinja_env.globals["language"] = language
