"""The languages that people are spoken to in, and which of them a request asks for."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, after_this_request, g, has_request_context, request

LANGUAGES = ("en", "es")
DEFAULT = "en"


def language() -> str:
    """Give the language to answer in: the best of ours after `Accept-Language`, English where none of them is asked.

    Who asks for it is about to speak, so the answer will say which language it is in.
    """
    if has_request_context():
        g.is_spoken = True
    return preferred()


def preferred() -> str:
    """Give the same without saying anything in it; for keys of what is kept."""
    if not has_request_context():
        return DEFAULT
    forced = g.get("spoken_in")
    return str(forced or request.accept_languages.best_match(LANGUAGES) or DEFAULT)


def is_spoken() -> bool:
    """Tell whether anything of the answer at hand depends on the language."""
    return bool(g.get("is_spoken", False))


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """Speak another language for a while, whatever the request asks for."""
    before, g.spoken_in = g.get("spoken_in"), wanted
    try:
        yield
    finally:
        g.spoken_in = before


def mark(answer: Response) -> Response:
    """Say which language an answer is in, where it says anything to a person."""
    if is_spoken():
        answer.headers.setdefault("Content-Language", preferred())
    if "Content-Language" in answer.headers:
        answer.vary.add("Accept-Language")
    return answer


def register(app: Flask) -> None:
    """Mark every answer."""
    app.after_request(mark)


def told_in(spoken: str) -> None:
    """Say of the answer to come which language it is in, and that another may be had."""

    @after_this_request
    def say(answer: Response) -> Response:
        answer.headers["Content-Language"] = spoken
        return answer
