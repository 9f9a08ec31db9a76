"""Scopes in plain words, for the one who is asked."""

from collections.abc import Callable

from integration_api.access.policy import Resource
from integration_api.access.resource_words import OF_FHIR
from integration_api.access.scopes import OFFLINE, Action, Scope, readable_scopes
from integration_api.wording import Sentence

_RESOURCES: dict[str, str] = {
    "*": Sentence("everything that your account may use"),
    Resource.ME: Sentence("your account's name and role"),
    Resource.APP: Sentence("apps that you have let in"),
    Resource.HOME: Sentence("the first screen of your app"),
    Resource.CONSENT: Sentence("consents"),
    Resource.PATIENT: Sentence("patients"),
    Resource.CLINICIAN: Sentence("clinicians"),
    Resource.CARE_TEAM: Sentence("care teams"),
    Resource.COURSE: Sentence("courses of treatment"),
    Resource.SESSION: Sentence("sessions"),
    Resource.VITALS: Sentence("vital signs"),
    Resource.JOURNAL_ENTRY: Sentence("journal entries"),
    Resource.ATTACHMENT: Sentence("pictures and voice notes of journal entries"),
    Resource.BULK_EXPORT: Sentence("exports of whole records"),
    Resource.EHR_CONNECTION: Sentence("record systems that the clinic writes to"),
    Resource.EHR_COPY: Sentence("copies of documents in record systems"),
    Resource.MOOD_CHECK_IN: Sentence("mood check-ins"),
    Resource.NOTE: Sentence("notes"),
    Resource.TAXONOMY: Sentence("the list of themes"),
    Resource.THEME: Sentence("themes that were found"),
    Resource.MENTION: Sentence("passages in which a theme was found"),
    Resource.INTENTION: Sentence("intentions"),
    Resource.COMMITMENT: Sentence("commitments"),
    Resource.MEASURE: Sentence("the list of questionnaires"),
    Resource.MEASURE_RESPONSE: Sentence("answers to questionnaires"),
    Resource.MEASURE_DUE: Sentence("which questionnaires are due"),
    Resource.PROMPT: Sentence("the list of writing prompts"),
    Resource.PROMPT_OFFER: Sentence("writing prompts that fit you now"),
    Resource.REMINDER: Sentence("reminders, and which of them you want"),
    Resource.SYNC: Sentence("keeping your phone and your record the same"),
    Resource.BRIEF: Sentence("briefs before a session"),
    Resource.CASELOAD: Sentence("your patients at a glance"),
    Resource.SEARCH: Sentence("what is found by searching entries and notes"),
    Resource.SAFETY_FLAG: Sentence("safety flags, which tell the care team what to see soon"),
    Resource.INVITATION: Sentence("invitations for new people"),
    Resource.BREAK_GLASS: Sentence("openings of a record in an emergency"),
    Resource.AUDIT_EVENT: Sentence("who saw or changed what"),
    Resource.WEBHOOK: Sentence("addresses that the clinic's other systems are told at"),
    Resource.SUBSCRIPTION: Sentence("news of changes, sent to a system"),
    Resource.EXPORT: Sentence("a copy of everything about you"),
    Resource.ERASURE: Sentence("the wish to have everything about you erased"),
    **OF_FHIR,
}
_ACTIONS = {
    Action.READ: Sentence("see"),
    Action.SEARCH: Sentence("search"),
    Action.CREATE: Sentence("add"),
    Action.UPDATE: Sentence("change"),
    Action.DELETE: Sentence("delete"),
}
_AND = Sentence("{these} and {last}")
_STAY = Sentence("Stay connected when you are away, until you or your clinic end it")
Say = Callable[[str], str]


def in_words(scope: str, say: Say = str) -> list[str]:
    """Say what each scope allows, one sentence each; `say` puts it into the reader's language."""
    told = [_sentence(each, say) for each in sorted(readable_scopes(scope), key=str)]
    return told + ([say(_STAY)] if OFFLINE in scope.split() else [])


def _sentence(scope: Scope, say: Say) -> str:
    verbs = [say(word) for action, word in _ACTIONS.items() if action in scope.actions]
    listed = verbs[0] if len(verbs) == 1 else say(_AND).format(these=", ".join(verbs[:-1]), last=verbs[-1])
    return f"{listed.capitalize()}: {say(_RESOURCES.get(scope.resource, scope.resource))}"
