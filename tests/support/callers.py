"""Who calls the API in tests, and the clinic that they are of."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from integration_api.access.keys import signer
from integration_api.access.policy import full_scope
from integration_api.access.tokens import mint_token
from integration_api.access.use_cases import user_named
from integration_api.db import unit_of_work
from integration_api.oauth.clients import admin_named, draft_of, register_client
from integration_api.oauth.use_cases import new_refresh_token, open_grant
from integration_api.wiring import parts
from models import Role, User, new_id

ADDRESS = "http://localhost"
MERGE_PATCH = "application/merge-patch+json"


@dataclass
class Caller:
    """Somebody who calls the API over HTTP."""

    app: Flask
    token: str | None

    def call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        for name in ("if_match", "if_none_match", "idempotency_key"):
            if name in kwargs:
                headers[name.replace("_", "-")] = kwargs.pop(name)
        return self.app.test_client().open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, json=body, **kwargs)

    def put(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.call("PUT", path, json=body, **kwargs)

    def patch(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.call("PATCH", path, data=json.dumps(body), content_type=MERGE_PATCH, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("DELETE", path, **kwargs)

    def read(self, path: str) -> Any:
        """GET what must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def create(self, path: str, body: Any, **kwargs: Any) -> Any:
        """POST what must be taken."""
        answer = self.post(path, body, **kwargs)
        assert answer.status_code == 201, answer.text
        return answer.json

    def etag(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.headers["ETag"]


@dataclass
class Clinic:
    """Two organizations. In the first, Maya is cared for by a therapist, a physician and a nurse; Tom by nobody."""

    app: Flask
    ids: dict[str, str] = field(default_factory=dict)

    def caller(self, username: str, scope: str | None = None) -> Caller:
        with self.app.app_context():
            with unit_of_work() as db_session:
                user, ours = user_named(db_session, username), signer(db_session, parts().key_service, ADDRESS)
            token = mint_token(ours, user.id, scope or full_scope(Role(user.role)), at=parts().now(), minutes=5)
        return Caller(self.app, token)

    def anybody(self) -> Caller:
        return Caller(self.app, None)

    @property
    def maya(self) -> Caller:
        return self.caller("maya")

    @property
    def tom(self) -> Caller:
        return self.caller("tom")

    @property
    def therapist(self) -> Caller:
        return self.caller("therapist")

    @property
    def admin(self) -> Caller:
        return self.caller("admin")

    def add_ehr(self) -> Caller:
        """Give the first organization a record system."""
        with self.app.app_context(), unit_of_work() as db_session:
            home = db_session.query(User).filter_by(username="admin").one().organization_id
            db_session.add(User(id=new_id(), organization_id=home, username="ehr", role=Role.SYSTEM))
        return self.caller("ehr")

    def let_in_app(self, username: str) -> str:
        """Register an app of the first organization, and let it in as on the consent page; give its id."""
        with self.app.app_context(), unit_of_work(everywhere=True) as db_session:
            draft = draft_of("Journal on a telephone", redirect_uris=("http://127.0.0.1:9999/back",))
            made = register_client(db_session, admin_named(db_session, "admin"), draft)
            user, at = user_named(db_session, username), parts().now()
            grant = open_grant(db_session, made, user, f"{full_scope(Role(user.role))} offline_access", at)
            new_refresh_token(db_session, grant, at)
            return str(made.id)

    def open_course(self, **more: Any) -> Any:
        return self.therapist.create("/v1/courses", {"patient_id": self.ids["maya"], "status": "active", **more})

    def hold_session(self, course_id: str, starts_at: str, kind: str = "dosing", **more: Any) -> Any:
        body = {"course_id": course_id, "kind": kind, "status": "completed", "starts_at": starts_at, **more}
        return self.therapist.create("/v1/sessions", body)

    def write(self, text: str, written_at: str = "2026-03-09T08:12:00-05:00", **more: Any) -> Any:
        body = {"text": text, "written_at": written_at, "visibility": "care_team", **more}
        return self.maya.create("/v1/journal-entries", body)

    def note(self, text: str, kind: str = "progress", who: str = "therapist", **more: Any) -> Any:
        body = {"patient_id": self.ids["maya"], "kind": kind, "text": text, **more}
        return self.caller(who).create("/v1/notes", body)
