"""The domain's few errors. They know nothing of HTTP; `web/problems.py` turns them into answers.

    IntegrationError
    ├── NotFound         there is no such record for this caller
    ├── NotAllowed       the caller sees it, but may not do this
    │   └── BeyondScope  the role may, the token may not
    ├── Unauthenticated  nobody we know is calling
    │   └── RunOut       with a token that was good once
    ├── Conflict         it clashes with what is stored
    ├── Stale            somebody changed the record in between
    ├── Expired          what was true when it was given out is too old now
    ├── Unreadable       it is there, but what is kept of it cannot be opened
    ├── TooMany          the caller has asked too often
    └── Invalid          the request says something impossible; lists every fault

No message holds anything that a patient or clinician wrote.
"""

from dataclasses import dataclass

from integration_api.wording import Sentence


class IntegrationError(Exception):
    """Something the caller can be told about, in words that are safe to show."""

    @property
    def sentence(self) -> str:
        """What to tell, as it was raised: a `Sentence` where it holds values."""
        return self.args[0] if self.args else ""


class NotFound(IntegrationError):
    """There is no such record for this caller, whether or not it exists."""


class NotAllowed(IntegrationError):
    """The caller may not do this."""


class BeyondScope(NotAllowed):
    """The caller might, but the token that it sent may not."""


class Unauthenticated(IntegrationError):
    """No token, or one that is not good."""


class RunOut(Unauthenticated):
    """A token that was good once, and so is no guess: it is too old, or what it stood for has ended."""


class Conflict(IntegrationError):
    """The request clashes with what is stored."""


class Stale(IntegrationError):
    """The record is not the one that the caller has seen."""


class Expired(IntegrationError):
    """A token that we gave out is no longer good; begin anew without it."""


class Unreadable(IntegrationError):
    """It is there, but the words that are kept of it cannot be opened: they were damaged where they lie."""

    def __init__(self) -> None:
        super().__init__(
            Sentence("Something kept here cannot be opened right now. It is still there. Please tell your clinic.")
        )


class TooMany(IntegrationError):
    """The caller has asked too often: more than `allowed` in a minute; in `seconds` there is room again."""

    def __init__(self, rate: str, allowed: int, seconds: int) -> None:
        super().__init__(
            Sentence.counted(
                "That was a lot at once. Please wait {n} second, then try again. Nothing that you have saved is lost.",
                "That was a lot at once. Please wait {n} seconds, then try again. Nothing that you have saved is lost.",
                seconds,
            )
        )
        self.rate, self.allowed, self.seconds = rate, allowed, seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (a JSON pointer into the body, or a parameter's name) and what."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Invalid(IntegrationError):
    """The request was understood but cannot be right."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(
            Sentence("Something in it cannot be right yet. Please look at what is named here. Nothing was changed.")
        )
        self.faults = faults

    @classmethod
    def at(cls, pointer: str, detail: str) -> "Invalid":
        """Say one fault of the body."""
        return cls(Fault(detail, pointer=pointer))
