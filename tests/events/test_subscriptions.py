"""FHIR topic-based Subscriptions: a system subscribes for itself, takes the handshake, and is notified by id."""

import copy
from typing import Any

import pytest
from click.testing import CliRunner
from fhirclient.models.bundle import Bundle
from fhirclient.models.subscription import Subscription
from joserfc.jwk import ECKey
from subscribing import BACKPORT, FHIR, PATH, asked, filtered, status_in, subscribe

from integration_api import cli
from integration_api.db import unit_of_work
from integration_api.errors import Invalid
from integration_api.events.fhir import TOPIC, read_subscription
from integration_api.oauth.clients import admin_named, draft_of, register_client, switch_off


@pytest.fixture
def run(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(cli, "_app", lambda: clinic.app)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments)


@pytest.fixture
def path(ehr: Any, receiver: Any) -> str:
    """Where the system's Subscription is: to documents, with a heartbeat, and a header of its receiver's own."""
    beat = [{"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": 60}]
    header = ["Authorization: Bearer their-own"]
    answer = subscribe(ehr, filtered(asked(receiver.address, extension=beat, header=header), "DocumentReference"))
    assert (answer.status_code, answer.mimetype, answer.json["status"]) == (201, FHIR, "requested")
    Subscription(answer.json)
    assert "their-own" not in answer.text
    return str(answer.headers["Location"].removeprefix("http://localhost"))


