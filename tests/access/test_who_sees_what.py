"""The table of principals, tried on every route: who gets what, who is refused, for whom it does not exist."""

import re
from typing import Any

import pytest
from flask import Flask
from who_gets_what import ADMIN, AUTHOR, CARE_TEAM, EVERYBODY, FILES, OPERATIONS, PATIENT, Expected, body_for


def ask(caller: Any, method: str, path: str, body: Any) -> int:
    if isinstance(body, bytes):
        return int(caller.call(method, path, data=body, content_type="image/jpeg").status_code)
    more = {} if method == "POST" else {"if_match": "*"}
    if method == "DELETE":
        return int(caller.delete(path, **more).status_code)
    return int(getattr(caller, method.lower())(path, body, **more).status_code)


READS = [each for each in OPERATIONS if each[0] == "GET"]
CHANGES = [each for each in OPERATIONS if each[0] != "GET"]


def test_everybody_reads_what_the_table_says(world: Any, attach: Any) -> None:
    """One world for all: who reads changes nothing but the trail."""
    attach()
    callers = {who: world.caller(who) for who in EVERYBODY}
    for _, template, _, expected in READS:
        path = template.format(**world.ids)
        assert world.anybody().get(path).status_code == 401, template
        assert {who: callers[who].get(path).status_code for who in expected} == expected, template


@pytest.mark.parametrize(
    ("method", "template", "body", "expected"), CHANGES, ids=[f"{each[0]} {each[1]}" for each in CHANGES]
)
def test_everybody_changes_what_the_table_says(
    world: Any, attach: Any, method: str, template: str, body: Any, expected: Expected
) -> None:
    if "{attachment}" in template:
        attach()
    path = template.format(**world.ids)
    body = body_for(body, world.ids)
    assert ask(world.anybody(), method, path, body) == 401
    # Those who may change something come last: after them it may be gone.
    by_refusal = sorted(expected.items(), key=lambda each: -each[1])
    found = {who: ask(world.caller(who), method, path, body) for who, _ in by_refusal}
    assert found == expected


def test_the_table_covers_every_route(app: Flask) -> None:
    known = {(method, re.sub(r"\{[^}]+\}", "*", path)) for method, path, *_ in OPERATIONS}
    known = {(method, re.sub(r"/(themes|measures)/\w+$", r"/\1/*", path)) for method, path in known}
    routes = {
        (method, re.sub(r"<[^>]+>", "*", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/")
    }
    assert known == routes


def test_every_operation_says_what_it_requires(app: Flask) -> None:
    for path, operations in app.extensions["contract"]["paths"].items():
        for operation in (each for each in operations.values() if isinstance(each, dict)):
            assert path.startswith("/v1/") == ("x-requires" in operation)


class TestLists:
    """A list holds what its caller may read one by one, and nothing else."""

    SEEN_BY = (
        ("/v1/patients", "maya", PATIENT + CARE_TEAM + ADMIN),
        ("/v1/courses", "course", PATIENT + CARE_TEAM),
        ("/v1/sessions", "session", PATIENT + CARE_TEAM),
        ("/v1/journal-entries", "entry", PATIENT + CARE_TEAM),
        ("/v1/journal-entries", "private", PATIENT),
        (FILES, "attachment", PATIENT + CARE_TEAM),
        ("/v1/mood-check-ins", "check_in", PATIENT + CARE_TEAM),
        ("/v1/safety-flags", "flag", CARE_TEAM),
        ("/v1/measure-responses", "response", PATIENT + CARE_TEAM),
        ("/v1/notes", "note", PATIENT + CARE_TEAM),
        ("/v1/notes", "psychotherapy", AUTHOR),
        ("/v1/me/apps", "app", PATIENT),
    )

    def test_a_record_is_listed_for_those_who_may_read_it(self, world: Any, attach: Any) -> None:
        attach()
        callers = {who: world.caller(who) for who in EVERYBODY}
        for path, key, seen_by in self.SEEN_BY:
            answers = {who: caller.get(path.format(**world.ids)) for who, caller in callers.items()}
            listed = {who: answer.json["items"] for who, answer in answers.items() if answer.status_code == 200}
            found = {who for who, items in listed.items() if world.ids[key] in [each["id"] for each in items]}
            assert found == set(seen_by), (path, key)

    def test_a_clinician_who_leaves_the_care_team_sees_no_more(self, world: Any) -> None:
        nurse, path = world.caller("nurse"), f"/v1/patients/{world.ids['maya']}/care-team"
        assert nurse.get(f"/v1/journal-entries/{world.ids['entry']}").status_code == 200
        world.admin.put(path, body_for("care team", world.ids), if_match=world.admin.etag(path))
        assert nurse.get(f"/v1/journal-entries/{world.ids['entry']}").status_code == 404
        assert nurse.read("/v1/journal-entries")["items"] == []
