"""Reminders and their settings on the wire."""

import re
import tomllib
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, post_load, validate

from integration_api.reminders.preferences import KINDS, PreferencesDraft
from integration_api.reminders.times import Quiet
from integration_api.reminders.use_cases import Scheduled
from integration_api.web.languages import LANGUAGES, language
from integration_api.web.pages import PageQuery
from integration_api.web.schema import Answer, Choice, Derived, Moment, Schema, Truth

WORDING = Path(__file__).with_name("wording.toml")
_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


class Zone(fields.String):
    """The name of a time zone, such as Europe/Madrid (IANA)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(1, 64), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name: str = super()._deserialize(value, *args, **kwargs)
        if name not in _zones():
            raise ValidationError("Not the name of a time zone, such as Europe/Madrid.")
        return name


class Clock(fields.String):
    """A time of day, HH:MM."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": _CLOCK}, **kwargs)

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return None if value is None else value.isoformat("minutes")

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> time:  # type: ignore[override]  # a string outside
        text: str = super()._deserialize(value, *args, **kwargs)
        if not re.fullmatch(_CLOCK[1:-1], text, re.ASCII):
            raise ValidationError("Not a time of day such as 21:30.")
        return time.fromisoformat(text)


class ReminderQuery(PageQuery):
    """Where the patient is."""

    timezone = Zone(
        load_default=None,
        metadata={"description": "IANA name; left out: the one set, else the offset of the latest entry, else UTC."},
    )


class WindowSchema(Answer):
    """From when until when the reminder makes sense; later the app drops it."""

    opens_at = Moment(required=True)
    closes_at = Moment(required=True)


class RepeatSchema(Answer):
    """How often it comes again, until its window closes."""

    every_days = fields.Integer(required=True)


class ReminderSchema(Answer):
    """Something that the app can remind of by itself; `title` and `body` may stand on a locked screen."""

    example: ClassVar[dict[str, Any]] = {
        "id": "5d6f0f6c-6a6e-5c52-9f0d-3a1c8e1f7b20",
        "kind": "writing",
        "due_at": "2026-03-09T10:00:00-05:00",
        "window": {"opens_at": "2026-03-09T05:00:00Z", "closes_at": "2026-03-10T05:00:00Z"},
        "title": "A quiet moment",
        "body": "If you like, there is room for a few words today.",
        "language": "en",
        "repeat": None,
        "link": "/v1/prompts",
    }

    id = fields.UUID(
        required=True, metadata={"description": "Stays when the reminder moves: schedule anew under the same id."}
    )
    kind = Choice(KINDS, required=True, attribute="reminder.kind")
    due_at = Moment(required=True)
    window = fields.Nested(WindowSchema, required=True, attribute="reminder.window")
    title = fields.Function(lambda each: words_of(each)["title"], required=True, metadata={"type": "string"})
    body = fields.Function(lambda each: words_of(each)["body"], required=True, metadata={"type": "string"})
    language = fields.Function(
        lambda _: language(), required=True, metadata={"type": "string", "enum": list(LANGUAGES)}
    )
    repeat = Derived(
        RepeatSchema, lambda each: each.reminder if each.reminder.every_days is not None else None, allow_none=True
    )
    link = fields.String(required=True, attribute="reminder.link", metadata={"description": "What to open."})


class QuietSchema(Schema):
    """Local hours in which nobody is reminded; over midnight where they begin later than they end."""

    since = Clock(required=True)
    until = Clock(required=True)

    @post_load
    def to_quiet(self, data: dict[str, Any], **_: Any) -> Quiet:
        """Make the use case's own value of it."""
        return Quiet(**data)


class KindsSchema(Schema):
    """Which kinds are wanted."""

    writing = Truth(load_default=True)
    preparation = Truth(load_default=True)
    commitment = Truth(load_default=True)
    measure = Truth(load_default=True)


class ReminderSettingsDraftSchema(Schema):
    """Which reminders are wanted, and when not."""

    example: ClassVar[dict[str, Any]] = {
        "kinds": {"writing": True, "preparation": True, "commitment": False, "measure": True},
        "quiet": {"since": "21:00", "until": "08:00"},
        "timezone": "America/Chicago",
    }
    patch_example: ClassVar[dict[str, Any]] = {"kinds": {"commitment": False}}

    kinds = fields.Nested(KindsSchema, required=True)
    quiet = fields.Nested(QuietSchema, required=True)
    timezone = Zone(allow_none=True, load_default=None)

    @post_load
    def to_draft(self, data: dict[str, Any], **_: Any) -> PreferencesDraft:
        """Make the use case's own value of it."""
        return PreferencesDraft(**data)


class ReminderSettingsSchema(Answer):
    """Which reminders are wanted, and when not; without any word of the patient's all, and the night is quiet."""

    example: ClassVar[dict[str, Any]] = {**ReminderSettingsDraftSchema.example, "version": 1}

    kinds = fields.Nested(KindsSchema, required=True)
    quiet = fields.Nested(QuietSchema, required=True)
    timezone = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, metadata={"description": "0: nothing was set yet."})


def words_of(scheduled: Scheduled) -> dict[str, str]:
    """Give the title and the body of a reminder in the reader's language; of several things, how many they are."""
    said, says = _wording()[language()], scheduled.reminder.says
    words = said[says] if scheduled.count == 1 else said.get(f"several.{says}", said[says])
    return {name: each.format(count=scheduled.count) for name, each in words.items()}


@cache
def _wording() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(WORDING.read_text("utf-8"))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
