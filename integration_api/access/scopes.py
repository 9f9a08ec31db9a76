"""Scopes in SMART v2 form, `<context>/<Resource>.<cruds>`: what a token may be used for, never more than its role.

The form: HL7 SMART App Launch 2, "Scopes and Launch Context". The letters stand for create, read, update, delete
and search, in that order.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_FORM = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)")


class Action(StrEnum):
    """What one may do with a record."""

    CREATE = "c"
    READ = "r"
    UPDATE = "u"
    DELETE = "d"
    SEARCH = "s"


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of a token. `resource` is a resource's name or `*`."""

    context: str
    resource: str
    actions: frozenset[Action]

    def allows(self, resource: str, action: Action) -> bool:
        """Tell whether this scope covers the action."""
        return self.resource in ("*", resource) and action in self.actions

    def __str__(self) -> str:
        letters = "".join(action for action in Action if action in self.actions)
        return f"{self.context}/{self.resource}.{letters}"


def parse_scopes(text: str) -> frozenset[Scope]:
    """Read a space-separated list; raise `ValueError` on anything that is not in the form."""
    return frozenset(_parse(word) for word in text.split())


def _parse(word: str) -> Scope:
    match = _FORM.fullmatch(word)
    if match is None or not match[3]:
        raise ValueError("a scope reads like patient/JournalEntry.rs")
    return Scope(match[1], match[2], frozenset(Action(letter) for letter in match[3]))
