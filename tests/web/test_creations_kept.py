"""Which requests were carried out: what tells one from another, and how long that is known."""

from typing import Any

from sqlalchemy import func, select

from integration_api.db import reading
from integration_api.web.creation import KEPT, forget_creations
from models import Creation

ENTRIES, WORDS = "/v1/journal-entries", {"text": "The sea again."}
CHANGE = "0190c7e0-5b1e-7c3a-9a51-0c1f7d2b9e41"


def count(clinic: Any) -> int:
    with clinic.app.app_context(), reading() as db_session:
        return db_session.scalar(select(func.count()).select_from(Creation)) or 0


def forget(clinic: Any) -> int:
    with clinic.app.app_context():
        return forget_creations()


def test_what_was_carried_out_long_ago_is_forgotten_and_what_it_made_is_not(clinic: Any, set_clock: Any) -> None:
    first = clinic.maya.create(ENTRIES, WORDS, idempotency_key="one")
    synced = {"change_id": CHANGE, "kind": "journal_entry", "id": CHANGE, "op": "put", "record": WORDS}
    assert clinic.maya.post("/v1/sync", {"changes": [synced]}).status_code == 200
    before = count(clinic)
    assert before >= 2
    assert forget(clinic) == 0
    assert clinic.maya.create(ENTRIES, WORDS, idempotency_key="one")["id"] == first["id"]
    set_clock(days=KEPT.days + 2000)  # rows are stamped by the machine's clock, not by the one that is set
    assert forget(clinic) == before
    assert (count(clinic), forget(clinic)) == (0, 0)
    assert len(clinic.maya.read(ENTRIES)["items"]) == 2
    assert clinic.maya.read(f"{ENTRIES}/{first['id']}")["text"] == "The sea again."


def test_the_same_key_and_body_at_another_address_is_a_clash(clinic: Any) -> None:
    """Else who opens a second record would be told that it is open, and it would not be."""
    colleague, body = clinic.caller("colleague"), {"reason": "Brought to the emergency room."}
    colleague.create(f"/v1/patients/{clinic.ids['maya']}/break-glass", body, idempotency_key="one")
    answer = colleague.post(f"/v1/patients/{clinic.ids['tom']}/break-glass", body, idempotency_key="one")
    assert answer.status_code == 409, answer.text


def test_a_phones_change_that_comes_once_more_after_that_doubles_nothing(clinic: Any, set_clock: Any) -> None:
    change = {"change_id": CHANGE, "kind": "journal_entry", "id": CHANGE, "op": "put", "record": WORDS}
    clinic.maya.post("/v1/sync", {"changes": [change]})
    set_clock(days=KEPT.days + 2000)
    forget(clinic)
    (again,) = clinic.maya.post("/v1/sync", {"changes": [change]}).json["results"]
    assert (again["outcome"], again["record"]["version"], again["record"]["conflicts"]) == ("unchanged", 1, [])
    assert len(clinic.maya.read(ENTRIES)["items"]) == 1
