"""Scopes in plain words, for the one who is asked."""

from integration_api.access.policy import Resource
from integration_api.access.scopes import OFFLINE, Action, Scope, readable_scopes

_RESOURCES: dict[str, str] = {
    "*": "everything that your account may use",
    Resource.ME: "your account's name and role",
    Resource.CONSENT: "consents",
    Resource.PATIENT: "patients",
    Resource.CLINICIAN: "clinicians",
    Resource.CARE_TEAM: "care teams",
    Resource.COURSE: "courses of treatment",
    Resource.SESSION: "sessions",
    Resource.VITALS: "vital signs",
    Resource.JOURNAL_ENTRY: "journal entries",
    Resource.NOTE: "notes",
    Resource.TAXONOMY: "the list of themes",
    Resource.THEME: "themes that were found",
    Resource.MENTION: "passages in which a theme was found",
    Resource.INTENTION: "intentions",
    Resource.COMMITMENT: "commitments",
    Resource.BRIEF: "briefs before a session",
    Resource.CASELOAD: "your patients at a glance",
    Resource.SEARCH: "what is found by searching entries and notes",
    Resource.SAFETY_FLAG: "safety flags, which tell the care team what to see soon",
    Resource.INVITATION: "invitations for new people",
    Resource.BREAK_GLASS: "openings of a record in an emergency",
    Resource.AUDIT_EVENT: "who saw or changed what",
    Resource.EXPORT: "a copy of everything about you",
    Resource.ERASURE: "the wish to have everything about you erased",
}
_ACTIONS = {
    Action.READ: "see",
    Action.SEARCH: "search",
    Action.CREATE: "add",
    Action.UPDATE: "change",
    Action.DELETE: "delete",
}
_STAY = "Stay connected when you are away, until you or your clinic end it"


def in_words(scope: str) -> list[str]:
    """Say what each scope allows, one sentence each."""
    told = [_sentence(each) for each in sorted(readable_scopes(scope), key=str)]
    return told + ([_STAY] if OFFLINE in scope.split() else [])


def _sentence(scope: Scope) -> str:
    verbs = [word for action, word in _ACTIONS.items() if action in scope.actions]
    listed = verbs[0] if len(verbs) == 1 else f"{', '.join(verbs[:-1])} and {verbs[-1]}"
    return f"{listed.capitalize()}: {_RESOURCES.get(scope.resource, scope.resource)}"
