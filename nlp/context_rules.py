"""The context rules as they lie in nlp/lexicon/context.toml: reading them into what the component follows."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from nlp.findings import Assertion
from nlp.lexicon_sets import FOLDER
from nlp.parsed_lines import elements_of
from nlp.patterns import Element, LineError

TABLE = FOLDER / "context.toml"
Role = Literal["modifier", "pseudo", "terminator"]
SENTENCE_START = "^"


@dataclass(frozen=True, slots=True)
class ContextRule:
    """One line of the context rules.

    A modifier gives `assertion` to mentions in its scope, which runs `direction` for at most `scope` words. A pseudo
    modifier only takes away modifiers inside it. A terminator ends the scope of modifiers of the assertions `stops`.
    """

    written: str
    elements: tuple[Element, ...]
    role: Role
    assertion: Assertion | None
    direction: str
    scope: int
    kind: str | None
    only: frozenset[str]
    spared: frozenset[str]
    stops: frozenset[Assertion]

    def may_reach(self, theme: str) -> bool:
        """Tell whether the rule has anything to say about a theme."""
        return theme not in self.spared and (not self.only or theme in self.only)


@dataclass(frozen=True, slots=True)
class ContextRules:
    """All rules, in the order of the file, the order in which assertions prevail, and problems met."""

    rules: tuple[ContextRule, ...]
    precedence: tuple[Assertion, ...]
    problems: tuple[str, ...]


@cache
def load_context_rules() -> ContextRules:
    """Read the context rules; lines that cannot be read are told among the problems."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    problems: list[str] = []
    rules = [
        rule
        for group in table["rules"]
        for written in group["lines"]
        for rule in _read(written, group, table["immune"], problems)
    ]
    precedence = tuple(Assertion(name) for name in table["precedence"])
    return ContextRules(tuple(rules), precedence, tuple(problems))


def _read(written: str, group: dict[str, Any], immune: dict[str, list[str]], problems: list[str]) -> list[ContextRule]:
    try:
        elements = elements_of(written)
    except LineError as error:
        problems.append(f"context.toml: {written!r}: {error}")
        return []
    category = group["category"]
    role: Role = category if category in {"pseudo", "terminator"} else "modifier"
    return [
        ContextRule(
            written=written,
            elements=elements,
            role=role,
            assertion=Assertion(category) if role == "modifier" else None,
            direction=group.get("direction", "forward"),
            scope=group.get("scope", 8),
            kind=group.get("kind"),
            only=frozenset(group.get("only", ())),
            spared=frozenset(group.get("except", ())) | frozenset(immune.get(category, ())),
            stops=frozenset(Assertion(name) for name in group.get("stops", Assertion)),
        )
    ]
