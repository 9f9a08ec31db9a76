"""What tagging gives back: plain frozen values, with no spaCy type among them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

DocumentKind = Literal["journal", "note"]


class Assertion(StrEnum):
    """How a theme is spoken of: experienced, absent, imagined, past, or somebody else's."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    HISTORICAL = "historical"
    OTHER_PERSON = "other_person"


class Source(StrEnum):
    """Who found a mention: a lexicon line, a trained part, or a clinician who marked it."""

    LEXICON = "lexicon"
    MODEL = "model"
    CLINICIAN = "clinician"


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a text that speaks of a theme, with the evidence for saying so.

    `start` and `end` count Unicode code points (Python string indices), `end` exclusive. `score` lies in 0..1: the
    chance that a careful reader sees the theme there (docs/model_card.md says how well that holds). `because` names
    the lexicon line or the words that spoke for it, and the context rule. `severity` is set of suicidality that is not
    denied, where the words tell how far it goes: a level of nlp/lexicon/severity.toml.
    """

    theme: str
    start: int
    end: int
    assertion: Assertion
    score: float
    source: Source
    because: str
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """All mentions of one text in reading order, its length in words, and what produced them.

    `language` is an ISO 639-1 code or "und"; where it is not "en", the text could not be read, and none is looked for.
    """

    mentions: tuple[Mention, ...]
    words: int
    pipeline_version: str
    language: str = "en"
