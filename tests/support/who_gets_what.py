"""The table of principals: every operation of the API, and who gets what answer to it."""

from typing import Any

from files import picture

PATIENT, OTHER_PATIENTS = ("maya",), ("tom", "june")
AUTHOR, CARE_TEAM = ("therapist",), ("therapist", "physician", "nurse")
OTHER_CLINICIANS = ("colleague", "elsewhere.therapist")
ADMIN, OTHER_ADMIN, SYSTEM = ("admin",), ("elsewhere.admin",), ("ehr",)
CLINICIANS = CARE_TEAM + OTHER_CLINICIANS
EVERYBODY = PATIENT + OTHER_PATIENTS + CLINICIANS + ADMIN + OTHER_ADMIN + SYSTEM

Expected = dict[str, int]
CONSENT = {"purpose": "research_export", "is_granted": True, "wording": "My words may teach the tagger."}
FILES, JPEG = "/v1/journal-entries/{entry}/attachments", picture()
EHR = {"name": "N", "base_url": "https://ehr.example/r4", "client_id": "c", "patient_system": "urn:mrn"}
HOOK = {"name": "The EHR", "url": "https://ehr.example/hook"}
OWN = {"theme": "our_mountain", "label": "The mountain", "facet": "meaning", "definition": "D.", "phrases": ["my hill"]}

PROMPT = {"texts": {"en": "What did you see?"}, "purpose": "open", "gentleness": "gentle", "phases": ["later"]}


def table(*rows: tuple[tuple[str, ...], int]) -> Expected:
    """Say who gets which answer; everybody else is refused, and nobody is who they say without a token."""
    found = dict.fromkeys(EVERYBODY, 403)
    for who, status in rows:
        found |= dict.fromkeys(who, status)
    return found


def lists(*who: tuple[str, ...]) -> Expected:
    return table(*((each, 200) for each in who))


RECORD_OF_CARE = table((PATIENT, 200), (OTHER_PATIENTS, 404), (CARE_TEAM, 200), (OTHER_CLINICIANS, 404))
SHARED = RECORD_OF_CARE | dict.fromkeys(SYSTEM, 404)  # for a system, until the patient agrees
BY_THE_TEAM = table((CARE_TEAM, 200), (OTHER_CLINICIANS, 404))
PERSON = SHARED | dict.fromkeys(ADMIN, 200) | dict.fromkeys(OTHER_ADMIN, 404)
STAFF = table(((*PATIENT, "tom"), 200), ((*CARE_TEAM, "colleague"), 200), (ADMIN, 200)) | dict.fromkeys(
    ("june", "elsewhere.therapist", *OTHER_ADMIN), 404
)
CARE = (PATIENT, OTHER_PATIENTS, CLINICIANS)

AUTHORS = table((PATIENT + OTHER_PATIENTS + CLINICIANS + SYSTEM, 404), (AUTHOR, 200))  # of a psychotherapy note
WRITERS = table((PATIENT, 200), (OTHER_PATIENTS + CLINICIANS + SYSTEM, 404))  # what an entry said before

# It can be struck once only, so one of the team speaks for all.
ONE_OF_THE_TEAM = table((("nurse",), 204), (OTHER_CLINICIANS, 404))
del ONE_OF_THE_TEAM["therapist"], ONE_OF_THE_TEAM["physician"]

# A name is taken once in an organization, and a theme is there to be taken out once: one speaks for all.
ADD_THEME = table((("nurse", *OTHER_ADMIN), 201))
OWN_THEME = table((("nurse", "therapist", "physician", "colleague", *ADMIN), 200)) | dict.fromkeys(
    ("elsewhere.therapist", *OTHER_ADMIN), 404
)
TAKE_OUT = table((("nurse",), 204), (("elsewhere.therapist", *OTHER_ADMIN), 404))
for _taken in ("therapist", "physician", "colleague", *ADMIN):
    del ADD_THEME[_taken], TAKE_OUT[_taken]
del ADD_THEME["elsewhere.therapist"]

PEOPLE_AND_SYSTEM = PATIENT + OTHER_PATIENTS + SYSTEM
ELSEWHERE = ("elsewhere.therapist", *OTHER_ADMIN)
OWN_PROMPT = table((CLINICIANS + ADMIN, 200), (("june", *ELSEWHERE), 404))
RETIRE = table((("nurse",), 204), (ELSEWHERE, 404))
for _retired in ("therapist", "physician", "colleague", *ADMIN):
    del RETIRE[_retired]

