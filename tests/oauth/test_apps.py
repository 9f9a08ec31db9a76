"""/v1/me/apps: a person sees the apps that they have let in, and shuts one out."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from callers import Caller

from integration_api.db import unit_of_work
from integration_api.oauth.clients import switch_off
from integration_api.oauth.use_cases import keep_code, open_grant
from models import AuthorizationCode, OAuthClient, User, new_id, now

APPS, REDIRECT = "/v1/me/apps", "http://127.0.0.1:9999/back"


def listed(caller: Any) -> list[Any]:
    return list(caller.read(APPS)["items"])


def the_one(caller: Any) -> Any:
    (found,) = listed(caller)
    return found


def shut_out(caller: Any, app_id: str, if_match: str = "*") -> int:
    return int(caller.delete(f"{APPS}/{app_id}", if_match=if_match).status_code)


def is_out(oauth: Any, tokens: Any) -> bool:
    """Tell whether neither token is good any more; both, or none, as with `/oauth/revoke`."""
    refused = oauth.refresh(tokens["refresh_token"]).json.get("error") == "invalid_grant"
    assert oauth.me(tokens["access_token"]) == (401 if refused else 200)
    return refused


class TestSeeing:
    def test_an_app_is_told_of_in_the_words_of_the_consent_page(self, oauth: Any) -> None:
        assert listed(oauth.clinic.maya) == []
        before = now()
        oauth.tokens(scope="patient/Note.rs patient/JournalEntry.c offline_access")
        found = the_one(oauth.clinic.maya)
        assert (found["name"], found["client_id"]) == ("Journal on a telephone", oauth.public)
        assert found["permissions"] == [
            "Add: journal entries",
            "See and search: notes",
            "Stay connected when you are away, until you or your clinic end it",
        ]
        assert found["scope"] == "patient/JournalEntry.c patient/Note.rs offline_access"
        times = [datetime.fromisoformat(found[name]) for name in ("let_in_at", "last_used_at", "lasts_until")]
        assert before <= times[0] <= times[1] <= now()
        assert times[2] - times[1] == timedelta(days=30)
        path = f"{APPS}/{found['id']}"
        assert oauth.clinic.maya.read(path) == found

    def test_the_words_come_in_the_readers_language(self, oauth: Any) -> None:
        oauth.tokens(scope="patient/Note.rs offline_access")
        answer = oauth.clinic.maya.get(APPS, headers={"Accept-Language": "es"})
        assert answer.json["items"][0]["permissions"][0] == "Ver y buscar: notas"
        assert answer.headers["Content-Language"] == "es"

    def test_two_telephones_are_one_app_that_may_what_either_may(self, oauth: Any, later: Any) -> None:
        oauth.tokens(scope="patient/Note.r patient/JournalEntry.c")
        later(minutes=10)
        oauth.tokens(scope="patient/Note.s offline_access")
        found = the_one(oauth.clinic.maya)
        assert found["scope"] == "patient/JournalEntry.c patient/Note.rs offline_access"
        ago = datetime.fromisoformat(found["last_used_at"]) - datetime.fromisoformat(found["let_in_at"])
        assert timedelta(minutes=10) <= ago < timedelta(minutes=11)

    def test_each_use_moves_on_when_it_was_last_and_until_when_it_lasts(self, oauth: Any, later: Any) -> None:
        token = oauth.tokens()["refresh_token"]
        first = the_one(oauth.clinic.maya)
        for _ in range(7):
            later(days=25)
            token = oauth.refresh(token).json["refresh_token"]
        last = the_one(oauth.clinic.maya)
        moved = datetime.fromisoformat(last["last_used_at"]) - datetime.fromisoformat(first["last_used_at"])
        assert moved // timedelta(days=1) == 175
        whole = datetime.fromisoformat(last["lasts_until"]) - datetime.fromisoformat(last["let_in_at"])
        assert (whole, last["let_in_at"]) == (timedelta(days=180), first["let_in_at"])

    def test_one_that_never_came_back_was_used_when_it_was_let_in(self, oauth: Any, later: Any) -> None:
        """Its code is forgotten once somebody else is let in."""
        oauth.tokens()
        later(days=2)
        oauth.tokens("tom")
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            assert db_session.query(AuthorizationCode).count() == 1
        found = the_one(oauth.clinic.maya)
        assert found["last_used_at"] == found["let_in_at"]

    def test_one_on_its_way_in_is_there_and_was_not_used(self, oauth: Any, later: Any) -> None:
        oauth.decide(oauth.attempt())
        assert the_one(oauth.clinic.maya)["last_used_at"] is None
        later(seconds=61)
        assert listed(oauth.clinic.maya) == []

    @pytest.mark.parametrize(
        ("scope", "minutes"), [("patient/Note.rs", 60), ("patient/Note.rs offline_access", 30 * 24 * 60)]
    )
    def test_what_has_run_out_is_not_there(self, oauth: Any, later: Any, scope: str, minutes: int) -> None:
        oauth.tokens(scope=scope)
        later(minutes=minutes - 1)
        app_id = the_one(oauth.clinic.maya)["id"]
        later(minutes=2)
        assert listed(oauth.clinic.maya) == []
        assert oauth.clinic.maya.get(f"{APPS}/{app_id}").status_code == 404

    def test_what_was_given_back_or_switched_off_is_not_there(self, oauth: Any) -> None:
        other = oauth.register("Another", redirect_uris=(REDIRECT,))
        given_back = oauth.tokens(client_id=other)
        oauth.tokens()
        assert [each["name"] for each in listed(oauth.clinic.maya)] == ["Another", "Journal on a telephone"]
        oauth.post("revoke", {"token": given_back["refresh_token"], "client_id": other})
        assert the_one(oauth.clinic.maya)["client_id"] == oauth.public
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            switch_off(db_session, oauth.public)
        assert listed(oauth.clinic.maya) == []

    def test_page_by_page(self, oauth: Any) -> None:
        for name in ("C", "A", "B"):
            oauth.tokens(client_id=oauth.register(name, redirect_uris=(REDIRECT,)))
        first = oauth.clinic.maya.read(f"{APPS}?limit=2")
        rest = oauth.clinic.maya.read(f"{APPS}?limit=2&cursor={first['next_cursor']}")
        assert [[each["name"] for each in page["items"]] for page in (first, rest)] == [["A", "B"], ["C"]]
        assert rest["next_cursor"] is None


class TestWhose:
    def test_everybody_sees_their_own_alone(self, oauth: Any) -> None:
        oauth.tokens()
        clinicians = oauth.register("Console", redirect_uris=(REDIRECT,))
        oauth.tokens("therapist", client_id=clinicians, scope="user/*.cruds offline_access")
        assert the_one(oauth.clinic.maya)["client_id"] == oauth.public
        assert the_one(oauth.clinic.therapist)["client_id"] == clinicians
        for who in ("tom", "june", "physician", "admin", "elsewhere.admin"):
            assert listed(oauth.clinic.caller(who)) == []

    def test_anothers_does_not_exist_and_stays(self, oauth: Any) -> None:
        tokens = oauth.tokens()
        app_id = the_one(oauth.clinic.maya)["id"]
        for who in ("tom", "june", "therapist", "admin", "elsewhere.admin"):
            assert oauth.clinic.caller(who).get(f"{APPS}/{app_id}").status_code == 404
            assert shut_out(oauth.clinic.caller(who), app_id) == 404
        assert shut_out(oauth.clinic.maya, str(new_id())) == 404
        assert not is_out(oauth, tokens)

    def test_a_grant_in_another_organization_is_neither_told_of_nor_touched(self, oauth: Any) -> None:
        """There is no way in over HTTP: it is put there, as if a wall had once been left open."""
        there = oauth.register("Elsewhere", "elsewhere.admin", redirect_uris=(REDIRECT,))
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            client = db_session.query(OAuthClient).filter_by(client_id=there).one()
            maya = db_session.query(User).filter_by(username="maya").one()
            grant = open_grant(db_session, client, maya, "patient/*.cruds offline_access", now())
            keep_code(db_session, grant, "a code", REDIRECT, "c" * 43)
            app_id = str(client.id)
        assert listed(oauth.clinic.maya) == []
        assert shut_out(oauth.clinic.maya, app_id) == 404
        with oauth.app.app_context(), unit_of_work(everywhere=True) as db_session:
            assert db_session.get_one(type(grant), grant.id).revoked_at is None

    def test_an_app_needs_the_right_to_see_its_like(self, oauth: Any) -> None:
        token = oauth.tokens(scope="patient/Note.rs offline_access")["access_token"]
        assert Caller(oauth.app, token).get(APPS).status_code == 403
        token = oauth.tokens(scope="patient/App.rs offline_access")["access_token"]
        app_id = the_one(Caller(oauth.app, token))["id"]
        assert shut_out(Caller(oauth.app, token), app_id) == 403

    def test_record_systems_are_let_in_by_their_clinic(self, oauth: Any) -> None:
        token = oauth.backend_token().json["access_token"]
        assert Caller(oauth.app, token).get(APPS).status_code == 403


class TestShuttingOut:
    def test_all_that_it_has_of_the_person_ends_at_once(self, oauth: Any) -> None:
        tokens, other_telephone = oauth.tokens(), oauth.tokens()
        attempt = oauth.attempt()
        code = oauth.decide(attempt)["code"]
        assert shut_out(oauth.clinic.maya, the_one(oauth.clinic.maya)["id"]) == 204
        assert is_out(oauth, tokens)
        assert is_out(oauth, other_telephone)
        assert oauth.redeem(attempt, code).json["error"] == "invalid_grant"
        said = {"token": tokens["access_token"], **oauth.proof()}
        assert oauth.post("introspect", said).json == {"active": False}
        assert listed(oauth.clinic.maya) == []

    def test_other_apps_and_other_people_stay(self, oauth: Any) -> None:
        oauth.tokens()
        toms = oauth.tokens("tom")
        other = oauth.register("Another", redirect_uris=(REDIRECT,))
        kept = oauth.tokens(client_id=other)
        there = oauth.register("Elsewhere", "elsewhere.admin", redirect_uris=(REDIRECT,))
        junes = oauth.tokens("june", client_id=there)
        (app_id,) = (each["id"] for each in listed(oauth.clinic.maya) if each["client_id"] == oauth.public)
        assert shut_out(oauth.clinic.maya, app_id) == 204
        assert not is_out(oauth, toms)
        for tokens, client_id in ((kept, other), (junes, there)):
            assert oauth.me(tokens["access_token"]) == 200
            assert oauth.refresh(tokens["refresh_token"], client_id=client_id).status_code == 200

    def test_again_is_no_error_and_it_may_be_let_in_again(self, oauth: Any) -> None:
        oauth.tokens()
        found = the_one(oauth.clinic.maya)
        path = f"{APPS}/{found['id']}"
        etag = oauth.clinic.maya.etag(path)
        assert [shut_out(oauth.clinic.maya, found["id"], each) for each in (etag, etag, "*")] == [204, 204, 204]
        assert oauth.clinic.maya.get(path).status_code == 404
        tokens = oauth.tokens()
        assert the_one(oauth.clinic.maya)["id"] == found["id"]
        assert not is_out(oauth, tokens)

    def test_it_is_said_which_state_is_meant(self, oauth: Any) -> None:
        tokens = oauth.tokens()
        path = f"{APPS}/{the_one(oauth.clinic.maya)['id']}"
        spanish = oauth.clinic.maya.get(path, headers={"Accept-Language": "es"}).headers["ETag"]
        before = oauth.clinic.maya.etag(path)
        assert spanish != before
        newer = oauth.refresh(tokens["refresh_token"]).json
        assert oauth.clinic.maya.delete(path).status_code == 428
        assert oauth.clinic.maya.delete(path, if_match=before).status_code == 412
        assert oauth.me(newer["access_token"]) == 200
        spanish = oauth.clinic.maya.get(path, headers={"Accept-Language": "es"}).headers["ETag"]
        assert oauth.clinic.maya.delete(path, if_match=spanish).status_code == 204
        assert is_out(oauth, newer)

    def test_an_app_may_shut_itself_out(self, oauth: Any) -> None:
        tokens = oauth.tokens()
        itself = Caller(oauth.app, tokens["access_token"])
        assert shut_out(itself, the_one(itself)["id"]) == 204
        assert itself.get(APPS).status_code == 401

    def test_a_clinician_shuts_out_as_a_patient_does(self, oauth: Any) -> None:
        tokens = oauth.tokens("therapist", scope="user/*.cruds offline_access")
        assert shut_out(oauth.clinic.therapist, the_one(oauth.clinic.therapist)["id"]) == 204
        assert is_out(oauth, tokens)


class TestTrail:
    def events(self, caller: Any) -> list[tuple[str, ...]]:
        found = caller.read("/v1/audit-events?limit=200")["items"]
        return [
            tuple(each[name] for name in ("operation", "action", "outcome", "record_id"))
            for each in found
            if each["resource"] == "App"
        ]

    def test_a_patient_reads_of_it_in_the_own_trail(self, oauth: Any) -> None:
        oauth.tokens()
        app_id = the_one(oauth.clinic.maya)["id"]
        oauth.clinic.maya.read(f"{APPS}/{app_id}")
        shut_out(oauth.clinic.maya, app_id)
        shut_out(oauth.clinic.maya, app_id)
        told = [
            ("endApp", "delete", "done", app_id),
            ("endApp", "delete", "done", app_id),
            ("readApp", "read", "done", app_id),
            ("listApps", "search", "done", app_id),
        ]
        assert self.events(oauth.clinic.maya) == told
        shut_out(oauth.clinic.tom, app_id)
        assert self.events(oauth.clinic.maya) == told
        assert self.events(oauth.clinic.admin) == [("endApp", "delete", "not_found", app_id), *told]

    def test_a_clinicians_stands_in_the_organizations(self, oauth: Any) -> None:
        oauth.tokens("therapist", scope="user/*.cruds offline_access")
        app_id = the_one(oauth.clinic.therapist)["id"]
        shut_out(oauth.clinic.therapist, app_id)
        told = [("endApp", "delete", "done", app_id), ("listApps", "search", "done", None)]
        assert self.events(oauth.clinic.admin) == told
