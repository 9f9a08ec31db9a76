"""Text in, findings out: the themes of journals and notes, with evidence, and what recurs among them."""

from nlp.findings import Analysis, Assertion, DocumentKind, Mention, Source
from nlp.own_themes import OwnTheme
from nlp.tagger import Tagger, load_tagger
from nlp.taxonomy import Facet, Taxonomy, Theme, load_taxonomy

__all__ = [
    "Analysis",
    "Assertion",
    "DocumentKind",
    "Facet",
    "Mention",
    "OwnTheme",
    "Source",
    "Tagger",
    "Taxonomy",
    "Theme",
    "load_tagger",
    "load_taxonomy",
]
