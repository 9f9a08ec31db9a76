"""A marker phrase is planted wherever people write, every endpoint is run, and it is found only where it belongs."""

import io
import json
import logging
import zipfile
from typing import Any

import pytest
from files import picture

from models import new_id

MARKER = "zinnober-quartz"
WORDS = f"I am afraid of dying, {MARKER}."
# Who may read the clinic's words at all. The admin reads why the glass was broken, and no entry, note or theme.
READERS = {"maya", "therapist", "physician", "nurse"}
OTHERS = ("tom", "june", "admin", "elsewhere.admin", "elsewhere.therapist", "ehr", None)


def edited_elsewhere(clinic: Any, entry: Any) -> tuple[Any, str, str]:
    """Change an entry, and let another phone edit what it was; give it, its former version and the conflict."""
    conflict = str(new_id())
    change = {"change_id": conflict, "kind": "journal_entry", "id": entry["id"], "op": "put", "base_version": 1}
    path = f"/v1/journal-entries/{entry['id']}"
    entry = clinic.maya.patch(path, {"text": f"{WORDS} Still."}, if_match="*").json
    clinic.maya.post("/v1/sync", {"changes": [change | {"record": {"text": f"{WORDS} Elsewhere."}}]})
    clinic.write(WORDS, is_draft=True)
    version = clinic.maya.read(f"{path}/versions")["items"][-1]["id"]
    return entry, version, conflict


def hooked(clinic: Any) -> dict[str, str]:
    """A webhook with the marker in its name and address, and a ping on its way."""
    hook = clinic.admin.create("/v1/webhooks", {"name": MARKER, "url": f"https://ehr.example/{MARKER}"})["id"]
    delivery = clinic.admin.post(f"/v1/webhooks/{hook}/ping", {}).json["id"]
    told = {"name": MARKER, "base_url": f"https://ehr.example/{MARKER}", "client_id": MARKER, "patient_system": "urn:m"}
    connection = clinic.admin.create("/v1/ehr-connections", told)["id"]
    return {"connection_id": connection, "webhook_id": hook, "delivery_id": delivery, "subscription_id": hook}


def reworded(clinic: Any) -> dict[str, str]:
    """A note that was changed, and what it said before."""
    note = clinic.note(WORDS)["id"]
    clinic.therapist.patch(f"/v1/notes/{note}", {"text": f"{WORDS} Seen."}, if_match="*")
    return {"note_id": note, "former": clinic.therapist.read(f"/v1/notes/{note}/versions")["items"][0]["id"]}


@pytest.fixture
def planted(clinic: Any) -> dict[str, str]:
    """Maya's record, with the marker in every free text that there is."""
    therapist, maya = clinic.therapist, clinic.ids["maya"]
    course = clinic.open_course(indication=WORDS)["id"]
    session = clinic.hold_session(course, "2026-03-08T10:00:00Z", intention=WORDS)["id"]
    vitals = therapist.create(f"/v1/sessions/{session}/vitals", {"at": "2026-03-08T10:20:00Z", "spo2_percent": 98})
    entry = clinic.write(WORDS)
    clinic.write(WORDS, visibility="private")
    files = f"/v1/journal-entries/{entry['id']}/attachments"
    attachment = clinic.maya.call("POST", files, data=picture(), content_type="image/jpeg").json["id"]
    clinic.maya.patch(f"{files}/{attachment}", {"description": WORDS}, if_match="*")
    check_in = clinic.maya.create("/v1/mood-check-ins", {"valence": 1, "arousal": 0, "visibility": "care_team"})["id"]
    clinic.note(WORDS, "psychotherapy")
    clinic.maya.create("/v1/me/consents", {"purpose": "research_export", "is_granted": True, "wording": WORDS})
    clinic.caller("colleague").create(f"/v1/patients/{maya}/break-glass", {"reason": WORDS})
    shared = {"text": WORDS, "visibility": "care_team"}
    entry, version, conflict = edited_elsewhere(clinic, entry)
    intention = clinic.maya.create("/v1/intentions", shared)["id"]
    commitment = clinic.maya.create("/v1/commitments", shared)["id"]
    own = {"theme": "our_hill", "label": MARKER, "facet": "meaning", "definition": WORDS, "phrases": [MARKER]}
    therapist.create("/v1/themes", own)
    asked = {"texts": {"en": f"What of {MARKER}?"}, "purpose": "open", "gentleness": "gentle", "phases": ["later"]}
    prompt = therapist.create("/v1/prompts", asked | {"reviewed_by": MARKER})["id"]
    clinic.write(f"I want to die, {MARKER}.")
    flag = therapist.read("/v1/safety-flags")["items"][0]["id"]
    assert therapist.post(f"/v1/safety-flags/{flag}/acknowledge", {"note": WORDS}).status_code == 200
    therapist.post(f"/v1/mentions/{entry['themes'][0]['id']}/review", {"verdict": "confirmed"})
    answers = {"measure": "phq_9", "answers": [1] * 9}
    response = clinic.maya.create("/v1/measure-responses", answers)["id"]
    clinic.add_ehr()
    return {
        "patient_id": maya, "clinician_id": clinic.ids["nurse"], "course_id": course, "session_id": session,
        "vitals_id": vitals["id"], "entry_id": entry["id"], "theme": "mortality",
        "mention_id": entry["themes"][0]["id"], "flag_id": flag, "name": "css/swagger-ui.css",
        "version_id": version, "conflict_id": conflict, "intention_id": intention, "commitment_id": commitment,
        **hooked(clinic), **reworded(clinic),
        "measure": "phq_9", "response_id": response,
        "attachment_id": attachment, "check_in_id": check_in, "prompt_id": prompt,
        "document_id": entry["id"], "app_id": clinic.let_in_app("maya"),
        "group": clinic.ids["maya"], "export_id": maya, "file_id": maya,
        "kind": "DocumentReference", "record": entry["id"], "version": "1",  # of /fhir/R4, whose own tests try the rest
    }  # fmt: skip


