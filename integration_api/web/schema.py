"""The schema base and the fields that carry our conventions. Shape only, never the database."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

import marshmallow
from marshmallow import ValidationError, fields, post_dump, validate

from integration_api.wording import UNSEEN, Sentence, has_words
from nlp import load_taxonomy

UUID7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
# RFC 3339, 5.6: date and time to the second at least, with an offset. Case and "T" as the grammar has them.
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
# The same as it arrives where the + of an address was not escaped.
_MOMENT_WITH_SPACE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})? \d{2}:\d{2}")
# Control characters have no business in a person's words (tab and line ends do), and a surrogate alone is no
# character at all: neither can be stored everywhere, so they are refused rather than dropped.
UNSTORABLE = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ud800-\\udfff]"
_UNSTORABLE = re.compile(UNSTORABLE)
# As the contract says it: many engines have no surrogates in patterns, since no valid JSON has them in a string.
_REFUSED = UNSTORABLE[1:-1].replace("\\ud800-\\udfff", "")
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
FIRST_DAY, LAST_DAY = EARLIEST.date(), LATEST.date()


class Schema(marshmallow.Schema):
    """A body on the wire. Unknown fields are an error; the examples are shown in the contract, and tested."""

    example: ClassVar[dict[str, Any]] = {}
    patch_example: ClassVar[dict[str, Any]] = {}

    class Meta:
        """Refuse what we do not know."""

        unknown = marshmallow.RAISE


class Answer(Schema):
    """A body that we send. Clients read past fields that they do not know: there may be more of them one day."""

    class Meta:
        """Leave the contract open for what comes."""

        unknown = marshmallow.EXCLUDE


class WithWords(Answer):
    """An answer with words that are sealed where they are kept. Where they do not open, the answer says so.

    `words_in` names the attribute that has the row, where it is not the record itself.
    """

    words_in: ClassVar[str | None] = None

    is_unreadable = fields.Boolean(
        metadata={
            "description": "Only there where it is true: words of it cannot be opened right now, and are empty or null "
            "here. They are still kept. By itself it is answered 500, `unreadable`; it cannot be changed."
        }
    )

    @post_dump(pass_original=True)
    def say_what_is_missing(self, data: dict[str, Any], original: Any, **_: Any) -> dict[str, Any]:
        """Look at the row when its words have been asked for."""
        row = original if self.words_in is None else getattr(original, self.words_in)
        return data | {"is_unreadable": True} if getattr(row, "has_gaps", False) else data


class Derived(fields.Nested):
    """A part of an answer that is worked out from the record when it is shown."""

    def __init__(self, schema: type[Schema], make: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(schema, required=True, **kwargs)
        self._make = make

    def serialize(self, attr: str, obj: Any, accessor: Any = None, **kwargs: Any) -> Any:  # noqa: ARG002
        """Work the part out, and write it as its schema says."""
        found = self._make(obj)
        return None if found is None else self.schema.dump(found)


class _Storable(validate.Validator):
    """A rule for texts: no character in them that cannot be kept."""

    error = Sentence("Character {place} is {code}, which cannot be kept. Please take it out.")

    def __call__(self, text: str) -> str:
        found = _UNSTORABLE.search(text)
        if found:
            raise ValidationError(Sentence(self.error, place=found.start(), code=f"U+{ord(found[0]):04X}"))
        return text


class _Readable(validate.Validator):
    """A rule for words: there is something to see in them. Of empty ones their length says it."""

    error = Sentence("There are no words in it yet.")

    def __call__(self, text: str) -> str:
        if text and not has_words(text):
            raise ValidationError(self.error)
        return text


class Text(fields.String):
    """Words. Length in Unicode code points; control characters and lone surrogates are refused."""

    PATTERN = f"^[^{_REFUSED}]*$"

    def __init__(self, longest: int, *, shortest: int = 1, **kwargs: Any) -> None:
        metadata = {"pattern": self.PATTERN} | kwargs.pop("metadata", {})
        super().__init__(validate=[validate.Length(shortest, longest), _Storable()], metadata=metadata, **kwargs)


class Words(Text):
    """Words with something to read in them: white space, or what nobody sees, is refused where it stands alone."""

    # Of what nobody sees, what lies beyond U+FFFF is left to the rule: engines write such characters differently.
    PATTERN = f"^[^{_REFUSED}]*[^\\s{UNSEEN}{_REFUSED}][^{_REFUSED}]*$"

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(longest, **kwargs)
        self.validators.append(_Readable())


class Pattern(validate.Regexp):
    """A pattern as the contract means it: its `$` is the very end, and not before a last line end, as Python has it."""

    def __call__(self, value: Any) -> Any:
        """Refuse what does not fit as a whole."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Id(fields.UUID):
    """An id: a UUIDv7 in its canonical form."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": UUID7} | kwargs.pop("metadata", {})
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not re.fullmatch(UUID7[1:-1], value):
            raise ValidationError("Not a UUIDv7 in lower case.")
        return UUID(value)


class _OfOurTime(validate.Validator):
    """A rule for times and days: nobody's care lies outside these."""

    error = Sentence("The year must lie between 1900 and 2200.")

    def __init__(self, earliest: date, latest: date) -> None:
        self._earliest, self._latest = earliest, latest

    def __call__(self, said: Any) -> Any:
        if not self._earliest <= said <= self._latest:
            raise ValidationError(self.error)
        return said


