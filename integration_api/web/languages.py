"""The languages that people are spoken to in, and which of them a request asks for."""

from flask import Response, after_this_request, request

LANGUAGES = ("en", "es")
DEFAULT = "en"


def language() -> str:
    """Give the language to answer in: the best of ours after `Accept-Language`, English where none of them is asked."""
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT


def told_in(spoken: str) -> None:
    """Say of the answer to come which language it is in, and that another may be had."""

    @after_this_request
    def say(answer: Response) -> Response:
        answer.headers["Content-Language"] = spoken
        answer.vary.add("Accept-Language")
        return answer
