"""Delivery when things go wrong: retries, order, dead letters, replay, rest, rotation, consent, and a dead worker."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from integration_api.events.messages import Outcome, longest_wait, rest, wait

AT = datetime(2026, 3, 9, tzinfo=UTC)
KEYS = "test:" + "c2l4dGVlbi1ieXRlcyBhbmQgc2l4dGVlbiBtb3JlLi4="


def deliveries(clinic: Any, webhook: Any, state: str = "") -> list[Any]:
    query = f"?state={state}" if state else ""
    return list(clinic.admin.read(f"/v1/webhooks/{webhook['id']}/deliveries{query}")["items"])


def health(clinic: Any, webhook: Any) -> Any:
    return clinic.admin.read(f"/v1/webhooks/{webhook['id']}")


def act(clinic: Any, path: str) -> Any:
    answer = clinic.admin.post(path, {})
    assert answer.status_code == 200, answer.text
    return answer.json


def resume(clinic: Any, webhook: Any) -> None:
    path = f"/v1/webhooks/{webhook['id']}"
    assert clinic.admin.patch(path, {"state": "active"}, if_match=clinic.admin.etag(path)).status_code == 200


class TestTrouble:
    def test_a_failing_event_holds_up_its_own_patient_only(
        self, told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
    ) -> None:
        agreed.tom.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "As shown."})
        webhook = told(types=["entry.created"])
        first, second = (agreed.write(f"Number {each}.")["id"] for each in (1, 2))
        toms = agreed.tom.create("/v1/journal-entries", {"text": "Mine.", "visibility": "care_team"})["id"]
        receiver.answer = lambda told: 500 if told["data"]["record_id"] == first else 204
        work()
        assert {each["data"]["record_id"] for each in receiver.bodies} == {first, toms}
        work()  # its time has not come: the jitter may be nothing, but Maya's second entry never overtakes
        assert second not in {each["data"]["record_id"] for each in receiver.bodies}
        receiver.answer = None
        clock.turn(minutes=1)
        work()
        assert [each["data"]["record_id"] for each in receiver.bodies][-2:] == [first, second]
        tries = [each["data"]["id"] for each in receiver.bodies if each["data"]["record_id"] == first]
        assert len(tries) >= 2
        assert len(set(tries)) == 1
        told_first = next(each for each in deliveries(agreed, webhook) if each["record_id"] == first)
        assert [each["status"] for each in told_first["attempts"]][-2:] == [500, 204]

    def test_dead_letters_are_kept_and_replayed(
        self, told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
    ) -> None:
        webhook = told(types=["entry.created"])
        first, second = (agreed.write(f"Number {each}.")["id"] for each in (1, 2))
        receiver.answer = lambda told: 500 if told["data"]["record_id"] == first else 204
        for _ in range(12):
            work()
            clock.turn(hours=9)
        work()
        (dead,) = deliveries(agreed, webhook, "dead")
        assert (dead["record_id"], dead["reason"], len(dead["attempts"])) == (first, "attempts", 12)
        assert receiver.bodies[-1]["data"]["record_id"] == second  # given up, so what waited behind it goes on
        receiver.answer = None
        path = f"/v1/webhooks/{webhook['id']}/deliveries/{dead['id']}/replay"
        assert act(agreed, path)["state"] == "waiting"
        assert agreed.admin.post(path, {}).status_code == 409
        work()
        assert receiver.bodies[-1]["data"]["record_id"] == first
        assert receiver.got[-1][0]["webhook-id"] == dead["webhook_message_id"]
        assert deliveries(agreed, webhook, "dead") == []
        clock.turn(days=31)
        work()
        assert [each["record_id"] for each in deliveries(agreed, webhook)] == [second]  # the latest; what is old goes

    def test_it_rests_for_as_long_as_it_is_asked_to(
        self, told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
    ) -> None:
        webhook = told(types=["entry.created"])
        receiver.answers = [(503, {"Retry-After": "7200"})]
        agreed.write("One.")
        work()
        clock.turn(hours=1)
        work()
        assert len(receiver.got) == 1
        assert health(agreed, webhook)["failures"] == 1
        clock.turn(hours=1, seconds=1)
        work()
        assert len(receiver.got) == 2
        assert health(agreed, webhook)["rests_until"] is None

    def test_one_that_fails_for_days_or_is_gone_is_disabled_and_loses_nothing(
        self, told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
    ) -> None:
        webhook = told(types=["entry.created"])
        receiver.answer = lambda _: 500
        agreed.write("One.")
        for _ in range(6):
            work()
            clock.turn(days=1)
        state = health(agreed, webhook)
        assert (state["state"], state["state_reason"]) == ("disabled", "failing")
        assert state["rests_until"]
        before = len(receiver.got)
        work()
        assert len(receiver.got) == before
        receiver.answer = lambda _: 410
        resume(agreed, webhook)
        work()
        assert health(agreed, webhook)["state_reason"] == "gone"
        receiver.answer = None
        clock.turn(hours=9)
        resume(agreed, webhook)
        work()
        assert [each["state"] for each in deliveries(agreed, webhook)] == ["delivered"]

    def test_a_redirect_is_not_followed_and_a_closed_port_is_told(
        self, told: Any, agreed: Any, receiver: Any, work: Any
    ) -> None:
        webhook = told(types=["entry.created"])
        nobody = agreed.admin.create("/v1/webhooks", {"name": "Nobody", "url": "http://127.0.0.1:1/hook"})
        receiver.answers = [(302, {"Location": receiver.address})]
        act(agreed, f"/v1/webhooks/{webhook['id']}/ping")
        act(agreed, f"/v1/webhooks/{nobody['id']}/ping")
        work()
        assert receiver.types[0] == "ping"
        assert deliveries(agreed, webhook)[0]["attempts"][0]["status"] == 302
        assert deliveries(agreed, nobody)[0]["attempts"][0]["error"] == "connection"


class TestKeeping:
    def test_secrets_rotate_with_an_overlap(
        self, told: Any, agreed: Any, receiver: Any, work: Any, clock: Any, stored: Any
    ) -> None:
        webhook = told()
        path = f"/v1/webhooks/{webhook['id']}"
        assert agreed.admin.read(path)["secret"] is None
        assert agreed.admin.etag(path) == agreed.admin.patch(path, {}, if_match="*").headers["ETag"]
        new = act(agreed, f"{path}/rotate-secret")
        act(agreed, f"{path}/ping")
        work()
        (headers, body) = receiver.got[0]
        for secret in (webhook["secret"], new["secret"]):
            assert Verifier(secret).verify(body, headers)["type"] == "ping"
        clock.turn(hours=25)
        act(agreed, f"{path}/ping")
        work()
        signatures = receiver.got[1][0]["webhook-signature"].split()
        (headers, body) = receiver.got[1]
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert signatures == [Verifier(new["secret"]).sign(headers["webhook-id"], at, body.decode())]
        kept = stored()
        assert new["secret"].encode() not in kept
        assert receiver.address.encode() not in kept

    def test_consent_counts_at_the_moment_of_sending(
        self, told: Any, agreed: Any, receiver: Any, work: Any, clock: Any
    ) -> None:
        webhook = told(types=["entry.created", "consent.changed", "safety_flag.raised", "patient.erased"])
        agreed.write("One.")
        work()
        agreed.write("Two.")
        agreed.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": False, "wording": "No more."})
        agreed.write("Three.")
        work()
        # What it was told of before, it is told to let go of.
        assert receiver.types == ["entry.created", "consent.changed"]
        assert [each["reason"] for each in deliveries(agreed, webhook, "dropped")] == ["consent", "consent"]
        agreed.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."})
        danger = "I want to kill myself."
        agreed.write(danger, visibility="private")
        work()
        assert "safety_flag.raised" not in receiver.types
        agreed.maya.create("/v1/me/consents", {"purpose": "safety_signals", "is_granted": True, "wording": "Yes."})
        agreed.write(danger, visibility="private")
        work()
        # As far as the care team may know: that there is a flag, and nothing of the entry.
        assert receiver.types.count("safety_flag.raised") == 1
        assert receiver.types.count("entry.created") == 1
        assert agreed.maya.post("/v1/me/erasure", {"confirm": "erase everything"}).status_code == 201
        work()
        assert receiver.types[-1] == "patient.erased"
        assert receiver.bodies[-1]["data"]["links"] == {}
        trail = [each["operation"] for each in agreed.admin.read("/v1/audit-events?limit=200")["items"]]
        assert trail.count("deliverEvent") == len(receiver.got)

    def test_who_was_told_of_a_clinicians_patient_hears_the_end_also_when_the_team_is_gone(
        self, told: Any, agreed: Any, receiver: Any, work: Any
    ) -> None:
        ends = ["entry.created", "consent.changed", "patient.erased"]
        teams, others = (told(types=ends, clinician_id=agreed.ids[each]) for each in ("nurse", "colleague"))
        agreed.maya.create("/v1/me/consents", {"purpose": "research_export", "is_granted": True, "wording": "Yes."})
        work()
        agreed.write("One.")
        work()
        assert agreed.maya.post("/v1/me/erasure", {"confirm": "erase everything"}).status_code == 201
        work()
        assert receiver.types[:2] == ["consent.changed", "entry.created"]  # of the team's own it hears at once
        assert set(receiver.types[2:]) == {"consent.changed", "patient.erased"}
        assert {each["state"] for each in deliveries(agreed, teams)} == {"delivered"}
        assert {each["state"] for each in deliveries(agreed, others)} == {"dropped"}

    def test_filters_and_the_wall_between_clinics(
        self, told: Any, agreed: Any, receiver: Any, work: Any, fresh_id: Any
    ) -> None:
        tom, maya = agreed.ids["tom"], agreed.ids["maya"]
        agreed.tom.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "As shown."})
        toms, teams = (told(**more) for more in ({"patient_ids": [tom]}, {"clinician_id": agreed.ids["nurse"]}))
        elsewhere = agreed.caller("elsewhere.admin")
        theirs = elsewhere.create("/v1/webhooks", {"name": "Theirs", "url": receiver.address})
        for path in (f"/v1/webhooks/{toms['id']}", f"/v1/webhooks/{toms['id']}/deliveries"):
            assert elsewhere.get(path).status_code == 404
        for more in ({"patient_ids": [agreed.ids["june"]]}, {"clinician_id": str(fresh_id)}):
            body = {"name": "N", "url": receiver.address, **more}
            assert agreed.admin.post("/v1/webhooks", body).status_code == 422
        agreed.write("One.")
        agreed.tom.create("/v1/journal-entries", {"text": "Mine.", "visibility": "care_team"})
        work()
        assert {each["patient_id"] for each in deliveries(agreed, toms)} == {tom}
        assert {each["patient_id"] for each in deliveries(agreed, teams)} == {maya}
        assert elsewhere.read(f"/v1/webhooks/{theirs['id']}/deliveries")["items"] == []


class TestWaits:
    pytestmark = pytest.mark.database_free

    def test_waits_grow_to_a_bound_and_are_drawn_from_all_of_it(self) -> None:
        assert [longest_wait(each) for each in (1, 2, 3, 12)] == [5, 15, 45, 8 * 3600]
        assert wait(3, 0.0) == timedelta()
        assert wait(3, 0.5) == timedelta(seconds=22.5)

    @pytest.mark.parametrize(
        ("status", "told", "failures", "expected"),
        [
            (429, "30", 1, timedelta(seconds=30)),
            (503, format_datetime(AT + timedelta(minutes=3)), 1, timedelta(minutes=3)),
            (503, "99999999", 1, timedelta(hours=24)),
            (503, "yesterday", 1, None),
            (500, "30", 1, None),
            (None, None, 4, None),
            (None, None, 5, timedelta(seconds=5)),
            (500, None, 30, timedelta(hours=1)),
        ],
    )
    def test_how_long_a_webhook_rests(
        self, status: int | None, told: str | None, failures: int, expected: timedelta | None
    ) -> None:
        found = rest(Outcome(1, status=status, retry_after=told), failures, AT)
        assert found == (None if expected is None else AT + expected)


def test_nothing_is_lost_when_a_worker_is_killed_in_the_middle(
    told: Any, agreed: Any, receiver: Any, work: Any, clock: Any, settings: Any
) -> None:
    told(types=["entry.created"])
    written = [agreed.write(f"Number {each}.")["id"] for each in range(4)]
    environment = os.environ | {
        "INTEGRATION_API_ENV": "test",
        "INTEGRATION_API_SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "INTEGRATION_API_URL": settings.public_url,
        "INTEGRATION_API_KEYS": KEYS,
    }
    worker: list[subprocess.Popen[bytes]] = []

    def killed_at_the_second(_: Any) -> int:
        if len(receiver.got) == 2:
            worker[0].send_signal(signal.SIGKILL)
            worker[0].wait()
        return 204

    receiver.answer = killed_at_the_second
    command = [str(Path(sys.executable).parent / "integration-api"), "work"]
    worker.append(subprocess.Popen(command, env=environment))
    until = time.monotonic() + 60
    while worker[0].poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert worker[0].poll() == -signal.SIGKILL
    receiver.answer = None
    work()
    assert len(receiver.got) == 2  # it is still thought to be in the dead worker's hands
    clock.turn(minutes=3)
    work()
    told_of = [each["data"]["record_id"] for each in receiver.bodies]
    assert told_of == [*written[:2], *written[1:]]  # the one that was cut off is told again, under the same id
    assert receiver.got[1][0]["webhook-id"] == receiver.got[2][0]["webhook-id"]
