"""The record's fixed words as a person would say them, for the page that a patient takes along."""

from integration_api.access.policy import Resource
from integration_api.web.catalogs import said
from integration_api.wording import Sentence

_WORDS: dict[str, str] = {
    # kinds and states of sessions, routes of a dose
    "screening": Sentence("first visit"),
    "preparation": Sentence("preparation"),
    "dosing": Sentence("dosing session"),
    "integration": Sentence("integration session"),
    "psychotherapy": Sentence("psychotherapy"),
    "planned": Sentence("planned"),
    "in_progress": Sentence("under way"),
    "completed": Sentence("completed"),
    "cancelled": Sentence("cancelled"),
    "intravenous": Sentence("into a vein"),
    "intramuscular": Sentence("into a muscle"),
    "intranasal": Sentence("through the nose"),
    "sublingual": Sentence("under the tongue"),
    "oral": Sentence("by mouth"),
    # commitments
    "open": Sentence("still open"),
    "kept": Sentence("kept"),
    "done": Sentence("done"),
    "let_go": Sentence("let go"),
    # people
    "patient": Sentence("patient"),
    "therapist": Sentence("therapist"),
    "physician": Sentence("physician"),
    "nurse": Sentence("nurse"),
    "admin": Sentence("administrator"),
    "system": Sentence("record system"),
    # the trail
    "create": Sentence("added"),
    "read": Sentence("saw"),
    "update": Sentence("changed"),
    "delete": Sentence("deleted"),
    "search": Sentence("looked through"),
    "refused": Sentence("refused"),
    "not_found": Sentence("not found"),
    "invalid": Sentence("not carried out"),
    "failed": Sentence("did not work"),
    Resource.ME: Sentence("account"),
    Resource.APP: Sentence("apps that were let in"),
    Resource.HOME: Sentence("first screen"),
    Resource.CONSENT: Sentence("consents"),
    Resource.INVITATION: Sentence("invitation"),
    Resource.PATIENT: Sentence("personal details"),
    Resource.CLINICIAN: Sentence("clinicians"),
    Resource.CARE_TEAM: Sentence("care team"),
    Resource.COURSE: Sentence("courses of treatment"),
    Resource.SESSION: Sentence("sessions"),
    Resource.VITALS: Sentence("vital signs"),
    Resource.JOURNAL_ENTRY: Sentence("journal entries"),
    Resource.ATTACHMENT: Sentence("pictures and voice notes"),
    Resource.MOOD_CHECK_IN: Sentence("mood check-ins"),
    Resource.NOTE: Sentence("notes"),
    Resource.TAXONOMY: Sentence("the list of themes"),
    Resource.THEME: Sentence("themes"),
    Resource.MENTION: Sentence("passages in which a theme was found"),
    Resource.INTENTION: Sentence("intentions"),
    Resource.COMMITMENT: Sentence("commitments"),
    Resource.MEASURE: Sentence("the list of questionnaires"),
    Resource.MEASURE_RESPONSE: Sentence("answers to questionnaires"),
    Resource.MEASURE_DUE: Sentence("which questionnaires are due"),
    Resource.PROMPT: Sentence("the list of writing prompts"),
    Resource.PROMPT_OFFER: Sentence("writing prompts"),
    Resource.REMINDER: Sentence("reminders"),
    Resource.SYNC: Sentence("sync with a phone"),
    Resource.BRIEF: Sentence("brief before a session"),
    Resource.CASELOAD: Sentence("overview of patients"),
    Resource.SEARCH: Sentence("search in entries and notes"),
    Resource.SAFETY_FLAG: Sentence("safety flags"),
    Resource.BREAK_GLASS: Sentence("opening in an emergency"),
    Resource.AUDIT_EVENT: Sentence("this list"),
    Resource.WEBHOOK: Sentence("messages to other systems"),
    Resource.SUBSCRIPTION: Sentence("news of changes, sent to a system"),
    Resource.EHR_CONNECTION: Sentence("record systems that the clinic writes to"),
    Resource.EHR_COPY: Sentence("a copy in another record system"),
    Resource.EXPORT: Sentence("a copy of everything"),
    Resource.ERASURE: Sentence("wish to have everything erased"),
}


def word(code: str) -> str:
    """Say one of the record's words; as it is, where there is no better one."""
    return said(_WORDS.get(code, code))