class Moment(fields.DateTime):
    """A time with its offset, RFC 3339; answered in UTC unless the attribute carries another zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", validate=_OfOurTime(EARLIEST, LATEST), **kwargs)

    def _serialize(self, value: datetime | None, *args: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str) and _MOMENT_WITH_SPACE.fullmatch(value):
            raise ValidationError(
                "Before the offset there is a space in place of a sign. In an address, + is written %2B."
            )
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise ValidationError("Not an RFC 3339 time with an offset, such as 2026-03-01T21:15:00-05:00.")
        try:
            moment = datetime.fromisoformat(value.upper())
            moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("There is no such time.") from None
        return moment


class Day(fields.Date):
    """A calendar day, `YYYY-MM-DD`, of the years that a `Moment` may be of, unless told of earlier or later ones."""

    def __init__(self, *, earliest: date = FIRST_DAY, latest: date = LAST_DAY, **kwargs: Any) -> None:
        super().__init__(validate=_OfOurTime(earliest, latest), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValidationError("Not a day such as 1984-05-17.")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError("There is no such day.") from None


class Whole(fields.Integer):
    """A whole number within bounds; a JSON number, not a string or a boolean."""

    def __init__(self, lowest: int, highest: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(lowest, highest), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
            raise ValidationError("Not a whole number.")
        return int(value)


class Quantity(fields.Float):
    """A measured amount within bounds, kept to two decimals; a JSON number, not a string or a boolean."""

    def __init__(self, lowest: float, highest: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(lowest, highest), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Not a number.")
        if not -1e12 < value < 1e12:  # noqa: PLR2004  (an integer of any length is JSON)
            raise ValidationError("Not a number in this range.")
        return round(float(value), 2)


class Truth(fields.Boolean):
    """True or false; no number or word for it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Not true or false.")
        return value


class Choice(fields.String):
    """One of a few fixed words."""

    def __init__(self, choices: tuple[str, ...], **kwargs: Any) -> None:
        rule = validate.OneOf(choices if not kwargs.get("allow_none") else (*choices, None))
        rule.choices_text = ", ".join(choices)  # what is told to choose from: null is none of the words
        super().__init__(validate=rule, **kwargs)


def facet_name(**kwargs: Any) -> Choice:
    """Build a field that holds the name of a facet of the taxonomy."""
    return Choice(tuple(load_taxonomy().facets), **kwargs)


class ProblemFaultSchema(Answer):
    """One thing that is wrong with a request."""

    pointer = fields.String(metadata={"description": "JSON pointer into the body (RFC 6901)."})
    parameter = fields.String(metadata={"description": "The query parameter or header."})
    detail = fields.String(required=True)


class ProblemSchema(Answer):
    """What went wrong, RFC 9457. Never holds narrative text."""

    type = fields.String(required=True, metadata={"format": "uri"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemFaultSchema))
