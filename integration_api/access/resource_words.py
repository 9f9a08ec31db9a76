"""What FHIR's resources are called where people read of them: who lets an app in, or looks at who saw the record."""

from collections.abc import Mapping

from integration_api.access.policy import Resource
from integration_api.wording import Sentence

OF_FHIR: Mapping[str, Sentence] = {
    Resource.GROUP: Sentence("the list of the patients of a clinic or a clinician"),
    Resource.PRACTITIONER: Sentence("clinicians"),
    Resource.PRACTITIONER_ROLE: Sentence("what clinicians do at the clinic"),
    Resource.EPISODE_OF_CARE: Sentence("courses of treatment"),
    Resource.ENCOUNTER: Sentence("sessions"),
    Resource.MEDICATION_ADMINISTRATION: Sentence("doses that were given"),
    Resource.OBSERVATION: Sentence(
        "vital signs, moods, scores of questionnaires, and themes that a clinician has confirmed"
    ),
    Resource.DOCUMENT_REFERENCE: Sentence("shared journal entries and progress notes"),
    Resource.QUESTIONNAIRE: Sentence("questionnaires"),
    Resource.QUESTIONNAIRE_RESPONSE: Sentence("answers to questionnaires"),
    Resource.GOAL: Sentence("shared intentions"),
    Resource.CARE_PLAN: Sentence("shared commitments"),
    Resource.FLAG: Sentence("safety flags that a clinician has taken up"),
    Resource.PROVENANCE: Sentence("how themes were found"),
    Resource.DEVICE: Sentence("the programs that find themes"),
    Resource.ORGANIZATION: Sentence("the clinic's name"),
    Resource.CODE_SYSTEM: Sentence("the list of themes and other words that are used"),
    Resource.VALUE_SET: Sentence("the list of themes and other words that are used"),
}
