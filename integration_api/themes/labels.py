"""What themes and facets are called, and what they are, by language. A clinic's own themes stay as it wrote them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from integration_api.themes.own import KnownTheme
from nlp import load_taxonomy

FOLDER = Path(__file__).parent
WRITTEN_IN = "en"  # the taxonomy itself


@dataclass(frozen=True, slots=True)
class Label:
    """A theme as it is shown: its name for people, and what it is."""

    label: str
    definition: str


def label_of(theme: KnownTheme, language: str) -> Label:
    """Give a theme's label and definition in a language."""
    if theme.is_own or language == WRITTEN_IN:
        return Label(theme.label, theme.definition)
    return Label(**_labels(language)["themes"][theme.name])


def facet_label(facet: str, language: str) -> str:
    """Give a facet's label in a language."""
    if language == WRITTEN_IN:
        return load_taxonomy().facets[facet].label
    return str(_labels(language)["facets"][facet])


@cache
def _labels(language: str) -> Mapping[str, Any]:
    return tomllib.loads((FOLDER / f"labels.{language}.toml").read_text("utf-8"))
