"""The themes that texts are tagged with, in facets, as nlp/taxonomy.toml defines them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("taxonomy.toml")
SUICIDALITY = "suicidality"  # the theme that is graded, and never taken away from the words of a line


@dataclass(frozen=True, slots=True)
class Facet:
    """A group of themes, with the question it answers."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme: what counts as it, what does not, and the instruments or literature it rests on.

    `is_topical` marks themes that are about a person, a place or a subject: to speak of them is to have them.
    `includes_lack` marks those that not managing to belongs to, so that "cannot" denies nothing.
    """

    name: str
    facet: str
    label: str
    definition: str
    includes: str
    excludes: str
    source: str
    is_topical: bool
    includes_lack: bool


@dataclass(frozen=True)
class Taxonomy:
    """All themes and facets by name; `safety` names the themes that a care team must see soon."""

    version: str
    facets: dict[str, Facet]
    themes: dict[str, Theme]

    @property
    def safety(self) -> frozenset[str]:
        """The names of the safety themes."""
        return frozenset(name for name, theme in self.themes.items() if theme.facet == "safety")


@cache
def load_taxonomy() -> Taxonomy:
    """Read the taxonomy. It is shared: treat it as read-only."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    facets = {name: Facet(name, label) for name, label in table["facets"].items()}
    themes = {
        name: Theme(
            name=name,
            facet=entry["facet"],
            label=entry["label"],
            definition=entry["definition"],
            includes=entry["includes"],
            excludes=entry["excludes"],
            source=entry["source"],
            is_topical=entry.get("is_topical", False),
            includes_lack=entry.get("includes_lack", False),
        )
        for name, entry in table["themes"].items()
    }
    return Taxonomy(table["version"], facets, themes)