OPENINGS = RECORD_OF_CARE | dict.fromkeys(ADMIN, 200) | dict.fromkeys(OTHER_ADMIN, 404)
BY_ADMIN = table((ADMIN, 200), (OTHER_ADMIN, 404))
OPENED = table((("colleague",), 201), (CARE_TEAM, 409), (("elsewhere.therapist",), 404))

# A flag is acknowledged once; nobody has acknowledged this one, so nothing can be resolved or reopened.
ONE_ACKNOWLEDGES = table((("nurse",), 200), (OTHER_CLINICIANS, 404))
del ONE_ACKNOWLEDGES["therapist"], ONE_ACKNOWLEDGES["physician"]
NOT_YET = table((CARE_TEAM, 409), (OTHER_CLINICIANS, 404))

ANSWERED = table((PATIENT, 201), (CARE_TEAM, 201), (OTHER_PATIENTS + OTHER_CLINICIANS, 422))
TAKEN_BACK = table((PATIENT, 204), (OTHER_PATIENTS, 404), (CARE_TEAM, 403), (OTHER_CLINICIANS, 404))

ONES_OWN_APP = table((OTHER_PATIENTS + CLINICIANS + ADMIN + OTHER_ADMIN, 404))

# method, path, body, who gets what
OPERATIONS: list[tuple[str, str, Any, Expected]] = [
    ("GET", "/v1/me", None, lists(EVERYBODY)),
    ("GET", "/v1/me/apps", None, lists(PATIENT + OTHER_PATIENTS, CLINICIANS, ADMIN, OTHER_ADMIN)),
    ("GET", "/v1/me/apps/{app}", None, ONES_OWN_APP | dict.fromkeys(PATIENT, 200)),
    ("DELETE", "/v1/me/apps/{app}", None, ONES_OWN_APP | dict.fromkeys(PATIENT, 204)),
    ("GET", "/v1/me/home", None, lists(PATIENT + OTHER_PATIENTS)),
    ("GET", "/v1/me/consents", None, table((PATIENT + OTHER_PATIENTS, 200), (SYSTEM, 404))),
    ("POST", "/v1/me/consents", CONSENT, table((PATIENT + OTHER_PATIENTS, 201))),
    ("POST", "/v1/invitations", {"username": "maya"}, table((ADMIN, 201), (OTHER_ADMIN, 422))),
    ("GET", "/v1/me/export", None, lists(PATIENT + OTHER_PATIENTS)),
    ("GET", "/v1/me/erasure", None, table((PATIENT + OTHER_PATIENTS, 404))),
    ("POST", "/v1/me/erasure", {"confirm": "erase everything"}, table((PATIENT + OTHER_PATIENTS, 201))),
    ("GET", "/v1/audit-events", None, lists(PATIENT + OTHER_PATIENTS, ADMIN, OTHER_ADMIN, SYSTEM)),
    *(
        (method, f"/v1/{each}s{'' if record is None else '/{' + each + '}'}", body, expected)
        for each in ("intention", "commitment")
        for method, record, body, expected in (
            ("GET", None, None, lists(*CARE)),
            (
                "POST",
                None,
                "resolve",
                table((PATIENT, 201), (CARE_TEAM, 201), (OTHER_PATIENTS + OTHER_CLINICIANS, 422)),
            ),
            ("GET", each, None, RECORD_OF_CARE),
            ("PATCH", each, {"themes": ["grief"]}, RECORD_OF_CARE),
            (
                "DELETE",
                each,
                None,
                table((PATIENT, 204), (OTHER_PATIENTS, 404), (CARE_TEAM, 403), (OTHER_CLINICIANS, 404)),
            ),
        )
    ),
    ("GET", "/v1/measures", None, lists(EVERYBODY)),
    ("GET", "/v1/measures/phq_9", None, lists(EVERYBODY)),
    ("GET", "/v1/measure-responses", None, lists(SYSTEM, *CARE)),
    ("POST", "/v1/measure-responses", "answers", ANSWERED),
    ("GET", "/v1/measure-responses/{response}", None, SHARED),
    ("DELETE", "/v1/measure-responses/{response}", None, TAKEN_BACK),
    ("GET", "/v1/patients/{maya}/measures", None, SHARED),
    ("GET", "/v1/patients/{maya}/measures/phq_9", None, SHARED),
    ("GET", "/v1/me/measures-due", None, lists(PATIENT + OTHER_PATIENTS)),
    ("GET", "/v1/prompts", None, lists(PATIENT + OTHER_PATIENTS)),
    ("POST", "/v1/prompts", PROMPT, table((CLINICIANS + ADMIN + OTHER_ADMIN, 201))),
    ("GET", "/v1/prompts/library", None, lists(EVERYBODY)),
    ("GET", "/v1/prompts/{own_prompt}", None, OWN_PROMPT | dict.fromkeys((*PATIENT, "tom", *SYSTEM), 200)),
    ("PATCH", "/v1/prompts/{own_prompt}", {"is_on": False}, OWN_PROMPT | dict.fromkeys(PEOPLE_AND_SYSTEM, 403)),
    ("DELETE", "/v1/prompts/{own_prompt}", None, RETIRE),
    ("POST", "/v1/prompts/{own_prompt}/shown", {}, table(((*PATIENT, "tom"), 200), (("june",), 404))),
    ("GET", "/v1/me/reminders", None, lists(PATIENT + OTHER_PATIENTS)),
    ("GET", "/v1/me/reminder-settings", None, lists(PATIENT + OTHER_PATIENTS)),
    ("PATCH", "/v1/me/reminder-settings", {"timezone": None}, lists(PATIENT + OTHER_PATIENTS)),
    ("GET", "/v1/patients/{maya}/brief", None, BY_THE_TEAM),
    ("GET", "/v1/patients/{maya}/brief/page", None, BY_THE_TEAM),
    ("POST", "/v1/patients/{maya}/search", {"words": "afraid"}, RECORD_OF_CARE),
    ("GET", "/v1/caseload", None, lists(CLINICIANS)),
    ("GET", "/v1/patients/{maya}/break-glass", None, OPENINGS),
    ("POST", "/v1/patients/{maya}/break-glass", {"reason": "Her dose is needed now."}, OPENED),
    ("GET", "/v1/webhooks", None, lists(ADMIN, OTHER_ADMIN)),
    ("POST", "/v1/webhooks", HOOK, table((ADMIN + OTHER_ADMIN, 201))),
    ("GET", "/v1/webhooks/{webhook}", None, BY_ADMIN),
    ("PATCH", "/v1/webhooks/{webhook}", {"state": "paused"}, BY_ADMIN),
    ("DELETE", "/v1/webhooks/{webhook}", None, table((ADMIN, 204), (OTHER_ADMIN, 404))),
    ("POST", "/v1/webhooks/{webhook}/rotate-secret", {}, BY_ADMIN),
    ("POST", "/v1/webhooks/{webhook}/ping", {}, BY_ADMIN),
    ("GET", "/v1/webhooks/{webhook}/deliveries", None, BY_ADMIN),
    # It waits to be sent, so there is nothing to replay yet.
    ("POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/replay", {}, table((ADMIN, 409), (OTHER_ADMIN, 404))),
    ("GET", "/v1/ehr-connections", None, lists(ADMIN, OTHER_ADMIN)),
    ("POST", "/v1/ehr-connections", EHR, table((ADMIN + OTHER_ADMIN, 201))),
    ("GET", "/v1/ehr-connections/{connection}", None, BY_ADMIN),
    ("PATCH", "/v1/ehr-connections/{connection}", {"name": "Other"}, BY_ADMIN),
    ("GET", "/v1/ehr-connections/{connection}/copies", None, BY_ADMIN),
    ("GET", "/v1/documents/{entry}/ehr-copies", None, RECORD_OF_CARE),
    ("GET", "/v1/documents/{private}/ehr-copies", None, table((PATIENT + OTHER_PATIENTS + CLINICIANS, 404))),
    # Maya has not agreed, so that the care team is refused; for the others there is no such document.
    ("POST", "/v1/documents/{entry}/ehr-copies", {}, table((OTHER_CLINICIANS, 404))),
    ("POST", "/v1/documents/{psychotherapy}/ehr-copies", {}, table((CLINICIANS, 404))),
    ("GET", "/v1/themes", None, lists(EVERYBODY)),
    ("GET", "/v1/themes/grief", None, lists(EVERYBODY)),
    ("POST", "/v1/themes", "theme", ADD_THEME),
    ("PATCH", "/v1/themes/{own_theme}", {"label": "L."}, OWN_THEME),
    ("DELETE", "/v1/themes/{own_theme}", None, TAKE_OUT),
    ("GET", "/v1/patients", None, lists(SYSTEM, *CARE, ADMIN, OTHER_ADMIN)),
    ("POST", "/v1/patients", {"name": "New"}, table((ADMIN + OTHER_ADMIN, 201))),
    ("GET", "/v1/patients/{maya}", None, PERSON),
    ("PATCH", "/v1/patients/{maya}", {"name": "Maya L."}, table((ADMIN, 200), (OTHER_ADMIN, 404))),
    ("PATCH", "/v1/patients/{maya}", {"is_active": True}, table((ADMIN, 200), (OTHER_ADMIN, 404))),
    ("GET", "/v1/patients/{maya}/care-team", None, PERSON),
    ("PUT", "/v1/patients/{maya}/care-team", "care team", table((ADMIN, 200), (OTHER_ADMIN, 404))),
    ("GET", "/v1/clinicians", None, lists(*CARE, ADMIN, OTHER_ADMIN)),
    ("POST", "/v1/clinicians", {"name": "New", "role": "nurse"}, table((ADMIN + OTHER_ADMIN, 201))),
    ("GET", "/v1/clinicians/{nurse}", None, STAFF),
    ("PATCH", "/v1/clinicians/{nurse}", {"name": "N."}, table((ADMIN, 200), (OTHER_ADMIN, 404))),
    ("GET", "/v1/courses", None, lists(SYSTEM, *CARE)),
    ("POST", "/v1/courses", "course", table((CARE_TEAM, 201), (OTHER_CLINICIANS, 422))),
    ("GET", "/v1/courses/{course}", None, SHARED),
    ("PATCH", "/v1/courses/{course}", {"status": "completed"}, BY_THE_TEAM),
    ("GET", "/v1/sessions", None, lists(SYSTEM, *CARE)),
    ("POST", "/v1/sessions", "session", table((CARE_TEAM, 201), (OTHER_CLINICIANS, 422))),
    ("GET", "/v1/sessions/{session}", None, SHARED),
    ("PUT", "/v1/sessions/{session}", "session", BY_THE_TEAM),
    ("PATCH", "/v1/sessions/{session}", {"setting": "home"}, BY_THE_TEAM),
    ("GET", "/v1/sessions/{session}/vitals", None, SHARED),
    ("POST", "/v1/sessions/{session}/vitals", "vitals", table((CARE_TEAM, 201), (OTHER_CLINICIANS, 404))),
    ("GET", "/v1/sessions/{session}/vitals/{vitals}", None, SHARED),
    ("DELETE", "/v1/sessions/{session}/vitals/{vitals}", None, ONE_OF_THE_TEAM),
    ("GET", "/v1/journal-entries", None, lists(SYSTEM, *CARE)),
    ("POST", "/v1/journal-entries", {"text": "Mine."}, table((PATIENT + OTHER_PATIENTS, 201))),
    ("GET", "/v1/journal-entries/{entry}", None, SHARED),
    ("GET", "/v1/journal-entries/{private}", None, SHARED | dict.fromkeys(CARE_TEAM, 404)),
    ("PUT", "/v1/journal-entries/{entry}", {"text": "New."}, table((PATIENT, 200), (OTHER_PATIENTS, 404))),
    ("PATCH", "/v1/journal-entries/{entry}", {"text": "New."}, table((PATIENT, 200), (OTHER_PATIENTS, 404))),
    ("DELETE", "/v1/journal-entries/{entry}", None, table((PATIENT, 204), (OTHER_PATIENTS, 404))),
    ("GET", f"{FILES}", None, SHARED),
    ("POST", f"{FILES}", JPEG, table((PATIENT, 201), (OTHER_PATIENTS, 404))),
    ("GET", f"{FILES}/{{attachment}}", None, SHARED),
    ("GET", f"{FILES}/{{attachment}}/content", None, SHARED),
    ("PATCH", f"{FILES}/{{attachment}}", {"description": "A door."}, table((PATIENT, 200), (OTHER_PATIENTS, 404))),
    ("DELETE", f"{FILES}/{{attachment}}", None, table((PATIENT, 204), (OTHER_PATIENTS, 404))),
    ("GET", "/v1/mood-check-ins", None, lists(*CARE)),
    ("POST", "/v1/mood-check-ins", {"valence": 1, "arousal": 0}, table((PATIENT + OTHER_PATIENTS, 201))),
    ("GET", "/v1/mood-check-ins/{check_in}", None, RECORD_OF_CARE),
    ("DELETE", "/v1/mood-check-ins/{check_in}", None, table((PATIENT, 204), (OTHER_PATIENTS, 404))),
    ("GET", "/v1/journal-entries/{entry}/versions", None, WRITERS),
    ("GET", "/v1/journal-entries/{entry}/versions/{version}", None, WRITERS),
    (
        "POST",
        "/v1/journal-entries/{entry}/conflicts/{conflict}/resolve",
        {"text": "Both."},
        table((PATIENT, 200), (OTHER_PATIENTS, 404)),
    ),
    ("POST", "/v1/sync", {"token": None}, lists(PATIENT + OTHER_PATIENTS)),
    ("GET", "/v1/notes", None, lists(SYSTEM, *CARE)),
    ("POST", "/v1/notes", "note", table((CARE_TEAM, 201), (OTHER_CLINICIANS, 422))),
    ("GET", "/v1/notes/{note}", None, SHARED),
    ("GET", "/v1/notes/{psychotherapy}", None, AUTHORS),
    ("GET", "/v1/notes/{note}/versions", None, SHARED),
    ("GET", "/v1/notes/{note}/versions/{former}", None, SHARED),
    ("GET", "/v1/notes/{psychotherapy}/versions", None, AUTHORS),
    ("PUT", "/v1/notes/{note}", "note", table((AUTHOR, 200), (OTHER_CLINICIANS, 404))),
    ("PATCH", "/v1/notes/{note}", {"text": "New."}, table((AUTHOR, 200), (OTHER_CLINICIANS, 404))),
    ("PATCH", "/v1/notes/{psychotherapy}", {"text": "New."}, table((CLINICIANS, 404), (AUTHOR, 200))),
    ("DELETE", "/v1/notes/{note}", None, table((AUTHOR, 204), (OTHER_CLINICIANS, 404))),
    ("GET", "/v1/patients/{maya}/themes", None, RECORD_OF_CARE),
    ("GET", "/v1/patients/{maya}/themes/mortality", None, RECORD_OF_CARE),
    ("GET", "/v1/patients/{maya}/motifs", None, RECORD_OF_CARE),
    ("GET", "/v1/patients/{maya}/patterns", None, RECORD_OF_CARE),
    ("GET", "/v1/mentions/{mention}", None, RECORD_OF_CARE),
    ("GET", "/v1/mentions/{private_mention}", None, RECORD_OF_CARE | dict.fromkeys(CARE_TEAM, 404)),
    ("POST", "/v1/mentions/{mention}/review", {"verdict": "confirmed"}, BY_THE_TEAM),
    ("GET", "/v1/safety-flags", None, lists(CLINICIANS)),
    ("GET", "/v1/safety-flags/{flag}", None, BY_THE_TEAM),
    ("POST", "/v1/safety-flags/{flag}/acknowledge", {}, ONE_ACKNOWLEDGES),
    ("POST", "/v1/safety-flags/{flag}/assign", "assignment", BY_THE_TEAM),
    ("POST", "/v1/safety-flags/{flag}/resolve", {"note": "Seen."}, NOT_YET),
    ("POST", "/v1/safety-flags/{flag}/reopen", {"note": "Again."}, NOT_YET),
]


def body_for(name: Any, ids: dict[str, str]) -> Any:
    bodies = {
        "care team": {"members": [{"clinician_id": ids["therapist"]}]},
        "course": {"patient_id": ids["maya"]},
        "session": {"course_id": ids["course"], "kind": "integration", "starts_at": "2026-03-09T10:00:00Z"},
        "vitals": {"at": "2026-03-08T11:00:00Z", "spo2_percent": 97},
        "theme": OWN,
        "resolve": {"patient_id": ids["maya"], "text": "To meet it."},
        "assignment": {"clinician_id": ids["nurse"]},
        "answers": {"patient_id": ids["maya"], "measure": "gad_2", "answers": [1, 0]},
        "note": {"patient_id": ids["maya"], "kind": "progress", "text": "Seen."},
    }
    return bodies[name] if isinstance(name, str) else name
