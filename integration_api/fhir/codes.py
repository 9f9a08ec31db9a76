"""The codes that we use, each with where it was verified. What could not be verified is said in words only.

R4: HL7 FHIR R4 4.0.1's own code systems and value sets. US Core: the HL7 US Core implementation guide's profiles.
"""

from integration_api.fhir.elements import Json, coding

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_HL7 = "http://terminology.hl7.org/CodeSystem"
ACT_CODE = f"{_HL7}/v3-ActCode"
ACT_REASON = f"{_HL7}/v3-ActReason"
NULL_FLAVOR = f"{_HL7}/v3-NullFlavor"
OBSERVATION_CATEGORY = f"{_HL7}/observation-category"
_OBSERVATION_VALUE = f"{_HL7}/v3-ObservationValue"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
ABSENT = f"{_HL7}/data-absent-reason"

# Labels (v3 code systems in R4). AIAST came after R4, by HL7 Terminology 6.0.0 and the AI Transparency guide.
RESTRICTED = coding(f"{_HL7}/v3-Confidentiality", "R", "restricted")
MENTAL_HEALTH = coding(ACT_CODE, "MH", "mental health information sensitivity")
PATIENT_ASSERTED = coding(_OBSERVATION_VALUE, "PATAST", "patient asserted")
CLINICIAN_ASSERTED = coding(_OBSERVATION_VALUE, "CLINAST", "clinician asserted")
AI_ASSERTED = coding(_OBSERVATION_VALUE, "AIAST", "Artificial Intelligence asserted")
SUBSETTED = coding(_OBSERVATION_VALUE, "SUBSETTED", "subsetted")

# Documents (R4, value set c80-doc-typecodes; US Core, category of DocumentReference).
PATIENT_NOTE = coding(LOINC, "51855-5", "Patient Note")
PROGRESS_NOTE = coding(LOINC, "34904-3", "Mental health Progress note")
CLINICAL_NOTE = coding(
    "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note"
)
PATIENT_CONSENT = coding(LOINC, "59284-0", "Patient Consent")

# Vital signs (R4's vital signs profiles; the second code of pulse oximetry: US Core).
VITAL_SIGNS = coding(OBSERVATION_CATEGORY, "vital-signs", "Vital Signs")
BLOOD_PRESSURE = coding(LOINC, "85354-9", "Blood pressure panel with all children optional")
SYSTOLIC = coding(LOINC, "8480-6", "Systolic blood pressure")
DIASTOLIC = coding(LOINC, "8462-4", "Diastolic blood pressure")
HEART_RATE = coding(LOINC, "8867-4", "Heart rate")
OXYGEN_SATURATION = coding(LOINC, "2708-6", "Oxygen saturation in Arterial blood")
PULSE_OXIMETRY = coding(LOINC, "59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry")
SURVEY = coding(OBSERVATION_CATEGORY, "survey", "Survey")
THERAPY = coding(OBSERVATION_CATEGORY, "therapy", "Therapy")

# Ketamine (RxNorm ingredient: two public code tables) and its routes (SNOMED CT: R4's route codes, published guides).
KETAMINE = coding(RXNORM, "6130", "ketamine")
ROUTES: dict[str, Json] = {
    "intravenous": coding(SNOMED, "47625008", "Intravenous route"),
    "intramuscular": coding(SNOMED, "78421000", "Intramuscular route"),
    "intranasal": coding(SNOMED, "46713006", "Nasal route"),
    "sublingual": coding(SNOMED, "37839007", "Sublingual route"),
    "oral": coding(SNOMED, "26643006", "Oral route"),
}
PSYCHOTHERAPY = coding(SNOMED, "75516001", "Psychotherapy")
_INDIVIDUAL_PSYCHOTHERAPY = "18512000"
PSYCHOTHERAPIES = frozenset({(SNOMED, "75516001"), (SNOMED, _INDIVIDUAL_PSYCHOTHERAPY)})

# What is said of a theme: SNOMED CT's context values, the axes of ConText.
KNOWN_PRESENT = coding(SNOMED, "410515003", "Known present")
KNOWN_ABSENT = coding(SNOMED, "410516002", "Known absent")
TEMPORAL_CONTEXT = coding(SNOMED, "408731000", "Temporal context")
CURRENT = coding(SNOMED, "410512000", "Current or specified")
PAST = coding(SNOMED, "410513005", "In the past")
SUBJECT_CONTEXT = coding(SNOMED, "408732007", "Subject relationship context")
SUBJECT_OF_RECORD = coding(SNOMED, "410604004", "Subject of record")
DERIVATION = "http://hl7.org/fhir/StructureDefinition/derivation-reference"

SAFETY = coding(f"{_HL7}/flag-category", "safety", "Safety")
PRIVACY = coding(f"{_HL7}/consentscope", "patient-privacy", "Privacy Consent")
OPT_IN, OPT_OUT = coding(ACT_CODE, "OPTIN", "opt-in"), coding(ACT_CODE, "OPTOUT", "op-out")
_PARTICIPANT = f"{_HL7}/provenance-participant-type"
AUTHOR, VERIFIER = coding(_PARTICIPANT, "author", "Author"), coding(_PARTICIPANT, "verifier", "Verifier")
REST = coding(f"{_HL7}/audit-event-type", "rest", "RESTful Operation")
OBJECT_PATIENT = coding(f"{_HL7}/object-role", "1", "Patient")
OBJECT_DOMAIN = coding(f"{_HL7}/object-role", "4", "Domain Resource")
