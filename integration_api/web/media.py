"""Media types: what is refused is answered with what would do (RFC 9110, 15.5.7 and 15.5.16; RFC 5789, 2.2)."""

from typing import Any

from flask import request
from werkzeug.exceptions import NotAcceptable, UnsupportedMediaType

from integration_api.wording import Sentence

_ALSO_SAID_BY = {"PATCH": ("Accept-Patch",), "POST": ("Accept-Post",)}  # the latter: Linked Data Platform, 7.1


class NotTaken(UnsupportedMediaType):
    """415: the body is of another media type than those that are taken here."""

    def __init__(self, *taken: str) -> None:
        super().__init__()
        self._taken = ", ".join(taken)
        self.sentence = Sentence("Send the body as one of these media types: {types}.", types=self._taken)

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        """Name them to programs, too."""
        names = ("Accept", *_ALSO_SAID_BY.get(request.method, ()))
        return [*super().get_headers(*args, **kwargs), *((name, self._taken) for name in names)]


class NotGiven(NotAcceptable):
    """406: none of the media types that are asked for is given here."""

    def __init__(self, *given: str) -> None:
        super().__init__()
        self.sentence = Sentence("What is given here is of these media types: {types}.", types=", ".join(given))
