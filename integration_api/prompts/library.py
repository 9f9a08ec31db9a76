"""The library of prompts: read from its files and checked as a whole, so that a mistake in one is seen at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from integration_api.wording import Sentence
from nlp import load_taxonomy

FOLDER = Path(__file__).with_name("library")
SOURCES = "sources.toml"
LANGUAGES = ("en", "es")
LONGEST, LONGEST_ON_THE_DAY = 200, 120  # code points
_FIELDS = {"id", "version", "purpose", "gentleness", "phases", "themes", "needs", "source", "texts"}
_FIELDS |= {"reviewed_by", "retired"}


class Phase(StrEnum):
    """Where in the course of care a patient is. The windows after a dosing are those of docs/patterns.md."""

    SCREENING = "screening"
    PREPARATION = "preparation"
    BEFORE_DOSING = "before_dosing"
    DAY = "within_24_hours"
    THREE_DAYS = "24_to_72_hours"
    WEEK = "72_hours_to_7_days"
    LATER = "later"
    ONGOING = "ongoing"


class Purpose(StrEnum):
    """What a question is for."""

    OPEN = "open"
    BODY = "body"
    FEELING = "feeling"
    RELATIONSHIP = "relationship"
    MEANING = "meaning"
    ACTION = "action"
    REST = "rest"
    GRATITUDE = "gratitude"
    DIFFICULTY = "difficulty"
    CLOSING = "closing"


class Gentleness(StrEnum):
    """How much a question asks of its reader.

    - `grounding`: the here and now; also after signs of danger.
    - `gentle`: may be asked within a day of a dissociative drug: short, nothing to work out.
    - `open`: invites to reflect; from the second day on.
    """

    GROUNDING = "grounding"
    GENTLE = "gentle"
    OPEN = "open"


class Need(StrEnum):
    """What must be there for a question to make sense."""

    RETURNING = "returning"
    QUIET = "quiet"
    COMMITMENT = "commitment"
    INTENTION = "intention"


class LibraryFault(Exception):
    """The library's files hold something that cannot be offered to anybody. Names the file and the prompt."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to write by. `source` says where its idea comes from; None: the clinic."""

    id: UUID
    texts: Mapping[str, str]
    purpose: Purpose
    gentleness: Gentleness
    phases: frozenset[Phase]
    themes: frozenset[str] = frozenset()
    needs: Need | None = None
    source: str | None = None
    version: int = 1
    reviewed_by: str | None = None
    is_on: bool = True
    is_retired: bool = False
    is_own: bool = False

    def language_for(self, asked: str) -> str:
        """Give the language to show it in: the one asked for, where there are words in it."""
        return asked if asked in self.texts else min(self.texts)


@dataclass(frozen=True)
class Library:
    """All prompts by id, those that are retired, too."""

    prompts: Mapping[UUID, Prompt] = field(default_factory=dict)


@cache
def load_library(folder: Path = FOLDER) -> Library:
    """Read every file of a library. It is shared: treat it as read-only; raise `LibraryFault`."""
    sources = _read(folder / SOURCES).get("sources", {})
    prompts: dict[UUID, Prompt] = {}
    for path in sorted(each for each in folder.glob("*.toml") if each.name != SOURCES):
        for number, row in enumerate(_read(path).get("prompts", ()), start=1):
            where = f"{path.name}, prompt {number}"
            prompt = _prompt(row, where, sources)
            if prompt.id in prompts:
                raise LibraryFault(f"{where}: its id is taken")
            prompts[prompt.id] = prompt
    said = [text for each in prompts.values() for text in each.texts.values()]
    if len(set(said)) < len(said):
        raise LibraryFault("two prompts say the same")
    return Library(prompts)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LibraryFault(f"{path.name} cannot be read: {type(error).__name__}") from None


def _prompt(row: dict[str, Any], where: str, sources: Mapping[str, str]) -> Prompt:
    unknown = row.keys() - _FIELDS
    if unknown:
        raise LibraryFault(f"{where}: {', '.join(sorted(unknown))} is not known")
    try:
        phases = tuple(Phase) if row["phases"] == ["any"] else tuple(Phase(each) for each in row["phases"])
        prompt = Prompt(
            id=UUID(row["id"]),
            texts=row["texts"],
            purpose=Purpose(row["purpose"]),
            gentleness=Gentleness(row["gentleness"]),
            phases=frozenset(phases),
            themes=frozenset(row.get("themes", ())),
            needs=Need(row["needs"]) if "needs" in row else None,
            source=sources[row["source"]],
            version=row["version"],
            reviewed_by=row.get("reviewed_by"),
            is_retired=row.get("retired", False),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise LibraryFault(f"{where}: {error}") from None
    faults = [*_faults_of_form(prompt, row["id"]), *faults_of_care(prompt)]
    if faults:
        raise LibraryFault(f"{where}: {' '.join(faults)}")
    return prompt


def _faults_of_form(prompt: Prompt, written: str) -> list[str]:
    faults = []
    if prompt.id.version != 7 or written != str(prompt.id):  # noqa: PLR2004  (as every id of the API)
        faults.append("Its id is no UUIDv7 in lower case.")
    if set(prompt.texts) != set(LANGUAGES):
        faults.append(f"Its texts must be in {', '.join(LANGUAGES)}.")
    if not prompt.themes <= load_taxonomy().themes.keys() - load_taxonomy().safety:
        faults.append("It names a theme that is not in the taxonomy, or one of safety.")
    if any(text != " ".join(text.split()) or not text for text in prompt.texts.values()):
        faults.append("A text is empty, or has stray white space.")
    if not isinstance(prompt.version, int) or prompt.version < 1:
        faults.append("Its version is a whole number from 1 on.")
    return faults


def faults_of_care(prompt: Prompt) -> list[str]:
    """Say what makes a prompt unfit to be put to a patient; holds for the library's and for a clinic's own."""
    is_on_the_day = Phase.DAY in prompt.phases
    longest = LONGEST_ON_THE_DAY if is_on_the_day or prompt.gentleness is Gentleness.GROUNDING else LONGEST
    faults: list[str] = []
    if not prompt.phases:
        faults.append(Sentence("It fits no phase."))
    if is_on_the_day and (prompt.gentleness is Gentleness.OPEN or prompt.needs is not None):
        faults.append(
            Sentence("Within 24 hours of dosing a question is gentle or grounding, and goes back to nothing.")
        )
    if prompt.gentleness is Gentleness.GROUNDING and (prompt.themes or prompt.needs):
        faults.append(Sentence("A grounding question is about the here and now: no theme, nothing to go back to."))
    if any(len(text) > longest for text in prompt.texts.values()):
        faults.append(Sentence("A text is longer than {longest} characters.", longest=longest))
    if any(re.search(r"ketamin|\bmg\b", text, re.IGNORECASE) for text in prompt.texts.values()):
        faults.append(Sentence("A text names the drug or a dose, which a screen may show to others."))
    return faults
