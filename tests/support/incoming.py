"""What a record system puts in: a patient, and a visit."""

from typing import Any

MRN = "urn:oid:1.2.36.146.595.217"
VISITS = "https://ehr.example/visits"
SYSTEM_SCOPE = "system/Patient.crus system/Encounter.crus"


def patient(number: str = "7", **more: Any) -> Any:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": MRN, "value": number}],
        "name": [{"use": "official", "family": "Lindqvist", "given": ["Ada", "M."]}],
        "gender": "female",
        "birthDate": "1984-05-17",
        "telecom": [{"system": "phone", "value": "555 0100"}],
        **more,
    }


def visit(subject: Any, number: str = "v-1", **more: Any) -> Any:
    return {
        "resourceType": "Encounter",
        "identifier": [{"system": VISITS, "value": number}],
        "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"},
        "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "75516001"}]}],
        "subject": subject,
        "period": {"start": "2026-04-01T10:00:00+02:00", "end": "2026-04-01T11:00:00+02:00"},
        **more,
    }
