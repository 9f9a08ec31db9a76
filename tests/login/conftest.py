"""A browser that fills in our forms, and a clock that can be set."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from integration_api.db import reading, unit_of_work
from integration_api.login.passwords import Passwords
from models import Credential, User

PASSWORD = "slow rivers carry stones"
OTHER_PASSWORD = "a lantern on the far shore"


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(second=0, microsecond=0))

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **kwargs: float) -> None:
        self.at += timedelta(**kwargs)


class Browser:
    """One browser with its cookies."""

    def __init__(self, app: Flask, base_url: str = "http://localhost") -> None:
        self.app, self.base_url = app, base_url
        self.client = app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=self.base_url)

    def form_token(self, path: str = "/oauth/login") -> str:
        return field_of(self.get(path), "form_token")

    def send(self, path: str, fields: dict[str, str], page: str | None = None) -> TestResponse:
        """Open the page that holds the form, and send it."""
        data = {"form_token": self.form_token(page or path)} | fields
        return self.client.post(path, data=data, base_url=self.base_url)

    def password(self, username: str, password: str = PASSWORD, **more: str) -> TestResponse:
        page = "/oauth/login?next=/docs"
        return self.send("/oauth/login", {"username": username, "password": password, **more}, page)

    def code(self, code: str, **more: str) -> TestResponse:
        return self.send("/oauth/login/code", {"code": code, **more})

    def change(self, **said: str) -> TestResponse:
        """Change the password as who has forgotten nothing does; `said` replaces fields."""
        fields = {"current": PASSWORD, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD, **said}
        return self.send("/oauth/password", fields)

    @staticmethod
    def fault_on(page: TestResponse) -> tuple[str | None, str]:
        """Which field the fault at the top is of, and its words."""
        found = re.search(r'role="alert".*?<p>(?:<a href="#(\w+)">)?(.*?)(?:</a>)?</p>', page.text, re.DOTALL)
        assert found, page.text
        return found[1], found[2]

    def session(self) -> dict[str, Any]:
        with self.client.session_transaction(base_url=self.base_url) as found:
            return dict(found)

    def is_signed_in(self) -> bool:
        return "You are signed in as" in self.get("/oauth/login").text


def field_of(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def secret_on(page: TestResponse) -> str:
    found = re.search(r'<code id="secret">([A-Z2-7 ]+)</code>', page.text)
    assert found, page.text
    return found[1].replace(" ", "")


@dataclass
class House:
    """The clinic with a clock, and shortcuts to what an admin and the invited do."""

    clinic: Any
    clock: Clock
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        app: Flask = self.clinic.app
        return app

    def browser(self) -> Browser:
        return Browser(self.app)

    def invite(self, username: str) -> str:
        """Give the relative address of the link."""
        parts = urlsplit(self.clinic.admin.create("/v1/invitations", {"username": username})["url"])
        return f"{parts.path}?{parts.query}"

    def accept(self, path: str, password: str = PASSWORD, browser: Browser | None = None, **more: str) -> TestResponse:
        browser = browser or self.browser()
        page = browser.get(path)
        fields = {"token": parse_qs(urlsplit(path).query)["token"][0], "password": password, "again": password}
        if 'id="secret"' in page.text:
            fields["code"] = pyotp.TOTP(secret_on(page)).at(self.clock.at)
        return browser.send("/oauth/welcome", fields | more, path)

    def member(self, username: str, password: str = PASSWORD) -> None:
        """Let somebody be invited and set everything up."""
        path = self.invite(username)
        page = self.browser().get(path)
        if 'id="secret"' in page.text:
            self.secrets[username] = secret_on(page)
        assert self.accept(path, password).status_code == 303
        self.clock.wait(seconds=30)

    def credential(self, username: str) -> Credential:
        with self.app.app_context(), reading(everywhere=True) as db_session:
            return db_session.scalars(select(Credential).join(User).where(User.username == username)).one()

    def change_user(self, username: str, **values: Any) -> None:
        with self.app.app_context(), unit_of_work(everywhere=True) as db_session:
            db_session.execute(update(User).where(User.username == username).values(**values))

    def code_of(self, username: str) -> str:
        return pyotp.TOTP(self.secrets[username]).at(self.clock.at)

    def signed_in(self, username: str) -> Browser:
        browser = self.browser()
        answer = browser.password(username)
        if username in self.secrets:
            answer = browser.code(self.code_of(username))
        assert answer.status_code == 303, answer.text
        assert browser.is_signed_in()
        return browser


@pytest.fixture
def clock(app: Flask) -> Iterator[Clock]:
    before, clock = app.extensions["parts"], Clock()
    app.extensions["parts"] = replace(before, now=clock)
    yield clock
    app.extensions["parts"] = before


@pytest.fixture
def house(clock: Clock, clinic: Any) -> House:
    return House(clinic, clock)


@pytest.fixture
def thief(house: House, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Who knows Maya's password, and signs in with it in the very moment in which a new one is hashed."""
    browser, make = house.browser(), Passwords.hash

    def slow(self: Passwords, password: str) -> str:
        monkeypatch.undo()
        house.clock.wait(seconds=1)
        assert browser.password("maya").status_code == 303
        house.clock.wait(seconds=1)
        return make(self, password)

    house.member("maya")
    monkeypatch.setattr(Passwords, "hash", slow)
    return browser