def _are_told_by_admins(where: str) -> bool:
    return any(each in where for each in ("/v1/webhooks", "/v1/ehr-connections"))


def operations(clinic: Any, ids: dict[str, str]) -> list[tuple[str, str]]:
    """Every route that there is, with the planted record in its address; what ends things comes last."""
    found = []
    for rule in clinic.app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            kind = rule._converters[name].__class__.__name__
            path = path.replace(
                f"<{ {'UUIDConverter': 'uuid:', 'PathConverter': 'path:'}.get(kind, '') }{name}>", ids[name]
            )
        assert "<" not in path
        if path.startswith("/v1/notes/"):  # whose versions are others than those of entries
            path = path.replace(ids["version_id"], ids["former"])
        found += [(method, path) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return sorted(found, key=lambda each: (each[0] in ("DELETE", "PUT"), each[1] == "/v1/me/erasure", each))


def unpacked(answer: Any) -> bytes:
    if answer.mimetype != "application/zip":
        return bytes(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        return b"".join(file.read(name) for name in file.namelist())


def test_the_marker_is_found_nowhere_but_where_it_belongs(
    clinic: Any,
    planted: dict[str, str],
    stored: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    broken_tagger: Any,
) -> None:
    caplog.set_level(logging.DEBUG)
    callers = {who: clinic.caller(who) if who else clinic.anybody() for who in (*OTHERS, *sorted(READERS))}
    bad = {
        "text": f"{MARKER} \x00",
        "kind": MARKER,
        "reason": MARKER,
        "id": MARKER,
        "purpose": MARKER,
        "label": 7,
        "note": f"{MARKER} \x00",
    }
    seen: dict[str, set[str | None]] = {}
    for method, path in operations(clinic, planted):
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = None if method == "GET" else json.dumps(bad)
        for who, caller in callers.items():
            answer = caller.call(method, path, data=data, content_type=kind, if_match="*")
            assert answer.status_code != 500, (who, method, path)
            body = unpacked(answer)
            answer.close()
            if MARKER.encode() in body:
                seen.setdefault(f"{method} {path}", set()).add(who)
            if answer.status_code >= 400:
                told = body.decode().replace(f"/{MARKER}", "").replace(f'"{MARKER}"', "")
                assert MARKER not in told, (method, path)
    # An organization's own themes and prompts are for all of it; why the glass was broken is for the admin, too.
    questions = {"GET /v1/prompts/library", f"GET /v1/prompts/{planted['prompt_id']}"}
    for_all = {"GET /v1/themes", *questions, f"GET /v1/patients/{planted['patient_id']}/break-glass"}
    strangers = {where: who - READERS for where, who in seen.items() if who - READERS}
    of_hooks = {
        where for where, who in seen.items() if _are_told_by_admins(where) and who == {"admin"}
    }  # its own words
    assert of_hooks
    assert strangers.keys() <= for_all | of_hooks
    assert {"june", "elsewhere.admin", "elsewhere.therapist", None}.isdisjoint(set().union(*strangers.values()))
    assert {"maya", "therapist"} <= seen["GET /v1/journal-entries"]
    former = f"GET /v1/notes/{planted['note_id']}/versions/{planted['former']}"
    assert (seen["GET /v1/safety-flags"], seen[former]) == ({"therapist", "physician", "nurse"}, READERS)
    with broken_tagger():
        clinic.caller("tom").post("/v1/journal-entries", {"text": WORDS})
    out, err = capfd.readouterr()
    assert MARKER not in caplog.text + out + err
    assert MARKER.encode() not in stored()
