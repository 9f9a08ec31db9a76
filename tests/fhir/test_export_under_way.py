"""A file of a bulk export that is on its way out, while its receiver is let in no more, or somebody is forgotten."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from callers import ADDRESS, Caller
from exporting import Exporting
from joserfc.jwk import ECKey

from integration_api.access.keys import signer
from integration_api.access.tokens import mint_token
from integration_api.access.use_cases import user_named
from integration_api.db import unit_of_work
from integration_api.errors import Unauthenticated
from integration_api.fhir.bulk import sending
from integration_api.oauth.clients import admin_named, draft_of, register_client, switch_off
from integration_api.oauth.use_cases import open_grant, revoke
from integration_api.wiring import parts
from models import OAuthGrant, User, now

SCOPE = "system/*.rs"


def _of_client(exporting: Exporting) -> tuple[Caller, str]:
    """Let a client act as the record system; give a caller with its token, and the client's id."""
    app = exporting.record.clinic.app
    keys = {"keys": [ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)]}
    with app.app_context(), unit_of_work() as db_session:
        draft = draft_of("EHR", jwks=keys, system="ehr", scope=SCOPE)
        client = register_client(db_session, admin_named(db_session, "admin"), draft)
        user, ours = user_named(db_session, "ehr"), signer(db_session, parts().key_service, ADDRESS)
        grant = open_grant(db_session, client, user, SCOPE, now())
        more = {"client_id": client.client_id, "sid": str(grant.id)}
        token = mint_token(ours, user.id, SCOPE, at=now(), minutes=5, **more)
        return Caller(app, token), client.client_id


def _switch_off_account(db_session: Any, _client_id: str) -> None:
    db_session.query(User).filter_by(username="ehr").one().is_active = False


def _give_back(db_session: Any, _client_id: str) -> None:
    revoke(db_session.query(OAuthGrant).one(), now())


@pytest.mark.parametrize("end", [_switch_off_account, switch_off, _give_back], ids=["account", "client", "token"])
def test_who_is_let_in_no_more_gets_no_more_of_it(
    exporting: Exporting, monkeypatch: pytest.MonkeyPatch, end: Callable[[Any, str], None]
) -> None:
    exporting.record.consents()
    ehr, client_id = _of_client(exporting)
    asked = ehr.get("/fhir/R4/$export?_type=Observation", headers={"Prefer": "respond-async"})
    exporting.work()
    url = ehr.get(asked.headers["Content-Location"]).json["output"][0]["url"]
    monkeypatch.setattr(sending, "BATCH", 1)
    whole = ehr.get(url).text.splitlines()
    assert len(whole) == 3
    with closing(ehr.get(url)) as answer:
        got = answer.iter_encoded()
        assert next(got).decode().splitlines() == whole[:1]
        with exporting.record.clinic.app.app_context(), unit_of_work(everywhere=True) as db_session:
            end(db_session, client_id)
        with pytest.raises(Unauthenticated):  # the connection ends before the file does, which its receiver notices
            next(got)


def test_files_go_at_once_when_somebody_asks_to_be_forgotten_whose_record_is_held(exporting: Exporting) -> None:
    record, maya = exporting.record, f"/v1/patients/{exporting.record.ids['maya']}"
    record.consents()
    there = exporting.begin(record.ehr, "$export?_type=Patient")
    exporting.work()
    assert exporting.files()
    assert record.clinic.admin.patch(maya, {"retain_until": "2100-01-01"}, if_match="*").status_code == 200
    wish = record.clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    assert (wish["held_until"], exporting.files()) == ("2100-01-01", [])
    assert record.ehr.get(there).status_code == 404
