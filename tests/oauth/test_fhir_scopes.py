"""SMART scopes by FHIR's names: granted by the authorization server, enforced at /fhir/R4, good for nothing else."""

from typing import Any

from flask import Flask

BASE = "/fhir/R4"


def ask(app: Flask, token: str, path: str, **more: Any) -> int:
    method = "POST" if "json" in more else "GET"
    sent = app.test_client().open(path, method=method, headers={"Authorization": f"Bearer {token}"}, **more)
    return int(sent.status_code)


def test_a_backend_service_has_what_it_registered_for_by_fhirs_names(oauth: Any) -> None:
    scope = "system/Patient.crus system/Observation.rs system/DocumentReference.r system/Flag.read"
    backend = oauth.register("Engine", jwks=oauth.key_set(oauth.key), system="engine", scope=scope)
    assertion = oauth.assertion(iss=backend, sub=backend)
    asked = f"{scope} system/Encounter.rs system/Observation.cud openid"
    found = oauth.backend_token(assertion, scope=asked).json
    assert found["scope"].split() == [
        "system/DocumentReference.r", "system/Flag.rs", "system/Observation.rs", "system/Patient.crus"
    ]  # fmt: skip
    token = found["access_token"]
    for path, status in (("Observation", 200), ("Flag", 200), ("DocumentReference", 403), ("Encounter", 403)):
        assert ask(oauth.app, token, f"{BASE}/{path}") == status, path
    assert ask(oauth.app, token, "/v1/journal-entries") == ask(oauth.app, token, "/v1/sessions") == 403
    person = {
        "resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "1"}], "name": [{"text": "Ada"}]
    }  # fmt: skip
    assert ask(oauth.app, token, f"{BASE}/Patient", json=person) == 201
    usual = oauth.backend_token().json
    assert usual["scope"] == "system/*.rs"
    assert ask(oauth.app, usual["access_token"], f"{BASE}/Patient", json=person) == 403


def test_a_patients_application_is_told_whose_record_it_is_and_sees_no_other(oauth: Any) -> None:
    entry = oauth.clinic.write("I am afraid of dying.", mood={"valence": -1})
    said = "launch/patient patient/Observation.rs patient/DocumentReference.r"
    found = oauth.tokens(scope=f"{said} patient/AuditEvent.c", more={"aud": f"http://localhost{BASE}"})
    assert found["patient"] == oauth.clinic.ids["maya"]
    assert set(found["scope"].split()) == set(said.split())
    token = found["access_token"]
    assert ask(oauth.app, token, f"{BASE}/DocumentReference/{entry['id']}") == 200
    assert ask(oauth.app, token, f"{BASE}/Observation?patient={found['patient']}") == 200
    assert ask(oauth.app, token, f"{BASE}/DocumentReference") == ask(oauth.app, token, f"{BASE}/Patient") == 403
    assert ask(oauth.app, token, "/v1/journal-entries") == 403
    theirs = oauth.tokens("tom", scope=said)["access_token"]
    assert ask(oauth.app, theirs, f"{BASE}/DocumentReference/{entry['id']}") == 404


def test_a_clinicians_application_reads_as_its_user_does(oauth: Any) -> None:
    entry = oauth.clinic.write("I am afraid of dying.")
    found = oauth.tokens("therapist", scope="user/DocumentReference.rs user/Patient.cruds patient/Encounter.rs")
    assert found["scope"].split() == ["user/DocumentReference.rs", "user/Patient.rs"]
    assert "patient" not in found
    assert ask(oauth.app, found["access_token"], f"{BASE}/DocumentReference/{entry['id']}") == 200
    assert ask(oauth.app, found["access_token"], f"{BASE}/Encounter") == 403
    other = oauth.tokens("colleague", scope="user/*.rs")["access_token"]
    assert ask(oauth.app, other, f"{BASE}/DocumentReference/{entry['id']}") == 404
    page = oauth.browser("therapist").get(oauth.attempt(scope="user/Observation.rs").path)
    assert "See and search: vital signs, moods, scores of questionnaires, and themes" in page.text
