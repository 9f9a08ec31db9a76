"""Scopes in SMART v2 form, `<context>/<Resource>.<cruds>`: what a token may be used for, never more than its role.

The form: HL7 SMART App Launch 2, "Scopes and Launch Context". The letters stand for create, read, update, delete
and search, in that order. Resources have our own names, or FHIR's for what /fhir/R4 serves.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

# What SMART clients ask for beside permissions. None of these words lets a token do anything.
OFFLINE, LAUNCH_PATIENT = "offline_access", "launch/patient"
WORDS = frozenset({OFFLINE, LAUNCH_PATIENT, "openid", "fhirUser", "launch", "online_access"})
_FORM = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": "cruds"}  # SMART App Launch 1 said it like this


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

    def within(self, ceiling: "Scope") -> "Scope | None":
        """Give what this scope and another both allow; None where that is nothing."""
        resource = ceiling.resource if self.resource == "*" else self.resource
        actions = self.actions & ceiling.actions
        if self.context != ceiling.context or ceiling.resource not in ("*", resource) or not actions:
            return None
        return Scope(self.context, resource, actions)


def parse_scopes(text: str) -> frozenset[Scope]:
    """Read a space-separated list; raise `ValueError` on anything that is neither in the form nor a known word."""
    return frozenset(_parse(word) for word in text.split() if word not in WORDS)


def readable_scopes(text: str) -> frozenset[Scope]:
    """Read what is in the form, and leave out what is not."""
    return frozenset(_parse(word) for word in text.split() if (found := _FORM.fullmatch(word)) and found[3])


def common(asked: frozenset[Scope], ceiling: frozenset[Scope]) -> frozenset[Scope]:
    """Give what both lists allow."""
    pairs = (one.within(other) for one in asked for other in ceiling)
    return frozenset(found for found in pairs if found is not None)


def _parse(word: str) -> Scope:
    match = _FORM.fullmatch(word)
    if match is None or not match[3]:
        raise ValueError("a scope reads like patient/JournalEntry.rs")
    letters = _FIRST_VERSION.get(match[3], match[3])
    return Scope(match[1], match[2], frozenset(Action(letter) for letter in letters))
