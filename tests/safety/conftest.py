"""What the tests of safety flags share: sentences of each kind, a clock that can be moved, the consents."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

FLAGS = "/v1/safety-flags"
SAID = {
    "suicidality": "I have been having suicidal thoughts again.",
    "harm_by_others": "He hit me again last night.",
    "adverse_effect": "I was very dizzy and threw up after the dose.",
    "destabilisation": "Everything is unreal since the session, I hear voices and have not slept for three days.",
    "ketamine_misuse": "I have been snorting ketamine on my own at weekends.",
}


@pytest.fixture
def said() -> dict[str, str]:
    return SAID


@pytest.fixture
def flags_of(clinic: Any) -> Callable[..., list[Any]]:
    """The flags that somebody sees, the latest first."""

    def read(who: str = "therapist", query: str = "routed=any") -> list[Any]:
        items: list[Any] = clinic.caller(who).read(f"{FLAGS}?{query}")["items"]
        return items

    return read


@pytest.fixture
def act(clinic: Any) -> Callable[..., Any]:
    """Do something with a flag that must be allowed."""

    def do(flag: Any, what: str, body: Any = None, who: str = "therapist") -> Any:
        answer = clinic.caller(who).post(f"{FLAGS}/{flag['id']}/{what}", body or {})
        assert answer.status_code == 200, answer.text
        return answer.json

    return do


@pytest.fixture
def edit(clinic: Any) -> Callable[..., Any]:
    """Change an entry of Maya's."""

    def change(entry: Any, **fields: Any) -> Any:
        path = f"/v1/journal-entries/{entry['id']}"
        answer = clinic.maya.patch(path, fields, if_match=clinic.maya.etag(path))
        assert answer.status_code == 200, answer.text
        return answer.json

    return change


@pytest.fixture
def resolve(clinic: Any) -> Callable[..., Any]:
    """Set an intention or make a commitment: Maya, if nobody else is named."""

    def make(kind: str, text: str, who: str = "maya", **more: Any) -> Any:
        body = {"text": text, "visibility": "care_team", **more}
        if who != "maya":
            body |= {"patient_id": clinic.ids["maya"]}
        return clinic.caller(who).create(f"/v1/{kind}s", body)

    return make


@pytest.fixture
def reword(clinic: Any) -> Callable[..., Any]:
    """Change an intention or commitment: Maya, if nobody else is named."""

    def change(kind: str, made: Any, who: str = "maya", **fields: Any) -> Any:
        path = f"/v1/{kind}s/{made['id']}"
        answer = clinic.caller(who).patch(path, fields, if_match=clinic.caller(who).etag(path))
        assert answer.status_code == 200, answer.text
        return answer.json

    return change


@pytest.fixture
def agree(clinic: Any) -> Callable[..., None]:
    """Let Maya say yes or no to a purpose."""

    def say(purpose: str, *, yes: bool) -> None:
        body = {"purpose": purpose, "is_granted": yes, "wording": "As shown."}
        clinic.maya.create("/v1/me/consents", body)

    return say


@pytest.fixture
def later(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock on by some minutes."""

    def move(minutes: float) -> None:
        parts = clinic.app.extensions["parts"]
        before = parts.now
        moved = replace(parts, now=lambda: before() + timedelta(minutes=minutes))
        monkeypatch.setitem(clinic.app.extensions, "parts", moved)

    return move


def whats(flag: Any) -> list[str]:
    return [each["what"] for each in flag["history"]]


@pytest.fixture
def history() -> Callable[[Any], list[str]]:
    return whats