def test_a_system_is_notified_once_it_has_taken_the_handshake(
    path: str, ehr: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    entry = agreed.write("I miss my father.")
    agreed.write("Mine alone.", visibility="private")
    agreed.hold_session(agreed.open_course()["id"], "2026-03-08T10:00:00Z")  # not asked for
    receiver.answers = [(500, {})]
    work()
    assert ehr.read(path)["status"] == "requested"  # nothing is told before the handshake is taken
    clock.turn(seconds=10)
    work()
    bundles = receiver.bodies
    for each in bundles:
        Bundle(each)
    kinds = [status_in(each)["type"] for each in bundles]
    assert kinds == ["handshake-notification", "handshake-notification", "event-notification"]
    assert ehr.read(path)["status"] == "active"
    (headers, body) = receiver.got[-1]
    assert (headers["authorization"], headers["content-type"]) == ("Bearer their-own", FHIR)
    assert b"father" not in body
    told = status_in(bundles[-1])
    assert (told["status"], told["topic"], told["events-since-subscription-start"]) == ("active", TOPIC, "1")
    (_, notified) = bundles[-1]["entry"]
    assert notified["fullUrl"].endswith(f"/fhir/R4/DocumentReference/{entry['id']}")
    assert (notified["request"]["method"], "resource" in notified) == ("POST", False)


def test_it_beats_while_nothing_happens_and_hears_nothing_without_consent(
    path: str, ehr: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    work()
    clock.turn(seconds=61)
    work()
    assert [status_in(each)["type"] for each in receiver.bodies][1:] == ["heartbeat-notification"]
    agreed.write("One.")
    work()
    status = status_in(ehr.read(f"{path}/$status"))
    assert (status["type"], status["events-since-subscription-start"]) == ("query-status", "1")
    agreed.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": False, "wording": "No more."})
    agreed.write("Not for the EHR.")
    before = len(receiver.got)
    work()
    assert len(receiver.got) == before


def test_it_is_its_systems_own_and_ends_when_it_is_to(
    ehr: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    end = {"end": (clock().replace(microsecond=0)).isoformat()}
    first = subscribe(ehr, asked(receiver.address) | end).headers["Location"].removeprefix("http://localhost")
    second = subscribe(ehr, filtered(asked(receiver.address), f"Encounter?patient=Patient/{agreed.ids['maya']}"))
    path = second.headers["Location"].removeprefix("http://localhost")
    for caller, expected in ((agreed.admin, 403), (agreed.maya, 403), (agreed.therapist, 403), (agreed.anybody(), 401)):
        assert [caller.get(PATH).status_code, caller.get(path).status_code] == [expected, expected]
        assert subscribe(caller, asked(receiver.address)).status_code == expected
    assert ehr.read(PATH)["total"] == 2
    assert {each["format"] for each in agreed.admin.read("/v1/webhooks")["items"]} == {"fhir"}
    hook = f"/v1/webhooks/{path.rpartition('/')[2]}"
    elsewhere = {"url": "https://elsewhere.example/"}
    assert agreed.admin.patch(hook, elsewhere, if_match="*").status_code == 422
    work()
    assert (ehr.read(first)["status"], ehr.read(path)["status"]) == ("off", "active")
    toms = filtered(asked(receiver.address), f"Encounter?patient=Patient/{agreed.ids['tom']}")
    assert subscribe(ehr, toms).status_code == 422  # he has not agreed, so he is not there
    assert ehr.delete(path).status_code == 204
    assert ehr.get(path).status_code == 404


def test_what_it_is_not_searched_by_is_refused_rather_than_left_out_unsaid(path: str, ehr: Any) -> None:
    lenient = {"Prefer": "handling=lenient"}
    for asked_by in (PATH, path, f"{path}/$status"):
        refused = ehr.get(f"{asked_by}?patient=x")
        (issue,) = refused.json["issue"]
        assert (refused.status_code, issue["expression"]) == (400, ["http.patient"]), asked_by
        assert ehr.get(f"{asked_by}?patient=x", headers=lenient).status_code == 200, asked_by
        assert ehr.get(f"{asked_by}?_format=json").status_code == 200, asked_by
    assert ehr.get(f"{PATH}?_count=few", headers=lenient).status_code == 400


def test_it_ends_with_the_last_client_that_acts_as_its_system(
    path: str, ehr: Any, agreed: Any, receiver: Any, work: Any, clock: Any
) -> None:
    app, keys = agreed.app, {"keys": [ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)]}
    with app.app_context(), unit_of_work() as db_session:
        home = admin_named(db_session, "admin")
        drafts = [draft_of(name, jwks=keys, system=system) for name, system in (("a", "ehr"), ("b", "ehr"), ("c", "x"))]
        first, second, another = (register_client(db_session, home, draft).client_id for draft in drafts)

    def told_after(client_id: str) -> int:
        with app.app_context(), unit_of_work() as db_session:
            switch_off(db_session, client_id)
        agreed.write("I miss my father.")
        clock.turn(seconds=61)
        before = len(receiver.got)
        work()
        return len(receiver.got) - before

    work()
    assert [told_after(another), told_after(first)] == [1, 1]
    agreed.write("On its way when it is switched off.")
    assert told_after(second) == 0
    (ended,) = agreed.admin.read("/v1/webhooks")["items"]
    assert (ended["state"], ended["state_reason"]) == ("disabled", "ended")
    assert ehr.read(path)["status"] == "off"


def test_what_has_ended_takes_nobodys_place(
    ehr: Any, agreed: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that is let in again sets up as many as before, and the clinic's admin webhooks beside them."""
    app, keys = agreed.app, {"keys": [ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)]}
    hook = {"name": "Board", "url": receiver.address}
    for module in ("subscriptions", "use_cases"):
        monkeypatch.setattr(f"integration_api.events.{module}._AT_MOST", 3)

    def set_up() -> list[int]:
        answers = [subscribe(ehr, asked(receiver.address)) for _ in range(4)]
        return [each.status_code for each in answers]

    assert set_up() == [201, 201, 201, 409]
    assert agreed.admin.post("/v1/webhooks", hook).status_code == 409
    with app.app_context(), unit_of_work() as db_session:
        draft = draft_of("EHR", jwks=keys, system="ehr")
        switch_off(db_session, register_client(db_session, admin_named(db_session, "admin"), draft).client_id)
    made = agreed.admin.create("/v1/webhooks", hook)
    assert agreed.admin.delete(f"/v1/webhooks/{made['id']}", if_match="*").status_code == 204
    assert set_up() == [201, 201, 201, 409]


@pytest.mark.database_free
@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        (("resourceType",), "Patient", ""),
        (("criteria",), "Observation?code=x", "/criteria"),
        (("status",), "active", "/status"),
        (("end",), "tomorrow", "/end"),
        (("channel", "type"), "email", "/channel/type"),
        (("channel", "endpoint"), 5, "/channel/endpoint"),
        (("channel", "payload"), "text/plain", "/channel/payload"),
        (("channel", "header"), ["Host: elsewhere"], "/channel/header"),
        (("channel", "header"), ["X: a\r\nY: b"], "/channel/header"),
        (
            ("channel", "_payload"),
            {"extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": "full-resource"}]},
            "/channel/_payload/extension",
        ),
        (
            ("channel", "extension"),
            [{"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": 1}],
            "/channel/extension",
        ),
        (
            ("_criteria",),
            {"extension": [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": "Observation?code=1"}]},
            "/_criteria/extension",
        ),
    ],
)
def test_what_cannot_be_had(place: tuple[str, ...], value: Any, pointer: str) -> None:
    resource = copy.deepcopy(asked("https://ehr.example/"))
    read_subscription(resource)
    target = resource
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value
    with pytest.raises(Invalid) as refused:
        read_subscription(resource)
    assert refused.value.faults[0].pointer == pointer


def test_a_system_that_was_switched_off_hears_nothing_more_even_when_it_is_let_in_again(
    path: str, ehr: Any, agreed: Any, receiver: Any, work: Any, run: Any
) -> None:
    work()
    assert ehr.read(path)["status"] == "active"
    assert run("switch-off", "ehr").exit_code == 0
    agreed.write("I miss my father.")
    work()
    assert run("switch-on", "ehr").exit_code == 0
    agreed.write("I miss my mother.")
    work()
    assert ehr.read(path)["status"] == "off"
    assert [status_in(each)["type"] for each in receiver.bodies] == ["handshake-notification"]
